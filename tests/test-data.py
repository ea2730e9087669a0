#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what stands around the window: its desktop files, settings, icons and translations.
Prints TAP. What there is no tool for here is skipped.

    tests/test-data.py BUILD-FOLDER [root of the tree]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import potfiles

BUILD = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else __file__).resolve()
ROOT = ROOT if ROOT.is_dir() else ROOT.parent.parent
APP_ID = 'io.github.porthole.Porthole'

UI_FILES = sorted((ROOT / 'ui').glob('*.ui'))
C_FILES = sorted((ROOT / 'src').rglob('*.[ch]'))
ACTION_ICONS = ROOT / 'data/icons/hicolor/scalable/actions'

# The languages that are to have every text; others may be on their way.
COMPLETE = {'zh_TW'}
# As meson's preset “glib” has it, which writes the template that translators get.
XGETTEXT = ['xgettext', '--from-code=UTF-8', '--add-comments', '--keyword=_', '--keyword=N_',
            '--keyword=C_:1c,2', '--keyword=NC_:1c,2', '--keyword=g_dngettext:2,3']
# A name with a “%” in it is put together while the program runs.
ICON_IN_C = re.compile(r'"([a-z0-9-]+-symbolic)"|\w*icon_name \([^;"]*"([^"%]+)"|'
                       r'"(?:\w+-)?icon-name", "([^"%]+)"|themed_icon_new \("([^"%]+)"')


class Skip(Exception):
    """What a check needs is not here."""


def relative(path):
    return path.relative_to(ROOT).as_posix()


def run(*command, **env):
    """What a program says, both ways, and whether it was content."""
    if shutil.which(command[0]) is None:
        raise Skip(f'{command[0]} is missing')
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=60,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8', **env})
    return done.stdout, done.returncode == 0


def complaints(*command):
    """What a program that checks something does not like."""
    said, is_content = run(*command)
    return [] if is_content else said.splitlines() or [f'{command[0]} failed']


def built(name):
    path = BUILD / 'data' / name
    if not path.is_file():
        raise Skip(f'{name} is not built here')
    return path


def check_desktop_file():
    """The desktop entry is valid"""
    return complaints('desktop-file-validate', built(f'{APP_ID}.desktop'))


def check_metainfo():
    """The page for software centres is valid"""
    return complaints('appstreamcli', 'validate', '--no-net', built(f'{APP_ID}.metainfo.xml'))


def check_release():
    """The newest release in the metainfo is the version that is built"""
    metainfo = ElementTree.parse(ROOT / 'data' / f'{APP_ID}.metainfo.xml.in')
    newest = metainfo.find('releases/release').get('version')
    version = re.search(r"version: '([^']+)'", (ROOT / 'meson.build').read_text()).group(1)
    if newest != version:
        yield f'{newest} is told of, {version} is built'


def check_schemas():
    """The settings' schema is valid"""
    return complaints('glib-compile-schemas', '--strict', '--dry-run', ROOT / 'data')


def check_settings():
    """Every setting says in words what it is"""
    for key in ElementTree.parse(ROOT / 'data' / f'{APP_ID}.gschema.xml').iter('key'):
        if not (key.findtext('summary') and key.findtext('description')):
            yield key.get('name')


def listed(resource):
    return {element.text for element in ElementTree.parse(resource).iter('file')}


def check_resources():
    """Every template and every icon is in the program"""
    for folder, pattern, resource in (
            (ROOT / 'ui', '*.ui', ROOT / 'ui/porthole.gresource.xml'),
            (ACTION_ICONS, '*.svg', ROOT / 'data/icons/porthole-icons.gresource.xml')):
        for name in {path.name for path in folder.glob(pattern)} - listed(resource):
            yield f'{name} is not in {relative(resource)}'


def check_symbolic():
    """Every symbolic icon is one filled path, which is what GTK can give another colour"""
    for path in sorted((ROOT / 'data/icons').rglob('*-symbolic.svg')):
        drawn = [element for element in ElementTree.parse(path).getroot().iter()
                 if not element.tag.endswith('}svg')]
        if len(drawn) != 1 or not drawn[0].tag.endswith('}path') or 'stroke' in drawn[0].attrib:
            yield relative(path)


def icons_in_ui(path):
    for element in ElementTree.parse(path).iter():
        name = element.get('name', '')
        if element.tag == 'property' and re.fullmatch(r'(.*-)?icon-name', name) or \
                element.tag == 'attribute' and name in ('icon', 'verb-icon'):
            yield (element.text or '').strip()


def icons_in_c(path):
    for match in ICON_IN_C.finditer(path.read_text(encoding='utf-8')):
        yield next(name for name in match.groups() if name)


def icons_there_are():
    folders = [pathlib.Path(folder) / 'icons/Adwaita' for folder in
               (os.environ.get('XDG_DATA_DIRS') or '/usr/local/share:/usr/share').split(':')]
    adwaita = [path for folder in folders for path in folder.rglob('*.svg')]
    if not adwaita:
        raise Skip('adwaita-icon-theme is missing')
    return {path.stem for path in [*adwaita, *(ROOT / 'data/icons').rglob('*.svg')]}


def check_icons():
    """Every icon that is named is Adwaita's or ours"""
    there = icons_there_are()
    for path in UI_FILES + [path for path in C_FILES if relative(path).startswith('src/app/')]:
        names = icons_in_ui(path) if path.suffix == '.ui' else icons_in_c(path)
        for name in sorted(set(names) - there - {''}):
            yield f'{relative(path)}: “{name}”'


def check_kinds():
    """Every kind of service has its icon"""
    table = re.search(r'kind_words\[.*?\};', (ROOT / 'src/core/ph-known-port.c').read_text(),
                      re.DOTALL)
    for word in re.findall(r'"(\w+)"', table.group()):
        if not (ACTION_ICONS / f'ph-{word}-symbolic.svg').is_file():
            yield word


def lines_of(name):
    lines = (ROOT / 'po' / name).read_text(encoding='utf-8').splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def check_potfiles():
    """po/POTFILES has just the files with texts to translate, in order (./dev po)"""
    wanted, found = potfiles.potfiles(ROOT), lines_of('POTFILES')
    yield from (f'{name} is missing' for name in wanted if name not in found)
    yield from (f'{name} has no such texts' for name in found if name not in wanted)
    if found != sorted(set(found)):
        yield 'its lines are not in order, or twice there'


def check_linguas():
    """po/LINGUAS has just the languages there are"""
    return sorted({path.stem for path in (ROOT / 'po').glob('*.po')} ^ set(lines_of('LINGUAS')))


def check_translations():
    """Every translation is well made"""
    for language in lines_of('LINGUAS'):
        yield from complaints('msgfmt', '--check', '-o', os.devnull, f'po/{language}.po')


def texts_left(catalogue, kind):
    """The texts of a catalogue that are of a kind, a line each."""
    said, _ = run('msgattrib', f'--{kind}', '--no-obsolete', '--no-wrap', catalogue)
    return re.findall(r'^msgid (".+")$|^msgid ""\n(".+"$)', said, re.MULTILINE)


def check_complete():
    """Every text is translated (./dev po tells the translators what is new)"""
    with tempfile.TemporaryDirectory() as folder:
        template, merged = f'{folder}/porthole.pot', f'{folder}/merged.po'
        yield from complaints(*XGETTEXT, '--files-from=po/POTFILES', '-o', template)
        for language in sorted(COMPLETE):
            yield from complaints('msgmerge', '--quiet', '--no-fuzzy-matching', '-o', merged,
                                  f'po/{language}.po', template)
            for kind in ('untranslated', 'only-fuzzy'):
                for text in texts_left(merged, kind):
                    yield f'{language}: {kind}: {"".join(text)}'


def check_speaks():
    """The window's program speaks each language"""
    program = BUILD / 'src/app/porthole-gtk'
    if not program.is_file():
        raise Skip('porthole-gtk is not built here')
    for language in lines_of('LINGUAS'):
        text = (ROOT / 'po' / f'{language}.po').read_text(encoding='utf-8')
        wanted = re.search(r'^msgid "Print the version"\nmsgstr "(.+)"$', text, re.MULTILINE)
        said, _ = run(program, '--help', LANGUAGE=language, PORTHOLE_LOCALE_DIR=str(BUILD / 'po'))
        if wanted is None or wanted.group(1) not in said:
            yield from (f'{language}:', *said.splitlines())


CHECKS = [check_desktop_file, check_metainfo, check_release, check_schemas, check_settings,
          check_resources, check_symbolic, check_icons, check_kinds, check_potfiles,
          check_linguas, check_translations, check_complete, check_speaks]


def report(number, check):
    """Says whether a check is met, and returns that."""
    try:
        problems = list(check())
    except Skip as reason:
        print(f'ok {number} - {check.__doc__} # SKIP {reason}', flush=True)
        return True
    print(f'{"not ok" if problems else "ok"} {number} - {check.__doc__}', flush=True)
    for problem in problems:
        print(f'#   {problem}', file=sys.stderr, flush=True)
    return not problems


def main():
    print(f'1..{len(CHECKS)}')
    met = [report(number, check) for number, check in enumerate(CHECKS, 1)]
    return 0 if all(met) else 1


if __name__ == '__main__':
    sys.exit(main())
