#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads: thousands of connections, every byte of them checked, and nothing left behind."""

import hashlib
import os
import socket
import threading

import harness
import loads


class Crowds(loads.Case):
    def test_thousands_at_once(self):
        """5,000 connections are open at once, each exact; then nothing is left of them"""
        number, size = loads.count(5000), 20000
        self.start_session()
        self.apps.do(f'open {number}')
        harness.until(lambda: self.echo.count()[0] == number, 'all to arrive', 60)
        idle = [kib * 1024 // number for kib in self.footprint.look().values()]
        self.report(f'{number} idle: {idle} bytes each at the Host and the Client')
        seconds = self.apps.do(f'exchange {size}')
        self.report(f'{size} bytes through each and back: {seconds} s')
        self.footprint.look()
        self.apps.do('end')
        self.assert_closed(number, size)
        self.assert_nothing_is_left()

    def test_one_after_another(self):
        """20,000 connections one after another, each exact; then nothing is left of them"""
        number = loads.count(20000)
        self.start_session()
        self.report(f'{number} in a row: {self.apps.do(f"row {number} 100 1")} s')
        self.assert_closed(number, 100)
        self.assert_nothing_is_left()

    def test_one_byte_and_none(self):
        """Thousands of connections that carry one byte, or none at all"""
        number = loads.count(3000)
        self.start_session()
        self.apps.do(f'row {number} 1 100')
        self.assert_closed(number, 1)
        before = self.echo.count()[1]
        self.apps.do(f'row {number} 0 100')
        self.assertEqual(self.echo.count()[1] - before, number)
        self.assert_nothing_is_left()

    def test_storm_of_resets(self):
        """Thousands of applications that reset at once leave nothing, and the session goes on"""
        number = loads.count(5000)
        self.start_session()
        self.apps.do(f'storm {number} 1000 50')
        harness.until(lambda: len(loads.closed(self.client)) == 50 + number, 'each to be told', 60)
        self.apps.do('row 200 1000 10')
        self.assert_nothing_is_left()

    def test_slow_reader_among_thousands(self):
        """Short connections come and go by the thousand while one that is not read stands"""
        self.start_session()
        # More than all that is on the way holds: sockets, SCTP and credit, there and back.
        data = os.urandom(256 * harness.MIB)
        slow = self.connect(self.address)
        sender = threading.Thread(target=harness.send_and_end, args=(slow, data), daemon=True)
        sender.start()
        self.apps.do(f'row {loads.count(3000)} 1000 20')
        self.assertTrue(sender.is_alive(), '256 MiB went somewhere')
        received = harness.receive_all(slow)
        sender.join()
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(data).digest())
        slow.close()
        self.assert_nothing_is_left()

    def test_same_port_again(self):
        """An application that connects from the same port again and again gets its own bytes"""
        self.start_session()
        port = harness.free_port()
        for i in range(loads.count(200)):
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                connection.settimeout(60 * harness.SCALE)
                connection.bind(('127.0.0.1', port))
                connection.connect(self.address)
                data = b'%d ' % i * 50
                connection.sendall(data)
                self.assertEqual(harness.receive_exactly(connection, len(data)), data)
                harness.reset(connection)
        self.assert_nothing_is_left()


class Clients(loads.Case):
    def test_sixteen(self):
        """16 Clients at once on one Host, each with its own traffic; the next finds no room"""
        self.echo = self.own(loads.Echo())
        daemon, host = self.host_for(self.echo)
        clients = [self.start_join(host.code, '--signal', daemon.url, '--name', f'client {i}',
                                   '-L', f'0:{self.echo.endpoint}') for i in range(16)]
        for client in clients:
            client.expect('connected', seconds=60)
        apps = [self.start_applications(client.local(self.echo.endpoint)) for client in clients]
        for command in ('open 20', 'exchange 200000'):
            for finish in [each.begin(command) for each in apps]:
                finish()
        late = self.start_join(host.code, '--signal', daemon.url, '--name', 'late')
        error = self.expect_error(late, harness.STATUS_DECLINED, 'full')
        self.assertIn('room', error['message'])
        host.expect('warning', code='full')
        for finish in [each.begin('end') for each in apps]:
            finish()
        clients[3].command('quit')
        host.expect('disconnected', peer='client 3')
        again = self.start_join(host.code, '--signal', daemon.url, '--name', 'again',
                                '-L', f'0:{self.echo.endpoint}')
        again.expect('connected')
        self.start_applications(again.local(self.echo.endpoint)).do('row 20 1000 5')


class Descriptors(loads.Case):
    """A side that has no descriptor left refuses what is new, and nothing else changes."""

    def try_some(self):
        """30 connections; those that were taken, and how many were refused by a reset."""
        taken, refused = [], 0
        for _ in range(30):
            try:
                connection = self.connect(self.address)
                connection.sendall(b'hello')
                self.assertEqual(harness.receive_exactly(connection, 5), b'hello')
                taken.append(connection)
            except (ConnectionResetError, BrokenPipeError):
                refused += 1
        return taken, refused

    def assert_still_served(self, taken):
        """That those which were there, and those which were taken, go on; these end here."""
        self.apps.do('exchange 100000')
        for connection in taken:
            connection.sendall(b'still')
            self.assertEqual(harness.receive_exactly(connection, 5), b'still')
            connection.close()
        harness.until(lambda: self.echo.count()[0] == 100, 'those taken to end')

    def exhaust(self, process, tellers):
        self.apps.do('open 100')
        self.apps.do('exchange 1')  # all the way, not only as far as the Client
        # A session leaves as many descriptors as it takes; then there are none at all.
        with loads.few_descriptors(process, 112):
            taken, refused = self.try_some()
            self.assertGreater(len(taken), 0)
            self.assertGreater(refused, 0)
            self.assert_still_served(taken)
        with loads.few_descriptors(process, 0):
            taken, refused_again = self.try_some()
            self.assertEqual((len(taken), refused_again), (0, 30))
            self.assert_still_served([])
        for side in tellers:
            harness.until(lambda side=side: refused + refused_again == sum(
                event['reason'] == 'too-many' for event in loads.closed(side)),
                f'{side.title()} to say that there were too many')
        self.apps.do('row 100 1000 50')
        self.apps.do('end')
        self.assert_nothing_is_left()

    def test_of_the_host(self):
        """The Host runs out: new connections end as too-many, and both sides say so"""
        self.start_session()
        self.exhaust(self.host, self.sides)

    def test_of_the_client(self):
        """The Client runs out: it takes new connections only to refuse them"""
        self.start_session()
        self.exhaust(self.client, [self.client])


if __name__ == '__main__':
    harness.main()
