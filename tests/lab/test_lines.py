#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad lines: every byte arrives, nothing is given up, and an outage is waited out.

A real Host and a real Client, each in a network of its own, with nothing but the line between. The
Host is its own signaling server, so that signaling crosses the line, too.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import unittest

import lab
import harness
import services
import transfer

AT_A_TIME = 12
KIB = 1024
SO_RCVBUFFORCE = 33


def line(loss=0, round_trip_ms=0, **more):
    return dict(more, loss_ppm=loss * 10000, delay_us=round_trip_ms * 500)


class Case(harness.Case):
    def still_together(self, *programs):
        """That nobody has lost or given up anything, and nothing has been said of it."""
        for program in programs:
            for name in ('disconnected', 'error', 'warning'):
                self.assertFalse(program.has(name), f'{program.title()}: {program.out}')


class Transfers(Case):
    """Both ways at once over lines that lose, reorder and duplicate."""

    def carry(self, kib, **settings):
        pair = lab.Pair(self, rate_bps=100000000, **settings)
        session, _ = transfer.through_porthole(self, pair, os.urandom(kib * KIB), 120)
        self.still_together(session.host, session.client)
        return sum(way['taken_bytes'] for way in pair.line.counters().values())

    def test_1_percent_at_once(self):
        """1 % loss, no delay"""
        self.carry(4096, **line(1))

    def test_1_percent_50_ms(self):
        """1 % loss, 50 ms round trip"""
        self.carry(1024, **line(1, 50))

    def test_1_percent_150_ms(self):
        """1 % loss, 150 ms round trip"""
        self.carry(512, **line(1, 150))

    def test_5_percent_at_once(self):
        """5 % loss, no delay"""
        self.carry(2048, **line(5))

    def test_5_percent_50_ms(self):
        """5 % loss, 50 ms round trip"""
        self.carry(512, **line(5, 50))

    def test_5_percent_150_ms(self):
        """5 % loss, 150 ms round trip"""
        self.carry(256, **line(5, 150))

    def test_10_percent_at_once(self):
        """10 % loss, no delay"""
        self.carry(1024, **line(10))

    def test_10_percent_50_ms(self):
        """10 % loss, 50 ms round trip"""
        self.carry(256, **line(10, 50))

    def test_10_percent_150_ms(self):
        """10 % loss, 150 ms round trip"""
        self.carry(192, **line(10, 150))

    def test_reordering(self):
        """a line that reorders and duplicates"""
        self.carry(1024, **line(0, 20, reorder_ppm=50000, duplicate_ppm=20000, late_us=6000))

    def test_everything(self):
        """a line that loses, reorders and duplicates, on a narrow way with a short queue"""
        self.carry(256, **line(3, 30, reorder_ppm=50000, duplicate_ppm=50000, late_us=20000,
                               queue_bytes=20000))

    def test_small_packets(self):
        """a line that takes packets of 1280 bytes at most, the least that IPv6 allows"""
        pair = lab.Pair(self, **line(1, 10))
        for space in (pair.a, pair.b):
            space.ip('link', 'set', 'line0', 'mtu', '1280')
        session, _ = transfer.through_porthole(self, pair, os.urandom(512 * KIB), 120)
        self.still_together(session.host, session.client)

    def test_one_way_loses(self):
        """what is lost on one way only: acknowledgements of the one, data of the other"""
        pair = lab.Pair(self, rate_bps=100000000, delay_us=10000)
        pair.line.set('ba', loss_ppm=200000)
        session, _ = transfer.through_porthole(self, pair, os.urandom(256 * KIB), 120)
        self.still_together(session.host, session.client)
        self.assertEqual(0, pair.line.counters()['ab']['lost'])


class Outages(Case):
    """The line goes down in the middle of a transfer, and comes back."""

    def outlive(self, seconds, way='both'):
        pair = lab.Pair(self, rate_bps=4000000, delay_us=10000)
        data = os.urandom(1024 * KIB)
        with pair.a.inside():
            shared = transfer.Services(self, data)
            echo = services.start_service(self, services.echo)
        session = transfer.Session(self, pair, shared.source, shared.sink, echo)
        with pair.b.inside():
            idle = self.connect(session.address(echo))
        self.say_hello(idle)
        cut = threading.Thread(target=self.cut, args=(pair.line, seconds, way))
        cut.start()
        transfer.at_once(
            lambda: transfer.download(pair.b, session.address(shared.source), data, 120),
            lambda: transfer.upload(pair.b, session.address(shared.sink), data, 120))
        cut.join()
        self.assertGreater(sum(w['cut'] for w in pair.line.counters().values()), 0)
        self.say_hello(idle)
        self.still_together(session.host, session.client)

    @staticmethod
    def cut(cable, seconds, way):
        before = cable.counters()['ab']['given_bytes']
        harness.until(lambda: cable.counters()['ab']['given_bytes'] > before + 256 * KIB,
                      'the transfer to be under way', 60)
        cable.outage(seconds, way)

    def say_hello(self, connection):
        connection.sendall(b'hello')
        self.assertEqual(b'hello', harness.receive_exactly(connection, 5))

    def test_10_seconds(self):
        """10 s without a line: the session and its connections go on"""
        self.outlive(10)

    def test_25_seconds(self):
        """25 s without a line: they still do"""
        self.outlive(25)

    def test_host_unheard(self):
        """10 s in which only the Host is not heard"""
        self.outlive(10, 'ab')

    def test_client_unheard(self):
        """10 s in which only the Client is not heard"""
        self.outlive(10, 'ba')

    def test_while_connecting(self):
        """4 s without a line just as the two have found each other"""
        pair = lab.Pair(self, delay_us=10000)
        with pair.a.inside():
            echo = services.start_service(self, services.echo)
            host = self.start_host('--yes', '--allow', echo.endpoint)
        with pair.b.inside():
            client = self.start_join(host.session['link'], '-L', f'0:{echo.endpoint}')
        host.expect('join-request')
        pair.line.outage(4)
        client.expect('connected', seconds=60)
        host.expect('connected', seconds=60)
        with pair.b.inside():
            self.assert_carries(client.local(echo.endpoint), echo, 20000)


class Connecting(Case):
    """ICE, DTLS and SCTP find together on a bad line, within the time they have."""

    def meet(self, *seeds):
        for seed in seeds:
            pair = lab.Pair(self, seed=seed, **line(10, 150))
            with pair.a.inside():
                echo = services.start_service(self, services.echo)
            session = transfer.Session(self, pair, echo)
            with pair.b.inside():
                self.assert_carries(session.address(echo), echo, 1000)

    def test_first(self):
        """10 % loss, 150 ms round trip, four times"""
        self.meet(1, 2, 3, 4)

    def test_second(self):
        """10 % loss, 150 ms round trip, another four times"""
        self.meet(5, 6, 7, 8)


class Laboratory(Case):
    """What the other tests stand on."""

    def fates(self, count, seed):
        """Which of `count` numbered datagrams arrive on a line that loses one of ten."""
        a, b = lab.Space(ipv6=False), lab.Space(ipv6=False)
        self.addCleanup(a.close)
        self.addCleanup(b.close)
        cable = lab.Line(a, b, seed=seed, loss_ppm=100000)
        self.addCleanup(cable.close)
        a.add_address('line0', '10.0.0.1/24')
        b.add_address('line0', '10.0.0.2/24')
        with b.inside():
            receiver = self.datagram_socket('10.0.0.2')
        with a.inside():
            sender = self.datagram_socket('10.0.0.1')
        for number in range(count):
            sender.sendto(number.to_bytes(4, 'big'), receiver.getsockname())
        harness.until(lambda: cable.counters()['ab']['taken'] == count, 'all to be taken')
        counters = cable.counters()['ab']
        arrived = [receiver.recv(100) for _ in range(counters['given'])]
        self.assertEqual(count, counters['given'] + counters['lost'])
        self.assertEqual(sorted(arrived), arrived)
        self.assertEqual(len(set(arrived)), len(arrived))
        return arrived

    def datagram_socket(self, address):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(datagrams.close)
        datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        datagrams.settimeout(60 * harness.SCALE)
        datagrams.bind((address, 0))
        return datagrams

    def test_seed(self):
        """a line loses what its seed says, and the same again; the kernel loses nothing besides"""
        first = self.fates(5000, 7)
        self.assertEqual(first, self.fates(5000, 7))
        self.assertNotEqual(first, self.fates(5000, 8))
        self.assertAlmostEqual(4500, len(first), delta=106)

    def test_left_behind(self):
        """a test that is killed leaves nothing behind"""
        child = subprocess.Popen([sys.executable, __file__, 'be-killed'], stdout=subprocess.PIPE,
                                 text=True)
        with child.stdout:
            network, *pids = child.stdout.readline().split()
            self.assertTrue(self.users_of(network) and all(map(self.exists, pids)))
            child.send_signal(signal.SIGKILL)
            child.wait()
        harness.until(lambda: not any(map(self.exists, pids)), 'its programs to end')
        harness.until(lambda: not self.users_of(network), 'its network to be left')

    @staticmethod
    def exists(pid):
        try:
            with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
                return stat.read().rsplit(')', 1)[1].split()[0] != 'Z'
        except OSError:
            return False

    @staticmethod
    def users_of(network):
        return subprocess.run(['lsns', '-n', '-t', 'net', '-o', 'PID', network],
                              capture_output=True, text=True, check=False).stdout.split()


def be_killed():
    """Sets up a line and programs, says what there is, and waits for its end."""
    case = unittest.TestCase()
    pair = lab.Pair(case)
    with pair.a.inside():
        program = harness.Process(['cat'])
    print(os.fstat(pair.a.network).st_ino, program.child.pid, pair.line.process.pid, flush=True)
    threading.Event().wait()


if __name__ == '__main__':
    if sys.argv[1:] == ['be-killed']:
        be_killed()
    harness.main(AT_A_TIME)
