#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad lines at length: bytes through Porthole both ways at once, exact, and what TCP makes of the
same line; then how long it takes to connect.

    tests/lab/matrix.py [MIB [AT-A-TIME]]      (normally by ./dev lab)

    LAB_THROUGH  what to send through (default: “porthole cubic bbr”)
"""

import os
import sys
import time

import lab
import harness
import services
import transfer

HOURS = 4 * 3600
MEETINGS = 50
LINES = {f'{loss:2} % {rtt:3} ms': {'loss_ppm': loss * 10000, 'delay_us': rtt * 500}
         for loss in (0, 1, 5, 10) for rtt in (0, 50, 150)}
LINES['reordering'] = {'reorder_ppm': 50000, 'late_us': 8000, 'duplicate_ppm': 20000,
                       'delay_us': 25000}
LIMITS = {'rate_bps': 300000000, 'queue_bytes': 1000000}
WORST = LINES['10 % 150 ms']
HEAD = ('down Mbit/s', 'up Mbit/s', 'seconds', 'sent again', 'packets', 'lost', 'overflowed',
        'bytes a byte')


class Quiet(harness.TapResult):
    """Says nothing but what went wrong."""

    def stopTest(self, test):
        if self.problems:
            super().stopTest(test)


def row(line, through, cells):
    print(f'{line:12} {through:9}' + ''.join(f'{cell:>13}' for cell in cells), flush=True)


class Cell(harness.Case):
    """One line, and one way over it."""

    def __init__(self, size, line, through):
        super().__init__('carry')
        self.size, self.line, self.through = size, line, through

    def carry(self):
        pair = lab.Pair(self, **LIMITS, **LINES[self.line])
        data = os.urandom(self.size)
        began = time.monotonic()
        if self.through == 'porthole':
            flows = transfer.through_porthole(self, pair, data, HOURS)[1]
        else:
            flows = transfer.without_porthole(self, pair, data, self.through, HOURS)
        self.tell(flows, time.monotonic() - began, pair.line.counters().values())

    def tell(self, flows, seconds, counters):
        def total(name):
            return sum(way[name] for way in counters)
        again = sum(flow.retransmissions for flow in flows)
        row(self.line, self.through,
            [f'{flow.mbps:.2f}' for flow in flows] +
            [f'{seconds:.1f}', '-' if self.through == 'porthole' else again, total('taken'),
             total('lost'), total('overflowed'), f'{total("taken_bytes") / (2 * self.size):.3f}'])


class Meeting(harness.Case):
    """A Client that joins over the worst line; `seconds` gets how long it took."""

    def __init__(self, seed, seconds):
        super().__init__('meet')
        self.seed, self.seconds = seed, seconds

    def meet(self):
        pair = lab.Pair(self, seed=self.seed, **LIMITS, **WORST)
        with pair.a.inside():
            echo = services.start_service(self, services.echo)
        session = transfer.Session(self, pair, echo)
        self.seconds.append(session.seconds)


def main():
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    at_a_time = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    reason = lab.why_not()
    if reason:
        sys.exit(reason)
    row('line', 'through', HEAD)
    ways = os.environ.get('LAB_THROUGH', 'porthole cubic bbr').split()
    cells = [Cell(mib * harness.MIB, line, way) for way in ways for line in reversed(LINES)]
    seconds = []
    meetings = [Meeting(seed, seconds) for seed in range(1, MEETINGS + 1)]
    good = harness.run_tests(cells, at_a_time, Quiet)
    good = harness.run_tests(meetings, at_a_time, Quiet) and good
    seconds = sorted(seconds) or [0]
    print(f'{len(seconds)} of {MEETINGS} connected at 10 % and 150 ms, in '
          f'{seconds[len(seconds) // 2]:.1f} s (median), {seconds[-1]:.1f} s (longest)')
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
