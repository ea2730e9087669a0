#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes: large transfers in every direction, exact, with real programs at both ends."""

import hashlib
import os
import threading

import harness
import services


class Transfers(harness.Case):
    def fetch(self, address, name):
        """Starts curl fetching /`name` through a mapping; returns it and the file it writes."""
        target = self.folder / f'fetched-{len(self.processes)}'
        curl = self.start('curl', '--silent', '--show-error', '--fail', '--noproxy', '*',
                          '--output', target, f'http://{harness.endpoint(*address)}/{name}')
        return curl, target

    def test_down(self):
        """A large file from nginx to curl, SHA-256 exact"""
        digest = harness.write_random(self.folder / 'large', harness.LARGE)
        web = services.start_nginx(self, self.folder)
        _, client = self.pair(web)
        curl, target = self.fetch(client.local(web.endpoint), 'large')
        self.expect_exit(curl, 0, seconds=300)
        self.assertEqual(harness.sha256(target), digest)

    def test_up(self):
        """A large file from socat to socat, SHA-256 exact"""
        digest = harness.write_random(self.folder / 'large', harness.LARGE)
        received = self.folder / 'received'
        sink = services.start_socat(self, f'OPEN:{received},creat,trunc', '-u')
        host, client = self.pair(sink)
        sender = self.start('socat', '-u', f'FILE:{self.folder}/large',
                            'TCP:' + harness.endpoint(*client.local(sink.endpoint)))
        self.expect_exit(sender, 0, seconds=300)
        closed = host.expect('connection', state='closed', seconds=120)
        self.assertEqual((closed['reason'], closed['bytes_in']), ('done', harness.LARGE))
        harness.until(lambda: received.stat().st_size == harness.LARGE, 'the last byte')
        self.assertEqual(harness.sha256(received), digest)

    def test_both_ways_at_once(self):
        """One connection carries bytes both ways at once, exact in each"""
        echo = services.start_service(self, services.echo)
        _, client = self.pair(echo)
        data = os.urandom(32 * harness.MIB)
        received = self.exchange(client.local(echo.endpoint), data)
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(data).digest())

    def test_two_clients_at_once(self):
        """Two Clients fetch at the same time, each over its own session"""
        digest = harness.write_random(self.folder / 'file', harness.LARGE // 4)
        web = services.start_nginx(self, self.folder)
        daemon, host = self.host_for(web)
        clients = [self.join_for(daemon, host, web, options=['--name', name])
                   for name in ('anna', 'bert')]
        fetches = [self.fetch(client.local(web.endpoint), 'file') for client in clients]
        for curl, target in fetches:
            self.expect_exit(curl, 0, seconds=300)
            self.assertEqual(harness.sha256(target), digest)

    def test_many_files_in_parallel(self):
        """curl fetches fifty files over parallel connections, as a browser would"""
        digests = {f'file{i}': harness.write_random(self.folder / f'file{i}', 1000 * (i + 1))
                   for i in range(50)}
        web = services.start_nginx(self, self.folder)
        _, client = self.pair(web)
        where = harness.endpoint(*client.local(web.endpoint))
        (self.folder / 'got').mkdir()
        curl = self.start('curl', '--silent', '--show-error', '--fail', '--noproxy', '*',
                          '--parallel', '--parallel-max', '20', '--output-dir', self.folder / 'got',
                          *(part for name in digests
                            for part in ('-o', name, f'http://{where}/{name}')))
        self.expect_exit(curl, 0, seconds=120)
        for name, digest in digests.items():
            self.assertEqual(harness.sha256(self.folder / 'got' / name), digest, name)


class Connections(harness.Case):
    def test_200_at_once(self):
        """200 connections are open at once, each exact"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        address = client.local(echo.endpoint)
        payloads = [os.urandom(10000) for _ in range(200)]
        connections = [self.connect(address) for _ in payloads]
        for connection, payload in zip(connections, payloads):
            connection.sendall(payload)
        for connection, payload in zip(connections, payloads):
            self.assertEqual(harness.receive_exactly(connection, len(payload)), payload)
        for connection in connections:
            connection.close()
        for side in (host, client):
            for _ in connections:
                side.expect('connection', state='closed')

    def test_one_after_another(self):
        """Hundreds of short connections in a row, and no descriptor is left behind"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        address = client.local(echo.endpoint)
        self.assertEqual(self.exchange(address, b'first'), b'first')
        sides = [f'/proc/{side.child.pid}/fd' for side in (host, client)]
        before = [len(os.listdir(folder)) for folder in sides]
        for i in range(300):
            data = b'%d' % i
            self.assertEqual(self.exchange(address, data), data)
        harness.until(lambda: all(len(os.listdir(folder)) <= count + 2
                                  for folder, count in zip(sides, before)),
                      'descriptors to return')

    def test_both_leave_at_once(self):
        """Connections that both ends end at once come and go without a trace"""
        def greet(connection):
            connection.sendall(b'hello')
            connection.close()

        service = services.start_service(self, greet)
        _, client = self.pair(service)
        for _ in range(50):
            self.assertEqual(self.exchange(client.local(service.endpoint), b''), b'hello')


class SlowReader(harness.Case):
    TOTAL = 96 * harness.MIB
    BOUND = 80 * harness.MIB  # every window, buffer and socket on the way together stays below

    def setUp(self):
        super().setUp()
        self.sent = {}

    def source(self, connection):
        """Sends TOTAL bytes in which each place can be told."""
        key = connection.fileno()
        block = bytes(range(251)) * 1044
        for at in range(0, self.TOTAL, len(block)):
            part = block[:min(len(block), self.TOTAL - at)]
            connection.sendall(part)
            self.sent[key] = at + len(part)
        connection.close()

    def drain(self, connection):
        digest, size = hashlib.sha256(), 0
        while part := connection.recv(1 << 18):
            digest.update(part)
            size += len(part)
        return size, digest.hexdigest()

    def test_only_its_own_connection_waits(self):
        """A reader that stands still holds up nobody else, and memory stays bounded"""
        source = services.start_service(self, self.source)
        _, client = self.pair(source)
        address = client.local(source.endpoint)
        slow = self.connect(address)
        harness.until(lambda: self.sent, 'the slow connection to begin')
        slow_key = next(iter(self.sent))
        with self.connect(address) as fast:
            fast_result = self.drain(fast)
        self.assertEqual(fast_result[0], self.TOTAL)
        self.assertLess(self.sent[slow_key], self.BOUND)
        self.assertEqual(self.drain(slow), fast_result)


class Endings(harness.Case):
    def test_client_ends_first(self):
        """The application ends its direction, the service reads to the end and then answers"""
        def digest(connection):
            data = harness.receive_all(connection)
            connection.sendall(hashlib.sha256(data).hexdigest().encode())
            connection.close()

        service = services.start_service(self, digest)
        _, client = self.pair(service)
        data = os.urandom(3 * harness.MIB)
        answer = self.exchange(client.local(service.endpoint), data)
        self.assertEqual(answer.decode(), hashlib.sha256(data).hexdigest())

    def test_service_ends_first(self):
        """The service ends its direction, the application goes on sending"""
        got = []
        finished = threading.Event()

        def listen_on(connection):
            harness.send_and_end(connection, b'bye')
            got.append(harness.receive_all(connection))
            finished.set()

        service = services.start_service(self, listen_on)
        _, client = self.pair(service)
        connection = self.connect(client.local(service.endpoint))
        self.assertEqual(harness.receive_all(connection), b'bye')
        data = os.urandom(harness.MIB)
        harness.send_and_end(connection, data)
        self.assertTrue(finished.wait(60 * harness.SCALE))
        self.assertEqual(got, [data])

    def test_half_close_with_socat(self):
        """`socat` and `sha256sum`, which answers only at the end of its input"""
        (self.folder / 'in').write_bytes(os.urandom(100000))
        service = services.start_socat(self, 'SYSTEM:sha256sum')
        _, client = self.pair(service)
        where = harness.endpoint(*client.local(service.endpoint))
        sender = self.start('socat', '-t', '60', f'FILE:{self.folder}/in!!STDOUT', f'TCP:{where}')
        digest = sender.expect_line('^[0-9a-f]{64}').group()
        self.assertEqual(digest, harness.sha256(self.folder / 'in'))

    def test_service_resets(self):
        """A service that resets is seen as a reset"""
        def rude(connection):
            connection.recv(1)
            harness.reset(connection)

        service = services.start_service(self, rude)
        host, client = self.pair(service)
        connection = self.connect(client.local(service.endpoint))
        connection.sendall(b'x')
        self.assert_reset(connection)
        for side in (host, client):
            side.expect('connection', state='closed', reason='reset')

    def test_application_resets(self):
        """An application that resets is seen as a reset"""
        seen = []

        def wait_for_end(connection):
            try:
                seen.append(harness.receive_all(connection))
            except ConnectionResetError:
                seen.append('reset')

        service = services.start_service(self, wait_for_end)
        _, client = self.pair(service)
        connection = self.connect(client.local(service.endpoint))
        harness.until(lambda: service.connections, 'the connection to arrive')
        harness.reset(connection)
        harness.until(lambda: seen, 'the service to see the end')
        self.assertEqual(seen, ['reset'])

    def test_last_words_arrive(self):
        """What was sent right before the end is all there, however large"""
        data = os.urandom(2 * harness.MIB + 17)

        def last_words(connection):
            connection.sendall(data)
            connection.close()

        service = services.start_service(self, last_words)
        _, client = self.pair(service)
        connection = self.connect(client.local(service.endpoint))
        self.assertEqual(harness.receive_all(connection), data)


if __name__ == '__main__':
    harness.main()
