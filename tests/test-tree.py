#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the tree itself: what a reviewer would otherwise have to look for. Prints TAP.

    tests/test-tree.py [root of the tree]
"""

import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys

import functions

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
ROOT = ROOT if ROOT.is_dir() else ROOT.parent.parent

# What each folder below src/ may include besides itself.
LAYERS = {
    'core': set(),
    'tunnel': {'core'},
    'transport': {'core'},
    'signaling': {'core'},
    'session': {'core', 'tunnel', 'transport', 'signaling'},
    'cli': {'core', 'tunnel', 'transport', 'signaling', 'session'},
    'server': {'core', 'signaling'},
    'manual': {'core', 'cli', 'server'},
    'app': {'core', 'session'},
}

# Everything a portable file may include in angle brackets; all else belongs into *-unix.c,
# *-linux.c or *-windows.c.
C_HEADERS = {f'{name}.h' for name in (
    'assert ctype errno float inttypes limits locale math signal stdarg stdatomic stdbool stddef '
    'stdint stdio stdlib string time').split()}
COMPILER_HEADERS = {'immintrin.h', 'nmmintrin.h', 'x86intrin.h', 'arm_acle.h'}
LIBRARY_HEADERS = re.compile(
    r'glib\.h|glib-object\.h|glib/g(i18n|i18n-lib|stdio|printf)\.h|gio/(gio|gnetworking)\.h|'
    r'json-glib/json-glib\.h|libsoup/soup\.h|gnutls/\w+\.h|nice/\w+\.h|'
    r'stun/(\w+/)*\w+\.h|usrsctp\.h')
GTK_HEADERS = re.compile(r'gtk/gtk\.h|adwaita\.h|qrcodegen/qrcodegen\.h|libsecret/secret\.h')
PLATFORM_FILE = re.compile(r'-(unix|linux|windows)\.[ch]$')

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# These always mean the default main context, which only the windows run on.
DEFAULT_CONTEXT = re.compile(
    r'\b(g_idle_add\w*|g_timeout_add\w*|g_source_remove\w*|g_child_watch_add\w*|g_io_add_watch\w*|'
    r'g_unix_signal_add\w*|g_unix_fd_add\w*)\s*\(')
SLEEP = re.compile(r'\b(g_usleep|usleep|nanosleep|time\.sleep|sleep)\s*\(|^\s*sleep\s+[\d.$]',
                   re.MULTILINE)
LEFT_FOR_LATER = re.compile(r'\b(%s)\b' % '|'.join(['TO' 'DO', 'FIX' 'ME', 'XX' 'X', 'HA' 'CK']))
LONGEST_FUNCTION = 60
LONGEST_LINE = 100
CLANG_FORMAT_MAJOR = 14  # others break some lines elsewhere


def tree_files():
    """Every file that belongs to the tree: git's own list, else what lies there."""
    listed = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others',
                             '--exclude-standard'], capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split('\0')
        return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if not f.startswith(('build', '.git', '__pycache__'))]
        found += [pathlib.Path(folder) / name for name in names]
    return sorted(found)


def relative(path):
    return path.relative_to(ROOT).as_posix()


def is_script(path):
    with path.open('rb') as stream:
        return stream.read(2) == b'#!'


def is_makefile(path):
    return TEXT[path].partition('\n')[0].endswith('make -f')


FILES = tree_files()
C_FILES = [path for path in FILES if path.suffix in ('.c', '.h')]
SRC_FILES = [path for path in C_FILES if relative(path).startswith('src/')]
SCRIPTS = [path for path in FILES if path.suffix == '.py' or is_script(path)]
CODE = sorted(set(C_FILES + SCRIPTS))
TEXT = {path: path.read_text(encoding='utf-8') for path in CODE}


def find(pattern, paths):
    """Where a pattern occurs, as "file:line: match"."""
    for path in paths:
        for match in pattern.finditer(TEXT[path]):
            line = TEXT[path].count('\n', 0, match.start()) + 1
            yield f'{relative(path)}:{line}: {match.group().strip()}'


def includes(path):
    return INCLUDE.findall(TEXT[path])


def check_system_headers():
    """Headers of one system stand only in files named after it"""
    for path in C_FILES:
        if PLATFORM_FILE.search(path.name):
            continue
        for kind, name in includes(path):
            if kind == '"' or name in C_HEADERS or name in COMPILER_HEADERS:
                continue
            if LIBRARY_HEADERS.fullmatch(name):
                continue
            if GTK_HEADERS.fullmatch(name) and relative(path).startswith('src/app/'):
                continue
            yield f'{relative(path)}: <{name}>'


def check_layers():
    """Each layer includes only what stands below it"""
    for path in SRC_FILES:
        folder = path.relative_to(ROOT / 'src').parts[0]
        if folder not in LAYERS:
            yield f'{relative(path)}: src/{folder} is no layer'
            continue
        for kind, name in includes(path):
            if kind == '<':
                continue
            target = name.split('/')[0] if '/' in name else folder
            if target != folder and target not in LAYERS[folder]:
                yield f'{relative(path)}: {folder} may not include "{name}"'
            elif not (ROOT / 'src' / name if '/' in name else path.parent / name).is_file() \
                    and name not in ('config.h', 'ph-config.h'):
                yield f'{relative(path)}: "{name}" is not in the tree'


def check_default_context():
    """Nothing outside the windows touches the default main context"""
    return find(DEFAULT_CONTEXT, [p for p in C_FILES if not relative(p).startswith('src/app/')])


def check_licence():
    """Every source file names its licence at its top"""
    for path in CODE:
        if 'SPDX-License-Identifier: GPL-3.0-or-later' not in '\n'.join(
                TEXT[path].splitlines()[:3]):
            yield relative(path)


def check_header_guards():
    """Every header is read once"""
    return (relative(path) for path in C_FILES
            if path.suffix == '.h' and '#pragma once' not in TEXT[path])


def check_function_length():
    """No function is longer than a screen"""
    for path in C_FILES:
        for name, line, lines in functions.functions(path):
            if lines > LONGEST_FUNCTION:
                yield f'{relative(path)}:{line}: {name} has {lines} lines'


def check_left_for_later():
    """Nothing is left for later"""
    return find(LEFT_FOR_LATER, CODE)


def check_sleeps():
    """Nothing sleeps: conditions are waited for"""
    return find(SLEEP, CODE)


def check_white_space():
    """Lines end where their text ends, are no longer than a screen, and have no tabs"""
    for path in CODE:
        if not TEXT[path].endswith('\n') or TEXT[path].endswith('\n\n'):
            yield f'{relative(path)}: does not end in one newline'
        for number, line in enumerate(TEXT[path].splitlines(), 1):
            indented = line.removeprefix('\t') if is_makefile(path) else line
            if line != line.rstrip() or '\t' in indented or '\r' in line:
                yield f'{relative(path)}:{number}: white space'
            if len(line) > LONGEST_LINE:
                yield f'{relative(path)}:{number}: {len(line)} characters'


def check_scripts():
    """Every script is executable, if it is to be run, and parses"""
    for path in SCRIPTS:
        if is_script(path) and not os.access(path, os.X_OK):
            yield f'{relative(path)}: is not executable'
        if path.suffix == '.py' or 'python' in TEXT[path].splitlines()[0]:
            try:
                ast.parse(TEXT[path])
            except SyntaxError as error:
                yield f'{relative(path)}:{error.lineno}: {error.msg}'
        elif shutil.which('bash') and not is_makefile(path):
            parsed = subprocess.run(['bash', '-n', path], capture_output=True, text=True,
                                    check=False)
            if parsed.returncode != 0:
                yield parsed.stderr.strip()


def check_tests_listed():
    """Every unit test in tests/ is built"""
    build = (ROOT / 'tests' / 'meson.build').read_text(encoding='utf-8')
    for path in (ROOT / 'tests').glob('test-*.c'):
        name = path.stem.removeprefix('test-')
        if f"'{name}'" not in build and f"'{path.name}'" not in build:
            yield f'{relative(path)}: is not in tests/meson.build'


def clang_format():
    """The formatter, if the one that the tree is formatted with is here."""
    for name in (f'clang-format-{CLANG_FORMAT_MAJOR}', 'clang-format'):
        program = shutil.which(name)
        if program is None:
            continue
        version = subprocess.run([program, '--version'], capture_output=True, text=True,
                                 check=False)
        if re.search(rf'version {CLANG_FORMAT_MAJOR}\.', version.stdout):
            return program
    return None


def check_format():
    """Every C file is as clang-format leaves it (./dev format)"""
    # All of them in one call: starting it takes far longer than what it does to a file.
    run = subprocess.run([clang_format(), '--dry-run', '--Werror', *C_FILES], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    badly = {match.group(1) for match in re.finditer(r'^(.+?):\d+:\d+: error: ', run.stderr, re.M)}
    yield from sorted(relative(pathlib.Path(name)) for name in badly)
    if run.returncode != 0 and not badly:
        yield run.stderr.strip() or f'clang-format ended with {run.returncode}'


CHECKS = [check_system_headers, check_layers, check_default_context, check_licence,
          check_header_guards, check_function_length, check_left_for_later, check_sleeps,
          check_white_space, check_scripts, check_tests_listed, check_format]


def main():
    failed = False
    print(f'1..{len(CHECKS)}')
    for number, check in enumerate(CHECKS, 1):
        name = check.__doc__
        if check is check_format and clang_format() is None:
            print(f'ok {number} - {name} # SKIP no clang-format {CLANG_FORMAT_MAJOR}')
            continue
        problems = list(check())
        print(f'{"not ok" if problems else "ok"} {number} - {name}', flush=True)
        for problem in problems:
            print(f'#   {problem}', file=sys.stderr, flush=True)
        failed = failed or bool(problems)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
