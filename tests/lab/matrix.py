#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every bad line, at length: bytes through Porthole both ways at once, exact, and what TCP makes of
the same line.

    tests/lab/matrix.py [MIB [AT-A-TIME]]      (normally by ./dev lab)
"""

import os
import sys
import threading
import time

import lab
import harness
import transfer

MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 32
AT_A_TIME = int(sys.argv[2]) if len(sys.argv) > 2 else 12
HOURS = 4 * 3600
HEAD = ('line', 'through', 'down Mbit/s', 'up Mbit/s', 'seconds', 'sent again', 'packets', 'lost',
        'bytes on the line')

LINES = {f'{loss:2} % {rtt:3} ms': {'loss_ppm': loss * 10000, 'delay_us': rtt * 500}
         for loss in (0, 1, 5, 10) for rtt in (0, 50, 150)}
LINES['reordering'] = {'reorder_ppm': 50000, 'late_us': 8000, 'duplicate_ppm': 20000,
                       'delay_us': 25000}
WAYS = os.environ.get('LAB_THROUGH', 'porthole cubic bbr').split()
LIMITS = {'rate_bps': 300000000, 'queue_bytes': 1000000}


def row(*cells):
    print(f'{cells[0]:14} {cells[1]:9}' + ''.join(f' {cell:>12}' for cell in cells[2:]),
          flush=True)


class Cell(harness.Case):
    """One line, and one way over it."""

    def __init__(self, name, through):
        super().__init__('runTest')
        self.name, self.through = name, through

    def id(self):
        return f'{self.name}, {self.through}'

    def runTest(self):
        pair = lab.Pair(self, **LIMITS, **LINES[self.name])
        data = os.urandom(MIB * harness.MIB)
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
        row(self.name, self.through, *(f'{flow.mbps:.2f}' for flow in flows), f'{seconds:.1f}',
            again if self.through != 'porthole' else '-', total('taken'), total('lost'),
            f'{total("taken_bytes") / (2 * MIB * harness.MIB):.3f}')


def main():
    reason = lab.why_not()
    if reason:
        sys.exit(reason)
    row(*HEAD)
    cells = [Cell(name, through) for through in WAYS for name in LINES]
    threading.stack_size(1 << 20)
    sys.exit(0 if lab.run_tests(cells, AT_A_TIME) else 1)


if __name__ == '__main__':
    main()
