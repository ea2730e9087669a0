# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads: applications by the thousand, the service they talk to, and what they leave behind."""

import contextlib
import os
import pathlib
import re
import resource

import harness

FOLDER = pathlib.Path(os.environ.get('LOAD_PROGRAMS', harness.ROOT / 'build/tests/loads'))

# Sanitizers keep what was freed, to find who uses it.
SANITIZED = 'ASAN_OPTIONS' in os.environ


class Echo(harness.Process):
    """An echo for thousands of connections; an endpoint like those of services.py."""

    def __init__(self):
        super().__init__([FOLDER / 'load-echo'])
        self.address, self.port = '127.0.0.1', int(self.expect_line(r'^\d+$').group())
        self.endpoint = harness.endpoint(self.address, self.port)

    def count(self):
        """How many connections are open, how many ever came, and how many of them were reset."""
        asked = len(self.out)
        self.command('count')
        line = self.wait_for(lambda: self.out[asked] if len(self.out) > asked else None,
                             'a count', 60)
        return tuple(map(int, re.findall(r'\d+', line)))


class Applications(harness.Process):
    """Connections by the thousand to `address`, each with bytes that are checked."""

    def __init__(self, address):
        super().__init__([FOLDER / 'load', *address],
                         dict(os.environ, LOAD_PATIENCE=str(int(60 * harness.SCALE))))

    def do(self, command, seconds=120):
        """Gives a command (load-linux.c has them) and returns the seconds it took."""
        return self.begin(command)(seconds)

    def begin(self, command):
        """Gives a command; what is returned waits for its end and returns the seconds it took."""
        asked = len(self.out)
        self.command(command)

        def finish(seconds=120):
            line = self.wait_for(lambda: self.out[asked] if len(self.out) > asked else None,
                                 f'“{command}”', seconds)
            if not line.startswith('ok '):
                raise AssertionError(f'“{command}”: {line}')
            return float(line.split()[1])

        return finish


def descriptors(process):
    return len(os.listdir(f'/proc/{process.child.pid}/fd'))


@contextlib.contextmanager
def few_descriptors(process, room):
    """Lets a program have no more than `room` descriptors besides those it has."""
    pid, kind = process.child.pid, resource.RLIMIT_NOFILE
    old = resource.prlimit(pid, kind)
    taken = max(map(int, os.listdir(f'/proc/{pid}/fd'))) + 1
    resource.prlimit(pid, kind, (taken + room, old[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, old)


def memory_kib(process):
    """What is in memory for this process alone, programs and libraries aside."""
    status = pathlib.Path(f'/proc/{process.child.pid}/status').read_text(encoding='ascii')
    return int(re.search(r'RssAnon:\s+(\d+) kB', status).group(1))


def count(number):
    """So many: fewer where everything is slower (sanitizers)."""
    return int(number / harness.SCALE)


def closed(process):
    """Every connection that `process` has said is closed."""
    with process.news:
        return [event for event in process.events
                if event['event'] == 'connection' and event['state'] == 'closed']


class Footprint:
    """What some processes take of the system, to be compared with later."""

    # What a heap that was once larger may keep beside a share of what the load took: GLib before
    # 2.76 keeps what it allocated in slices, and holes stay between what lives on.
    KEPT_KIB = 4096

    def __init__(self, *processes):
        self.before = [(p, descriptors(p), memory_kib(p)) for p in processes]
        self.most = {}

    def look(self):
        """Notes how much memory is taken now; returns it by process, in KiB more than before."""
        more = {p: memory_kib(p) - memory for p, _, memory in self.before}
        for process, kib in more.items():
            self.most[process] = max(kib, self.most.get(process, 0))
        return more

    def allowance_kib(self, process):
        return self.KEPT_KIB + self.most.get(process, 0) // 2

    def is_back(self):
        """Whether no descriptor more is open than before, and memory is back but for a bit."""
        self.look()
        return all(descriptors(process) <= count and
                   (SANITIZED or memory_kib(process) - memory <= self.allowance_kib(process))
                   for process, count, memory in self.before)

    def wait_until_back(self):
        harness.until(self.is_back, f'descriptors and memory to return: {self}', 30)

    def __str__(self):
        return ', '.join(f'{p.title()}: {descriptors(p) - count:+} descriptors, '
                         f'{memory_kib(p) - memory:+} KiB, at the peak {self.most.get(p, 0):+}'
                         for p, count, memory in self.before)


class Case(harness.Case):
    """A session through which thousands of applications talk to an echo."""

    def start_session(self, host_options=(), join_options=()):
        self.echo = self.own(Echo())
        self.host, self.client = self.pair(self.echo, host_options=host_options,
                                           join_options=join_options)
        self.address = self.client.local(self.echo.endpoint)
        self.apps = self.start_applications()
        self.apps.do('row 50 1000 10')  # what is set up once is there
        self.sides = (self.host, self.client)
        harness.until(lambda: all(len(closed(side)) == 50 for side in self.sides), 'the first ones')
        self.footprint = Footprint(*self.sides)

    def start_applications(self, address=None):
        return self.own(Applications(address or self.address))

    def assert_closed(self, number, sent, reason='done', back=None):
        """That both sides told of `number` more that ended so, with as many bytes as went."""
        back = sent if back is None else back
        harness.until(lambda: all(len(closed(side)) == 50 + number for side in self.sides),
                      'every end to be told', 60)
        for side, (bytes_in, bytes_out) in ((self.host, (sent, back)), (self.client, (back, sent))):
            for event in closed(side)[50:]:
                self.assertEqual((event['reason'], event['bytes_in'], event['bytes_out']),
                                 (reason, bytes_in, bytes_out))

    def assert_nothing_is_left(self):
        """That the service has no connection any more, and the sides no descriptor or memory."""
        harness.until(lambda: self.echo.count()[0] == 0, 'the service to be alone', 60)
        self.footprint.wait_until_back()
        self.report(f'left: {self.footprint}')

    def report(self, figures):
        """A figure for whoever reads the log; no test passes or fails by it."""
        print(f'# {self.id().removeprefix("__main__.")}: {figures}', flush=True)
