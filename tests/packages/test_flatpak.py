#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flatpak, installed without any remote for one user, run in its sandbox, and removed.

    PORTHOLE_FLATPAK   the bundle of the app
    PORTHOLE_RUNTIME   the bundle of the runtime it needs
    PORTHOLE_ZIP       the portable zip, which meets the Flatpak where it is there
"""

import hashlib
import os
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/gui'))

import desktop  # noqa: E402
import harness  # noqa: E402
import people  # noqa: E402
import services  # noqa: E402

APP = 'io.github.porthole.Porthole'
BUNDLE, RUNTIME, ZIP = (os.environ.get(name, '') for name in
                        ('PORTHOLE_FLATPAK', 'PORTHOLE_RUNTIME', 'PORTHOLE_ZIP'))
VERSION = re.search(r"version: '(.*)'", (ROOT / 'meson.build').read_text(encoding='utf-8')).group(1)
WORDS = re.compile(r'(.*) Wants to Join')


def parents(pid):
    """The processes that a process comes from, it itself first."""
    while pid > 1:
        yield pid
        try:
            status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
        except OSError:
            return
        pid = int(re.search(r'^PPid:\s*(\d+)', status, re.MULTILINE).group(1))


class SandboxedApp(desktop.App):
    """The window in its sandbox. It has an environment as a desktop gives it, so that nothing here
    makes up for what the sandbox lacks."""

    def own_environment(self, home):
        env = super().own_environment(home)
        settings = pathlib.Path(home) / f'.var/app/{APP}/config/gtk-4.0/settings.ini'
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(desktop.GTK_SETTINGS, encoding='utf-8')
        return {name: value for name, value in env.items()
                if not name.startswith(('GDK', 'GSK', 'GTK', 'GSETTINGS', 'GIO', 'ADW'))}

    def has_process(self, pid):
        """A proxy that `flatpak run` starts speaks for it."""
        return self.child.pid in parents(pid)

    def x_windows(self):
        """Processes have numbers of their own in there; but windows tell a name on the bus."""
        return [number for number in run_xdotool() if self.has_process(self.process_of(number))]

    def process_of(self, number):
        name = re.search('"(.*)"', desktop.run('xprop', '-id', number, '_GTK_UNIQUE_BUS_NAME'))
        return self.desktop.process_of(name.group(1)) if name else 0


def run_xdotool():
    return desktop.run('xdotool', 'search', '--onlyvisible', '--name', '.').split()


if __name__ == '__main__':
    desktop.main()
