#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valgrind around a program, and what it found: memory used wrongly or lost, descriptors left open.

Used as a program, `memory.py PROGRAM ARGUMENT…` runs one and fails if there was anything.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# GLib and its modules have main contexts of their own, for their threads and as the default one,
# which they never free. One that our code has made would have a line of our code there.
CONTEXT_OF_LIBRARY = re.compile(r'at \S+: eventfd .*\n.*\n.* g_main_context_new\S* .*\n.*'
                                r'(\(in /|: g_main_context_default )')
OPENED = re.compile(r'^Open (file descriptor|\w+ socket) \d+:')


def available():
    return shutil.which('valgrind') is not None


def command(folder):
    """What to put before a program so that its report comes into `folder`."""
    return ['valgrind', '--quiet', '--leak-check=full', '--show-leak-kinds=definite',
            '--errors-for-leak-kinds=definite', '--num-callers=30', '--track-fds=yes',
            f'--suppressions={HERE}/valgrind.supp', f'--log-file={folder}/%p.log']


def split_blocks(text):
    """The report's paragraphs, without the marks before each line."""
    text = re.sub(r'^(==|--)\d+(==|--) ?', '', text, flags=re.MULTILINE)
    return [block.strip() for block in re.split(r'\n\s*\n', text) if block.strip()]


def is_left_open(block):
    """Whether a descriptor that was open at the end is one that the program should have closed."""
    return '<inherited from parent>' not in block and not CONTEXT_OF_LIBRARY.search(block)


def is_fault(block):
    if block.startswith('FILE DESCRIPTORS:'):  # only how many; the first follows
        block = block.partition('\n')[2]
    if OPENED.match(block):
        return is_left_open(block)
    return block != ''


def faults(folder):
    """Everything that was found, as text; empty if all is well."""
    return [f'{log.name}: {block}' for log in sorted(pathlib.Path(folder).glob('*.log'))
            for block in split_blocks(log.read_text(encoding='utf-8', errors='replace'))
            if is_fault(block)]


def main():
    if not available():
        print('1..0 # SKIP valgrind is not installed')
        return 0
    with tempfile.TemporaryDirectory(prefix='porthole-memory-') as folder:
        status = subprocess.call(command(folder) + sys.argv[1:],
                                 env={**os.environ, 'G_SLICE': 'always-malloc'})
        found = faults(folder)
    for fault in found:
        print(fault, file=sys.stderr)
    if found:
        print(f'not ok - valgrind found {len(found)} faults')
    return status or (1 if found else 0)


if __name__ == '__main__':
    sys.exit(main())
