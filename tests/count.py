#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what really ran, and ends with one line: N passed, N failed, N skipped.

    count.py BROKEN TESTLOG…

BROKEN is the number of steps that failed outside any test; each TESTLOG is meson's testlog.json. A
test that prints TAP counts once for each of its cases, any other counts once.
"""

import json
import re
import sys

CASE = re.compile(r'^(not ok|ok)\b(?:(?!# SKIP).)*(# SKIP)?', re.IGNORECASE)
PLAN = re.compile(r'^1\.\.(\d+)')
PASSED, SKIPPED = ('OK', 'EXPECTEDFAIL'), ('SKIP',)


def count(test):
    """(passed, failed, skipped, names of what failed) of one line of the log."""
    lines = (test.get('stdout') or '').splitlines()
    cases = [(match, line) for line in lines if (match := CASE.match(line))]
    if not any(map(PLAN.match, lines)):
        cases = []
    bad = [line for match, line in cases if match.group(1).lower() == 'not ok']
    skipped = sum(match.group(2) is not None and match.group(1).lower() == 'ok'
                  for match, _ in cases)
    if not cases:
        if test['result'] in SKIPPED:
            return 0, 0, 1, []
        good = test['result'] in PASSED
        return int(good), int(not good), 0, [] if good else [test['result']]
    if test['result'] not in PASSED + SKIPPED and not bad:
        bad = [f'{test["result"]} (it did not run to its end)']
    passed = sum(match.group(1).lower() == 'ok' for match, _ in cases) - skipped
    return passed, len(bad), skipped, bad


def main():
    failed = int(sys.argv[1])
    passed = skipped = 0
    for path in sys.argv[2:]:
        with open(path, encoding='utf-8') as log:
            for test in map(json.loads, log):
                counts = count(test)
                passed, failed, skipped = (a + b for a, b in
                                           zip((passed, failed, skipped), counts))
                for line in counts[3]:
                    print(f'failed: {path.split("/")[0]}: {test["name"]}: {line}')
    sys.stderr.flush()
    print(f'{passed} passed, {failed} failed, {skipped} skipped', flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == '__main__':
    main()
