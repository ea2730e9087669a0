# SPDX-License-Identifier: GPL-3.0-or-later
"""What every plain peer may rely on, whatever its WebRTC stack is. Each stack's test file makes
these tests its own by a class that has `start_peer`.

    E2E_PEERS=all  every stack is put to every test, and what is only waited for is waited for
"""

import concurrent.futures
import hashlib
import os
import pathlib
import socket
import struct
import threading

import harness
import plain_peer
import services

CARRIED = 32 * harness.MIB
SIZES = [0, 1, 100, 65490, 65491, 200000]
AT_ONCE = 200
IN_TURN = 1000
HELD_KIB = 40 * 1024  # one connection's 8 MiB, SCTP's buffers, the allocator's waste

# What a Host among plain peers offers, by port: see tasks.mjs.
EXCHANGE, FRAGMENTS, ENDLESS, RESETS, REFUSES, ENDS, SILENT = range(1, 8)

NOT_ALLOWED, REFUSED, RESET, TOO_SLOW, ENDING = 1, 2, 6, 9, 10


def at(port):
    return f'127.0.0.1:{port}'


def keeps_what_is_freed():
    return b'__asan_init' in pathlib.Path(harness.PORTHOLE).read_bytes()


def serve_slowly(connection):
    """The service's end of an exchange that reads 8 MiB a second at most."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    size, = struct.unpack('!I', harness.receive_exactly(connection, 4))
    sender = threading.Thread(target=plain_peer.send_checked, args=(connection, size), daemon=True)
    sender.start()
    digest = hashlib.sha256()
    pause = threading.Event()
    for at in range(0, size, 32768):
        digest.update(harness.receive_exactly(connection, min(32768, size - at)))
        pause.wait(0.004)
    whole = harness.receive_exactly(connection, digest.digest_size) == digest.digest()
    sender.join(plain_peer.DEADLINE * harness.SCALE)
    if whole:
        connection.close()
    else:
        harness.reset(connection)


def reset_at_once(connection):
    connection.recv(1)
    harness.reset(connection)


ALL = os.environ.get('E2E_PEERS') == 'all'


class Promises(plain_peer.Case):
    def ask_exchange(self, line, service, **options):
        self.peer.ask('exchange', line=line, port=service.port, **options)

    def exchange_many(self, address, sizes, count, parallel):
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
            work = [pool.submit(plain_peer.exchange, address, sizes[i % len(sizes)],
                                half_close=i % 2 == 1) for i in range(count)]
            for one in work:
                one.result(plain_peer.DEADLINE * harness.SCALE)

    # --- bytes ---

    def test_client_carries(self):
        """As Client: 32 MiB each way at once, 200 connections at once, fragments out of order"""
        service = self.start_service(plain_peer.serve_exchange)
        _, line = self.peer_joins(service.endpoint)
        self.ask_exchange(line, service, sizes=[CARRIED])
        self.ask_exchange(line, service, sizes=SIZES, count=AT_ONCE, parallel=AT_ONCE)
        self.ask_exchange(line, service, sizes=SIZES, count=24, parallel=4, fragments=True)
        self.assert_clean(line)

    def test_host_carries(self):
        """As Host: 32 MiB each way at once, 200 connections at once, fragments out of order"""
        client, line = self.peer_hosts(EXCHANGE, FRAGMENTS)
        plain_peer.exchange(client.local(at(EXCHANGE)), CARRIED)
        self.exchange_many(client.local(at(EXCHANGE)), SIZES, AT_ONCE, AT_ONCE)
        self.exchange_many(client.local(at(FRAGMENTS)), SIZES, 24, 4)
        self.assert_clean(line)

    def test_client_in_turn(self):
        """As Client: 1,000 connections one after another, then 300 under one name, past 65535"""
        service = self.start_service(plain_peer.serve_exchange)
        _, line = self.peer_joins(service.endpoint)
        self.ask_exchange(line, service, sizes=[0, 1, 100, 1000, 5000], count=IN_TURN)
        self.peer.ask('exchangeAgain', line=line, port=service.port, sizes=[0, 1, 100, 1000],
                      rounds=300, number=65000)
        self.assert_clean(line)

    def test_host_in_turn(self):
        """As Host: 1,000 connections one after another"""
        client, line = self.peer_hosts(EXCHANGE)
        self.exchange_many(client.local(at(EXCHANGE)), [0, 1, 100, 1000, 5000], IN_TURN, 1)
        self.assert_clean(line)

    def test_verified(self):
        """With the share code's proofs, in both roles, and who has another secret is turned away"""
        service = self.start_service(plain_peer.serve_exchange)
        host, line = self.peer_joins(service.endpoint, bare=False)
        host.expect('join-request', client='plain', verified=True)
        self.ask_exchange(line, service, sizes=[1000])
        client, line = self.peer_hosts(EXCHANGE, bare=False)
        plain_peer.exchange(client.local(at(EXCHANGE)), 1000)
        for program in (host, client):
            self.assertFalse(program.has('warning'), program.events)
        other = host.code.split('.')[0] + '.' + 'A' * 22
        with self.assertRaisesRegex(AssertionError, 'not-verified|404'):
            self.peer.ask('join', signal=host.session['signal'], code=other)

    # --- ends of connections ---

    def assert_told(self, line, port, reason):
        opened = self.peer.ask('open', line=line, port=port)
        self.assertEqual(self.peer.ask('ended', **opened), {'reason': reason})

    def test_client_is_told(self):
        """As Client: each way a connection can end is told in the protocol's words"""
        resetting = self.start_service(reset_at_once)
        ending = self.start_service(lambda connection: connection.close())
        closed = services.ClosedPort()
        arrived = threading.Semaphore(0)
        received = []

        def wait_for_end(connection):
            connection.recv(1)
            arrived.release()
            try:
                received.append(connection.recv(1))
            except ConnectionResetError:
                received.append('reset')

        waiting = self.start_service(wait_for_end)
        _, line = self.peer_joins(*(s.endpoint for s in (resetting, ending, closed, waiting)))
        self.assert_told(line, resetting.port, RESET)
        self.assert_told(line, closed.port, REFUSED)
        self.assert_told(line, 9, NOT_ALLOWED)
        opened = self.peer.ask('open', line=line, port=ending.port, size=0)
        self.assertEqual(self.peer.ask('ended', **opened), {'reason': 0})
        for reason, seen in ((RESET, 'reset'), (0, b'')):
            opened = self.peer.ask('open', line=line, port=waiting.port)
            self.assertTrue(arrived.acquire(timeout=30 * harness.SCALE))
            self.peer.ask('close', **opened, reason=reason)
            harness.until(lambda: received, 'the service to see the end')
            self.assertEqual(received.pop(), seen)
        self.assert_clean(line)

    def test_host_is_told(self):
        """As Host: each way a connection can end reaches the application, or comes from it"""
        client, line = self.peer_hosts(RESETS, REFUSES, ENDS, SILENT)
        for port in (RESETS, REFUSES):
            self.assert_refused(client.local(at(port)), b'x')
        self.assertEqual(harness.receive_all(self.connect(client.local(at(ENDS)))), b'')
        connection = self.connect(client.local(at(SILENT)))
        connection.sendall(b'x')
        harness.until(lambda: self.peer.ask('state', line=line)['connections'], 'a connection')
        harness.reset(connection)
        client.expect('connection', state='closed', dst=at(SILENT), reason='reset')
        client.expect('connection', state='closed', dst=at(REFUSES), reason='refused')
        self.assert_clean(line)

    # --- ends of sessions ---

    def assert_left(self, program, line, how, stuck):
        self.peer.ask(how, line=line)
        program.expect('disconnected')
        self.assert_reset(stuck)

    def test_client_leaves(self):
        """As Client: its connections are reset when it closes its channel, or all of it"""
        sockets = []
        service = self.start_service(lambda connection: (sockets.append(connection),
                                                         connection.settimeout(None)))
        for how in ('closeChannel', 'closePeer'):
            host, line = self.peer_joins(service.endpoint)
            self.peer.ask('open', line=line, port=service.port)
            host.expect('connection', state='open')
            harness.until(lambda: sockets, 'the connection')
            self.assert_left(host, line, how, sockets.pop())

    def test_host_leaves(self):
        """As Host: its Client's applications are reset, and the Client ends"""
        for how in ('closeChannel', 'closePeer'):
            client, line = self.peer_hosts(SILENT)
            stuck = self.connect(client.local(at(SILENT)))
            client.expect('connection', state='open')
            self.assert_left(client, line, how, stuck)
            self.expect_exit(client, harness.STATUS_ENDED)

    def test_ours_leave(self):
        """A plain peer learns at once that Porthole has ended, in both roles"""
        service = self.start_service(plain_peer.stay_silent)
        host, line = self.peer_joins(service.endpoint)
        opened = self.peer.ask('open', line=line, port=service.port)
        host.expect('connection', state='open')
        host.command('quit')
        self.assertEqual(self.peer.ask('ended', **opened), {'reason': ENDING})
        self.peer.ask('lost', line=line)
        self.expect_exit(host, harness.STATUS_ENDED)
        client, line = self.peer_hosts(SILENT)
        self.connect(client.local(at(SILENT)))
        client.expect('connection', state='open')
        client.command('quit')
        self.peer.ask('lost', line=line)
        self.expect_exit(client, harness.STATUS_ENDED)
        self.assert_clean(line)


class Limits(Promises):
    """What takes longer, and depends less on the stack."""

    # --- readers that do not read ---

    def test_slow_service(self):
        """As Client: a service that does not read is given up, the others go on"""
        slow = self.start_service(plain_peer.stay_silent)
        service = self.start_service(plain_peer.serve_exchange)
        host, line = self.peer_joins(slow.endpoint, service.endpoint)
        before = host.resident_kib()[0]
        flood = self.peer.start('flood', line=line, port=slow.port)
        self.ask_exchange(line, service, sizes=[harness.MIB])
        self.assertEqual(flood.result(60 * harness.SCALE), {'reason': TOO_SLOW})
        host.expect('connection', state='closed', reason='too-slow')
        self.ask_exchange(line, service, sizes=[harness.MIB])
        if not keeps_what_is_freed():
            self.assertLess(host.resident_kib()[0] - before, HELD_KIB)
        self.assert_clean(line)

    def test_slow_application(self):
        """As Host: an application that does not read is given up, the others go on"""
        client, line = self.peer_hosts(ENDLESS, EXCHANGE)
        before = client.resident_kib()[0]
        stuck = self.connect(client.local(at(ENDLESS)))
        client.expect('connection', state='closed', dst=at(ENDLESS), reason='too-slow')
        self.assert_reset(stuck)
        plain_peer.exchange(client.local(at(EXCHANGE)), harness.MIB)
        if not keeps_what_is_freed():
            self.assertLess(client.resident_kib()[0] - before, HELD_KIB)
        self.assert_clean(line)

    def test_steady_service(self):
        """As Client: a service slower than the line gets all of 24 MiB"""
        service = self.start_service(serve_slowly)
        _, line = self.peer_joins(service.endpoint)
        self.ask_exchange(line, service, sizes=[24 * harness.MIB])
        self.assert_clean(line)

    def test_stopped_peer(self):
        """A peer that stands still is sent no more than the line holds, and then all of it"""
        sent = []

        def serve_counting(connection):
            size, = struct.unpack('!I', harness.receive_exactly(connection, 4))
            data = os.urandom(size)
            threading.Thread(target=plain_peer.receive_checked, args=(connection, size)).start()
            for at in range(0, size, 65536):
                connection.sendall(data[at:at + 65536])
                sent.append(at)
            connection.sendall(hashlib.sha256(data).digest())

        service = self.start_service(serve_counting)
        host, line = self.peer_joins(service.endpoint)
        before = host.resident_kib()[0]
        exchange = self.peer.start('exchange', line=line, port=service.port,
                                   sizes=[48 * harness.MIB], closeFirst=True)
        harness.until(lambda: len(sent) > 32, 'some of it')
        self.peer.stop()
        self.wait_until_still(sent)
        if not keeps_what_is_freed():
            self.assertLess(host.resident_kib()[0] - before, HELD_KIB)
        self.peer.go_on()
        exchange.result(plain_peer.DEADLINE * harness.SCALE)
        self.assert_clean(line)

    def wait_until_still(self, sent):
        seen = []

        def is_still():
            seen.append(len(sent))
            return len(seen) > 25 and len(set(seen[-25:])) == 1

        harness.until(is_still, 'the service to be held up')

    # --- applications that go without a word ---

    def test_gone_application(self):
        """As Host: an application that has closed, and not only shut down writing, is found out"""
        client, line = self.peer_hosts(SILENT)
        connection = self.connect(client.local(at(SILENT)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 1)
        half_closed = self.connect(client.local(at(SILENT)))
        half_closed.shutdown(socket.SHUT_WR)
        harness.until(lambda: self.peer.ask('state', line=line)['connections'] == 2, 'both')
        connection.close()
        client.expect('connection', state='closed', reason='reset')
        harness.until(lambda: self.peer.ask('state', line=line)['connections'] == 1, 'one to end')
        half_closed.close()

    # --- what is wrong ---

    def test_malformed(self):
        """Messages that are no frames harm nobody; a hundred of them end the session"""
        service = self.start_service(plain_peer.serve_exchange)
        host, line = self.peer_joins(service.endpoint)
        self.peer.ask('malformed', line=line, count=50)
        self.peer.ask('malformed', line=line, count=49, size=44)
        self.ask_exchange(line, service, sizes=SIZES, count=6)
        self.assert_clean(line)
        self.peer.ask('malformed', line=line, count=1)
        host.expect('disconnected')
        self.peer.ask('lost', line=line)


Essentials = Limits if ALL else Promises
