#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files have texts to translate: what po/POTFILES is made from, and checked against.

    tests/potfiles.py [root of the tree]
"""

import pathlib
import re
import sys

MARKED_IN_C = re.compile(r'(?<!\w)(_|N_|C_|NC_|ngettext|g_dngettext)\s*\(\s*(\w+,\s*)?"')
MARKED_IN_UI = re.compile(r'translatable="(yes|true|1)"')
# The desktop's own files: all that gettext reads is marked by being there.
ABOUT = ('*.desktop.in', '*.gschema.xml', '*.metainfo.xml.in')


def potfiles(root):
    """Their names, in order."""
    marked = [*((path, MARKED_IN_UI) for path in (root / 'ui').glob('*.ui')),
              *((path, MARKED_IN_C) for path in (root / 'src').rglob('*.[ch]'))]
    found = {path for path, mark in marked if mark.search(path.read_text(encoding='utf-8'))}
    for pattern in ABOUT:
        found.update((root / 'data').glob(pattern))
    return sorted(path.relative_to(root).as_posix() for path in found)


if __name__ == '__main__':
    print('\n'.join(potfiles(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else '.').resolve())))
