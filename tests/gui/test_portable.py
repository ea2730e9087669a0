#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with the program and a file `portable`: all that is kept is in it."""

import pathlib
import re
import shutil

import desktop
import people

LAUNCHER = '''#!/bin/sh
unset GSETTINGS_BACKEND GSETTINGS_SCHEMA_DIR
exec "{folder}/porthole-gtk" "$@"
'''


def look(folder):
    """Every file below a folder, and what stands in it."""
    return {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


class Portable(people.Case):
    def pack(self):
        folder = self.folder / 'stick'
        schemas = folder / 'share' / 'glib-2.0' / 'schemas'
        schemas.mkdir(parents=True)
        shutil.copy(desktop.PORTHOLE_GTK, folder / 'porthole-gtk')
        shutil.copy(pathlib.Path(desktop.SCHEMAS) / 'gschemas.compiled', schemas)
        (folder / 'portable').touch()
        settings = folder / 'data' / 'config' / 'gtk-4.0' / 'settings.ini'
        settings.parent.mkdir(parents=True)
        settings.write_text(desktop.GTK_SETTINGS, encoding='utf-8')
        launcher = self.folder / 'launcher'
        launcher.write_text(LAUNCHER.format(folder=folder), encoding='utf-8')
        launcher.chmod(0o755)
        return folder, launcher

    def test_portable(self):
        """A session is kept and a setting changed: home is as it was, and the folder has it all"""
        folder, launcher = self.pack()
        packed = look(folder)
        app = self.start_app(home='Ann', program=launcher)
        before = look(self.folder / 'Ann')
        window = app.window()
        app.resize(window, 700, 650)
        window.button('Create Session').click()
        window.label('Waiting for someone to join')
        window.switch('Keep This Code').turn(True)
        link = self.copy_link(window)
        self.assertEqual(app.quit(), 0)
        self.assertEqual(look(self.folder / 'Ann'), before)
        kept = {path: data for path, data in look(folder).items() if path not in packed}
        self.assertTrue(all(folder / 'data' in path.parents for path in kept), kept.keys())
        for words in (b'window-width=', link.rpartition('#')[2].encode()):
            self.assertTrue(any(words in data for data in kept.values()), (words, kept))

        app = self.start_app(home='Ann', program=launcher)
        window = app.window()
        self.assertEqual(window.extents()[2:], (700, 650))
        window.find('list', 'Saved').find('list item').click()
        window.label('Waiting for someone to join')
        code = re.compile(re.escape(link.rpartition('/')[2]) + '$')
        window.label(code)
        self.assertEqual(app.quit(), 0)
        self.assertEqual(look(self.folder / 'Ann'), before)


if __name__ == '__main__':
    desktop.main()
