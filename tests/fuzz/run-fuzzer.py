#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one fuzz target for FUZZ_SECONDS (default 5), from its seeds and what earlier runs found.

    run-fuzzer.py PROGRAM SEEDS

What it learns is kept beside the program, in PROGRAM.corpus/; an input that breaks it is left there
as crash-…, to be given to the program as its only argument.
"""

import os
import pathlib
import sys


def main():
    program, seeds = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    corpus = program.with_name(program.name + '.corpus')
    corpus.mkdir(exist_ok=True)
    seconds = os.environ.get('FUZZ_SECONDS', '5')
    arguments = [f'-max_total_time={seconds}', '-timeout=10', '-rss_limit_mb=2048',
                 '-max_len=70000', f'-artifact_prefix={corpus}/', str(corpus)]
    if seeds.is_dir():
        arguments.append(str(seeds))
    os.execv(program, [str(program)] + arguments)


if __name__ == '__main__':
    main()
