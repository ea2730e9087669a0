#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the functions of a C tree are, in lines from brace to brace.

Run by itself it prints the median, the 90th percentile and the longest ones:
    tests/functions.py [folder]
"""

import pathlib
import re
import statistics
import sys

# The line that names the function stands above its "{": "ph_fifo_push (PhFifo *fifo, …".
NAME = re.compile(r'^(\w+) \(')


def functions(path):
    """Yields (name, first line, number of lines) of each function defined in a file."""
    name, start = None, None
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        named = NAME.match(line)
        if named:
            name = named.group(1)
        elif line == '{':
            start = number
        elif line.startswith('}') and start is not None:
            # A type ends in "};" or "} Name;", a function in "}" alone.
            if line == '}' and name is not None:
                yield name, start, number - start + 1
            name, start = None, None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else 'src')
    found = [(lines, path, start, name)
             for path in sorted(root.rglob('*.c')) for name, start, lines in functions(path)]
    if not found:
        print(f'no functions in {root}')
        return
    lengths = sorted(entry[0] for entry in found)
    p90 = lengths[max(0, -(-len(lengths) * 9 // 10) - 1)]
    print(f'{len(found)} functions in {root}: median {statistics.median(lengths):g} lines, '
          f'90th percentile {p90}, longest {lengths[-1]}')
    for lines, path, start, name in sorted(found, key=lambda entry: -entry[0])[:8]:
        print(f'{lines:5} {path}:{start} {name}')


if __name__ == '__main__':
    main()
