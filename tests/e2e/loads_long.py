#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads that take minutes, and promises about time: these look at clocks, so they want a machine
that has nothing else to do.

    tests/e2e/loads_long.py [Class[.test_name]]…      (normally by ./dev load)

    LOAD_GIB   what goes each way through the largest connection (default 4.1)
"""

import os
import signal
import socket
import statistics
import threading
import time

import harness
import loads
import services

GIB = 1024 * harness.MIB


def cpu_seconds(process):
    """Processor time it has taken so far."""
    with open(f'/proc/{process.child.pid}/stat', encoding='ascii') as stream:
        fields = stream.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def passed(seconds):
    """A condition that comes true by itself."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() >= deadline


class Large(loads.Case):
    def test_more_than_32_bits(self):
        """One connection carries more than 2^32 bytes each way, exact, and counts them all"""
        size = int(float(os.environ.get('LOAD_GIB', '4.1')) * GIB)
        self.start_session()
        self.apps.do('open 1')
        seconds = self.apps.do(f'exchange {size}', 3600)
        self.report(f'{size} bytes each way at once in {seconds} s: '
                    f'{size * 8 / seconds / 1e6:.0f} Mbit/s each way')
        self.footprint.look()
        self.apps.do('end')
        self.assert_closed(1, size)
        self.assert_nothing_is_left()


class Idle(loads.Case):
    SPEED = 30

    def test_half_an_hour(self):
        """Connected and idle for 30 minutes of a clock that runs fast: still there"""
        self.env.update(LD_PRELOAD=str(loads.FOLDER / 'fast-clock.so'),
                        FAST_CLOCK=str(self.SPEED), FAST_CLOCK_START=str(int(time.monotonic())))
        self.echo = self.own(loads.Echo())
        daemon, host = self.host_for(self.echo)
        client = self.join_for(daemon, host, self.echo)
        address = client.local(self.echo.endpoint)
        old = self.start_applications(address)
        old.do('open 20')
        old.do('exchange 100000')
        footprint = loads.Footprint(host, client, daemon)
        began = cpu_seconds(host), cpu_seconds(client)
        harness.until(passed(1800 / self.SPEED), 'half an hour', 1800)
        self.report(f'30 minutes took {cpu_seconds(host) - began[0]:.2f} s and '
                    f'{cpu_seconds(client) - began[1]:.2f} s of processor; {footprint}')
        old.do('exchange 100000')
        old.do('end')
        self.assert_carries(address, self.echo)
        later = self.join_for(daemon, host, self.echo, options=['--name', 'later'])
        self.assert_carries(later.local(self.echo.endpoint), self.echo)
        for side in (host, client):
            self.assertFalse(side.has('disconnected') or side.has('warning'))


class Ends(loads.Case):
    def time_until(self, conditions, limit):
        """Seconds until each of the named conditions was true."""
        began, times = time.monotonic(), {}

        def all_came():
            for name, condition in conditions.items():
                if name not in times and condition():
                    times[name] = time.monotonic() - began
            return len(times) == len(conditions)

        harness.until(all_came, f'all of {set(conditions)}', limit)
        return times

    def test_gone_without_a_word(self):
        """A peer that is killed or stopped is noticed within 30 s by the other side"""
        echo = services.start_service(self, services.echo)
        conditions, victims = {}, []
        for number in (signal.SIGKILL, signal.SIGSTOP):
            for victim in ('host', 'client'):
                host, client = self.pair(echo)
                connection = self.connect(client.local(echo.endpoint))
                connection.sendall(b'x')
                harness.receive_exactly(connection, 1)
                other = client if victim == 'host' else host
                victims.append((host if victim == 'host' else client, number))
                conditions[f'{victim} {number.name}'] = \
                    lambda side=other: side.has('disconnected') or side.has('error')
        for process, number in victims:
            process.send_signal(number)
        times = self.time_until(conditions, 60)
        for process, _ in victims:
            process.kill()
        self.report({name: round(seconds, 1) for name, seconds in times.items()})
        self.assertLess(max(times.values()), 30)

    def test_stopped_for_a_while(self):
        """A peer that stands still for 24 s, in mid-transfer, loses nothing by it"""
        echo = self.own(loads.Echo())
        for victim in ('host', 'client'):
            host, client = self.pair(echo)
            apps = self.own(loads.Applications(client.local(echo.endpoint)))
            apps.do('open 10')
            finish = apps.begin('exchange 20000000')
            process = host if victim == 'host' else client
            process.send_signal(signal.SIGSTOP)
            harness.until(passed(24), '24 s', 60)
            process.send_signal(signal.SIGCONT)
            finish(300)
            apps.do('end')

    def test_ended_in_order(self):
        """A peer that ends in order is noticed within 1 s, busy or not"""
        echo = services.start_service(self, services.echo)
        times = {}
        for victim in ('host', 'client'):
            for busy in (False, True):
                host, client = self.pair(echo)
                address = client.local(echo.endpoint)
                if busy:
                    self.keep_busy(address)
                side, other = (host, client) if victim == 'host' else (client, host)
                side.command('quit')
                name = f'{victim}{", busy" if busy else ""}'
                times.update(self.time_until(
                    {name: lambda other=other: other.has('disconnected')}, 30))
        self.report({name: round(seconds, 2) for name, seconds in times.items()})
        self.assertLess(max(times.values()), 1)

    def keep_busy(self, address):
        """An application that sends for as long as it can, and one that reads what comes back."""
        connection = self.connect(address)

        def pump(step):
            try:
                while step():
                    pass
            except OSError:
                pass

        block = bytes(1 << 18)
        for step in (lambda: connection.sendall(block) is None, lambda: connection.recv(1 << 18)):
            threading.Thread(target=pump, args=(step,), daemon=True).start()


class BlackHole:
    """An endpoint that neither takes connections nor refuses them: its queue is full."""

    def __init__(self, case):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=0)
        case.addCleanup(self.listener.close)
        self.address, self.port = self.listener.getsockname()
        self.endpoint = harness.endpoint(self.address, self.port)
        while self.takes_one(case):
            pass

    def takes_one(self, case):
        connection = socket.socket()
        case.addCleanup(connection.close)
        connection.settimeout(0.5)
        try:
            connection.connect((self.address, self.port))
            return True
        except TimeoutError:
            return False


class Dials(harness.Case):
    def test_black_hole(self):
        """A service that does not even refuse is given up after 15 s, and both ends say so"""
        hole = BlackHole(self)
        host, client = self.pair(hole)
        began = time.monotonic()
        connection = self.connect(client.local(hole.endpoint))
        self.assert_reset(connection)
        seconds = time.monotonic() - began
        for side in (host, client):
            side.expect('connection', state='closed', reason='timed-out')
        print(f'# given up after {seconds:.1f} s', flush=True)
        self.assertTrue(14 < seconds < 17, seconds)


class SlowReaders(loads.Case):
    def stand_still(self):
        """A connection that sends until nothing moves any more, and reads nothing."""
        slow = self.connect(self.address)
        threading.Thread(target=self.send_for_ever, args=(slow,), daemon=True).start()
        seen = []

        def stands():
            seen.append(self.sent.get(slow, 0))
            return len(seen) > 25 and seen[-1] == seen[-25] > 0

        harness.until(stands, 'it to stand still')
        return slow

    def send_for_ever(self, connection):
        block = bytes(1 << 16)
        try:
            while True:
                sent = connection.send(block)
                self.sent[connection] = self.sent.get(connection, 0) + sent
        except OSError:
            pass

    def test_others_keep_their_speed(self):
        """While a reader stands still, others keep at least 80 % of their speed"""
        self.sent = {}
        self.start_session()
        self.apps.do('open 1')
        self.apps.do('exchange 100000000')
        alone, among = [], []
        for _ in range(12):  # a pair at a time, so that what else the machine does hits both
            alone.append(self.apps.do('exchange 60000000'))
            slow = self.stand_still()
            among.append(self.apps.do('exchange 60000000'))
            harness.reset(slow)
        share = statistics.median(a / b for a, b in zip(alone, among))
        self.report(f'alone {statistics.median(alone):.2f} s, beside one that stands '
                    f'{statistics.median(among):.2f} s: {share:.0%} of the speed')
        self.assertGreaterEqual(share, 0.8)

    def test_memory_is_bounded(self):
        """Readers that were fast and then stop hold no more than the session's 64 MiB"""
        block = bytes(range(251)) * 1044

        def pour(connection):
            while True:
                connection.sendall(block)

        source = services.start_service(self, pour)
        self.echo = services.start_service(self, services.echo)
        host, client = self.pair(source, self.echo)
        footprint = loads.Footprint(host, client)
        readers = []
        for size in [96 * harness.MIB] * 4 + [16 * harness.MIB] * 60:
            reader = self.connect(client.local(source.endpoint))
            readers.append(reader)
            try:
                harness.receive_exactly(reader, size)
            except ConnectionResetError:
                pass
            footprint.look()
        slow = sum(event['reason'] == 'too-slow' for event in loads.closed(client))
        self.assert_carries(client.local(self.echo.endpoint), self.echo)
        self.report(f'at most {[kib // 1024 for kib in footprint.most.values()]} MiB at the Host '
                    f'and the Client; {slow} were closed as too slow')
        self.assertLess(max(footprint.most.values()), 96 * 1024)
        for reader in readers:
            reader.close()
        footprint.wait_until_back()
        self.report(f'left: {footprint}')


class Descriptors(loads.Case):
    def test_exhausted_is_quiet(self):
        """A Client without a descriptor left takes no processor for those it cannot take"""
        self.start_session()
        with loads.few_descriptors(self.client, 0):
            waiting = [self.connect(self.address) for _ in range(20)]
            began = cpu_seconds(self.client)
            harness.until(passed(5), 'five seconds', 60)
            seconds = cpu_seconds(self.client) - began
        self.report(f'{seconds:.2f} s of processor in 5 s')
        self.assertLess(seconds, 0.5)
        for connection in waiting:
            connection.close()
        self.apps.do('row 100 1000 10')


if __name__ == '__main__':
    harness.main()
