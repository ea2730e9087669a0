#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that break the protocol on purpose: the others do not notice, and the breakers are ended or
get nothing by it.

    HOSTILE  the program that breaks it (default: the one in build/)
"""

import os
import pathlib

import harness
import services

HOSTILE = os.environ.get('HOSTILE', str(harness.ROOT / 'build/tests/hostile/hostile'))
SANITIZED = bool(os.environ.get('ASAN_OPTIONS'))

# What may be held for a session's connections and by its SCTP, and what malloc adds to it.
BUDGET_KIB = 64 * 1024
SCTP_KIB = 32 * 1024
ADDED_KIB = 32 * 1024

MALFORMED = ('protocol',)
GONE = ('ended', 'peer-lost')

# What a Client may try, and as what the Host then sees it go; () for what it has to live with.
CLIENT_FLOODS = {
    'unknown-event': MALFORMED,
    'short': MALFORMED,
    'size': MALFORMED,
    'total': MALFORMED,
    'overrun': MALFORMED,
    'connect-again': MALFORMED,
    'connect': (),
    'denied': (),
    'names': (),
    'abandon': (),
    'window': (),
    'window-unknown': (),
    'eof': (),
    'empty': (),
    'tiny': (),
    'closed': (),
    'repeated': (),
    'jump': (),
    'incomplete': (),
}
CLIENT_HOARDS = {
    'early-data': (),
    'early-crumbs': (),
    'no-credit': (),
    'deaf': (),
}
PACKETS = {
    'sctp-rubbish': GONE,
    'sctp-abort': GONE,
    'sctp-endless': GONE,
    'sctp-unknown': (),
    'sctp-heartbeat': (),
    'sctp-init': (),
    'sctp-reset': (),
    'sctp-others': (),
    'sctp-gaps': (),
    'sctp-crumbs': (),
    'dtls-forged': (),
    'dtls-empty': (),
    'dtls-hello': (),
    'dtls-replay': (),
    'stun': (),
    'udp': (),
}
# What a Host may try, and whether the Client ends it for that.
HOST_MODES = {
    'nobody': False,
    'open-twice': False,
    'data-first': False,
    'crumbs': False,
    'overrun': False,
    'services': True,
    'services-flood': False,
    'services-misnamed': True,
    'services-rubbish': False,
    'services-old': False,
    'connect': True,
}


class Hostile(harness.Process):
    def __init__(self, *arguments):
        super().__init__([HOSTILE, *arguments])

    def count(self):
        """How often it has done what it does."""
        before = len(self.out)
        self.command('')
        line = self.wait_for(lambda: next((line for line in self.out[before:]
                                           if line.startswith('sent ')), None), 'a count', 60)
        return int(line.split()[1])

    def leave(self):
        if self.running():
            self.close_input()
            self.wait(60)


def resident_kib(process):
    status = pathlib.Path(f'/proc/{process.child.pid}/status').read_text().splitlines()
    sizes = {line.split()[0]: int(line.split()[1]) for line in status if line.startswith('Vm')}
    return sizes['VmRSS:'], sizes['VmHWM:']


def descriptors(process):
    return len(os.listdir(f'/proc/{process.child.pid}/fd'))


class HostileClient(harness.Case):
    """A Host with two Clients: one who works, and one after another who does not."""

    def setUp(self):
        super().setUp()
        # GLib before 2.76 keeps small pieces in an allocator of its own, for the next time.
        self.env['G_SLICE'] = 'always-malloc'
        self.echo = services.start_service(self, services.echo)
        self.sink = services.start_sink(self)
        daemon, self.host = self.host_for(self.echo, self.sink)
        self.client = self.join_for(daemon, self.host, self.echo)
        self.host.expect('connected')
        self.address = self.client.local(self.echo.endpoint)
        self.work()
        self.before = descriptors(self.host)
        self.kib = resident_kib(self.host)[0]

    def work(self):
        """Bytes there and back over one connection, a few words over another."""
        self.assert_carries(self.address, self.echo, harness.MIB)
        with self.connect(self.address) as talk:
            for i in range(20):
                talk.sendall(b'%04d' % i)
                self.assertEqual(harness.receive_exactly(talk, 4), b'%04d' % i)

    def attack(self, mode, reasons):
        hostile = self.own(Hostile('client', mode, self.host.session['link'], self.sink.endpoint))
        hostile.expect_line('^begun', 60)
        self.work()
        if reasons:
            hostile.expect_line('^ended', 60)
        hostile.leave()
        left = self.host.expect('disconnected', 60)
        self.assertIn(left['reason'], reasons or GONE, mode)
        self.assertTrue(left['peer'].startswith('mallory'), left)

    def attack_with(self, modes):
        for mode, reasons in modes.items():
            with self.subTest(mode):
                self.attack(mode, reasons)
        self.work()
        harness.until(lambda: descriptors(self.host) <= self.before + 2, 'descriptors to return')
        if not SANITIZED:
            harness.until(lambda: resident_kib(self.host)[0] < self.kib + ADDED_KIB,
                          'memory to return')
            self.assertLess(resident_kib(self.host)[1],
                            self.kib + BUDGET_KIB + SCTP_KIB + ADDED_KIB)

    def test_floods(self):
        """Frames without end, in every way there is"""
        self.attack_with(CLIENT_FLOODS)

    def test_hoards(self):
        """What the Host has to hold, or cannot get rid of"""
        self.attack_with(CLIENT_HOARDS)

    def test_packets(self):
        """SCTP, DTLS, STUN and nonsense"""
        self.attack_with(PACKETS)


class HostileHost(harness.Case):
    """A Client that has come to the wrong Host."""

    def test_modes(self):
        """Whatever it answers, the Client keeps its head and says why it leaves"""
        daemon = self.start_daemon()
        for mode, is_ended in HOST_MODES.items():
            with self.subTest(mode):
                self.attack(daemon, mode, is_ended)

    def attack(self, daemon, mode, is_ended):
        hostile = self.own(Hostile('host', mode, daemon.url))
        link = hostile.expect_line('^link (.*)', 60).group(1)
        client = self.start_join(link, '-L', '0:127.0.0.1:7')
        client.expect('connected')
        kib = resident_kib(client)[0]
        connection = self.connect(client.local('127.0.0.1:7'))
        hostile.expect_line('^begun', 60)
        if is_ended:
            hostile.expect_line('^ended', 60)
            self.expect_error(client, harness.STATUS_FAILED, 'protocol')
            return
        hostile.count()
        self.settle(client)
        self.check_services(client, mode)
        if not SANITIZED:
            self.assertLess(resident_kib(client)[1], kib + BUDGET_KIB + SCTP_KIB + ADDED_KIB)
        connection.close()
        hostile.leave()
        client.expect('disconnected', 60)
        client.wait(60)


    def check_services(self, client, mode):
        """Of lists that count, the Client tells two a second; of others, none."""
        told = [event for event in client.events if event['event'] == 'services']
        if mode == 'services-flood':
            client.expect('services')
            self.assertEqual(len(client.expect('services')['services']), 256)
        elif mode == 'services-old':
            ports = [client.expect('services')['services'][0]['port'] for _ in range(2)]
            self.assertEqual(ports, [10, 11])
        else:
            self.assertEqual(told, [], mode)


class Knocks(harness.Case):
    def test_knocks(self):
        """Joins without end, with the share code and without: who is there stays there"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        address = client.local(echo.endpoint)
        # The signaling server lets somebody knock some sixty times at once, then once a second.
        for mode, warning in (('knock', 'full'), ('knock-wrong', 'not-verified')):
            hostile = self.own(Hostile('client', mode, host.session['link'], echo.endpoint))
            hostile.expect_line('^begun', 60)
            host.expect('warning', code=warning)
            self.assert_carries(address, echo, harness.MIB)
            hostile.leave()


if __name__ == '__main__':
    harness.main()
