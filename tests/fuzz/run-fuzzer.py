#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one fuzz target for FUZZ_SECONDS (default 5), from its seeds and what earlier runs found.

    run-fuzzer.py PROGRAM SEEDS          fuzz
    run-fuzzer.py PROGRAM SEEDS merge    add to the seeds what earlier runs have reached beyond them

What it learns is kept beside the program, in PROGRAM.corpus/, and grows; an input that breaks it is
left there as crash-…, to be given to the program as its only argument. Of that, seeds are the few
inputs that together reach every line that all of them reach. Words for SEEDS stand in SEEDS.dict
beside its folder (seeds/http, http.dict).
"""

import os
import pathlib
import sys

# A finding of any kind ends the run; leaks are looked for after each input that reaches new code.
CHECKS = {
    'ASAN_OPTIONS': 'detect_leaks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
}


def find_corpora(program, seeds):
    """The corpus that grows, and the seeds if there are any."""
    corpus = program.with_name(program.name + '.corpus')
    corpus.mkdir(exist_ok=True)
    return [str(corpus)] + ([str(seeds)] if seeds.is_dir() else [])


def fuzz(program, seeds):
    corpora = find_corpora(program, seeds)
    words = seeds.parent.with_name(seeds.name + '.dict')
    return ['-max_total_time=' + os.environ.get('FUZZ_SECONDS', '5'), '-timeout=20',
            '-rss_limit_mb=2048', '-print_final_stats=1',
            # Its own choice is 77, which means “skipped” to whoever runs tests.
            '-error_exitcode=1', '-timeout_exitcode=1', f'-artifact_prefix={corpora[0]}/',
            *([f'-dict={words}'] if words.exists() else []), *corpora]


def merge(program, seeds):
    seeds.mkdir(parents=True, exist_ok=True)
    return ['-set_cover_merge=1', '-use_counters=0', str(seeds), find_corpora(program, seeds)[0]]


def main():
    program, seeds = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    os.environ.update({name: value + ':' + os.environ.get(name, '')
                       for name, value in CHECKS.items()})
    arguments = merge(program, seeds) if sys.argv[3:] == ['merge'] else fuzz(program, seeds)
    os.execv(program, [str(program)] + arguments)


if __name__ == '__main__':
    main()
