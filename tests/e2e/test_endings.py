#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How sessions end: by either person, by signals, by a crash; and life without signaling."""

import contextlib
import fcntl
import json
import signal
import socket
import subprocess

import harness
import services


class Ends(harness.Case):
    def test_host_quits(self):
        """The Host's `quit` ends both with 0, and open connections are reset"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        address = client.local(echo.endpoint)
        connection = self.connect(address)
        connection.sendall(b'x')
        self.assertEqual(connection.recv(1), b'x')
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        client.expect('disconnected')
        self.expect_exit(client, harness.STATUS_ENDED)
        self.assert_reset(connection)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10)

    def test_client_quits(self):
        """The Client's `quit` ends it with 0; the Host stays for the next one"""
        daemon, host = self.host_for()
        for _ in range(2):
            client = self.join_for(daemon, host)
            client.command('quit')
            self.expect_exit(client, harness.STATUS_ENDED)
            host.expect('disconnected')
        self.assertTrue(host.running())

    def test_signals(self):
        """SIGINT and SIGTERM end either side in order: 0, and the other one is told"""
        for number in (signal.SIGINT, signal.SIGTERM):
            for side in ('host', 'client'):
                with self.subTest(signal=number, side=side):
                    host, client = self.pair()
                    process, other = (host, client) if side == 'host' else (client, host)
                    process.send_signal(number)
                    self.expect_exit(process, harness.STATUS_ENDED)
                    other.expect('disconnected')
                    client.finish()
                    host.finish()

    def test_signals_again_and_again(self):
        """Somebody who cannot wait and asks again while it ends changes nothing"""
        for side in ('host', 'client'):
            with self.subTest(side=side):
                host, client = self.pair()
                process = host if side == 'host' else client

                def asked_again():
                    with contextlib.suppress(ProcessLookupError):
                        process.send_signal(signal.SIGINT)
                    return not process.running()

                harness.until(asked_again, 'its end')
                self.expect_exit(process, harness.STATUS_ENDED)

    def test_nobody_reads(self):
        """A reader of the output that stops holds up neither the tunnel nor the end"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        command = [harness.PORTHOLE, 'join', host.code, '--json', '--signal', daemon.url,
                   '-L', f'0:{echo.endpoint}']
        stuck = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            fcntl.fcntl(stuck.stdout, fcntl.F_SETPIPE_SZ, 4096)
            address = harness.split_endpoint(json.loads(stuck.stdout.readline())['local'])
            host.expect('connected')
            for _ in range(40):  # each tells more than 200 bytes
                self.assert_carries(address, echo, 1000)
            stuck.send_signal(signal.SIGTERM)
            self.assertEqual(stuck.wait(20 * harness.SCALE), harness.STATUS_ENDED)
        finally:
            stuck.kill()
            stuck.communicate()

    def test_signals_before_anybody_came(self):
        """A Host that waits, and a Client that waits for its answer, end in order too"""
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url)
        client = self.start_join(host.code, '--signal', daemon.url)
        host.expect('join-request')
        client.send_signal(signal.SIGINT)
        self.expect_exit(client, harness.STATUS_ENDED)
        host.send_signal(signal.SIGINT)
        self.expect_exit(host, harness.STATUS_ENDED)

    def test_signal_with_connections(self):
        """A signal ends a Client that has busy connections, in order"""
        def pour(connection):
            while True:
                connection.sendall(bytes(65536))

        source = services.start_service(self, pour)
        _, client = self.pair(source)
        for _ in range(10):
            self.connect(client.local(source.endpoint)).recv(1)
        client.send_signal(signal.SIGTERM)
        self.expect_exit(client, harness.STATUS_ENDED)

    def test_host_killed(self):
        """A Host that is gone without a word is noticed: 9, and the ports are released"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        address = client.local(echo.endpoint)
        connection = self.connect(address)
        host.kill()
        self.expect_error(client, harness.STATUS_PEER_LOST, 'peer-lost', seconds=45)
        self.assert_reset(connection)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10)

    def test_client_killed(self):
        """A Client that is gone without a word is noticed: the Host lets its connections go"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.join_for(daemon, host, echo, options=['--name', 'anna'])
        self.connect(client.local(echo.endpoint)).sendall(b'x')
        harness.until(lambda: echo.connections, 'the connection to arrive')
        client.kill()
        host.expect('disconnected', peer='anna', seconds=45)
        host.expect('connection', state='closed')
        again = self.join_for(daemon, host, echo, options=['--name', 'anna'])
        host.expect('connected', peer='anna', seconds=20)
        self.assert_carries(again.local(echo.endpoint), echo)

    def test_kicked(self):
        """`kick` ends the Client as if the Host had ended, even with a stopped reader"""
        def pour(connection):
            while True:
                connection.sendall(bytes(65536))

        source = services.start_service(self, pour)
        daemon, host = self.host_for(source)
        client = self.join_for(daemon, host, source, options=['--name', 'anna'])
        self.connect(client.local(source.endpoint)).recv(1)
        host.expect('connection', state='open')
        host.command('kick anna')
        self.expect_exit(client, harness.STATUS_ENDED)
        host.expect('disconnected', peer='anna')


class WithoutSignaling(harness.Case):
    def test_daemon_killed_after_connecting(self):
        """Once connected nothing is felt when the signaling server dies"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.join_for(daemon, host, echo)
        address = client.local(echo.endpoint)
        connection = self.connect(address)
        connection.sendall(b'before')
        self.assertEqual(harness.receive_exactly(connection, 6), b'before')
        daemon.kill()
        self.assert_carries(address, echo, 4 * harness.MIB)
        host.expect('warning', code='signal-unreachable', seconds=60)
        connection.sendall(b'after')
        self.assertEqual(harness.receive_exactly(connection, 5), b'after')
        self.assert_carries(address, echo, 4 * harness.MIB)
        self.assertTrue(client.running())

    def test_daemon_restarted(self):
        """A signaling server that comes back knows the old code again"""
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes')
        code = host.code
        port = daemon.port
        daemon.kill()
        again = self.start_daemon(port=port)

        def joined():
            client = self.start_join(code, '--signal', again.url)
            harness.until(lambda: client.has('connected') or not client.running(), 'an answer', 60)
            return client.has('connected')

        harness.until(joined, 'the Host to be back', seconds=90)

    def test_daemon_ends_in_order(self):
        """SIGTERM answers held polls and ends the daemon with 0"""
        daemon, host = self.host_for()
        self.assertTrue(host.code)
        daemon.send_signal(signal.SIGTERM)
        self.expect_exit(daemon, harness.STATUS_ENDED)
        self.assertTrue(host.running())

    def test_built_in(self):
        """With no server configured the Host is its own, and the link says where it is"""
        echo = services.start_service(self, services.echo)
        host = self.start_host('--yes', '--allow', echo.endpoint)
        link = host.session['link']
        self.assertRegex(link, rf'^porthole\+http://[^/]+:\d+/{harness.ID}#{harness.SECRET}$')
        client = self.start_join(link, '-L', f'0:{echo.endpoint}')
        client.expect('connected')
        self.assert_carries(client.local(echo.endpoint), echo)
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        self.expect_exit(client, harness.STATUS_ENDED)

    def test_built_in_many(self):
        """The built-in server takes several Clients, and turns away a wrong secret"""
        host = self.start_host('--yes')
        link = host.session['link']
        for name in ('anna', 'bert'):
            self.start_join(link, '--name', name).expect('connected')
            host.expect('connected', peer=name)
        wrong = self.start_join(link[:link.index('#')] + '#' + 'A' * 22)
        self.expect_error(wrong, harness.STATUS_NOT_VERIFIED, 'not-verified')

    def test_code_without_a_server(self):
        """A bare code says nothing about where to ask: that is told, with what would help"""
        host = self.start_host('--yes')
        process = self.run_to_end('join', host.code)
        self.assertEqual(process.child.returncode, harness.STATUS_USAGE)
        self.assertRegex('\n'.join(process.err), r'link|--signal')


class Unreachable(harness.Case):
    def test_nobody_listens(self):
        """A signaling server that is not there: 3, for Host and Client"""
        url = f'http://127.0.0.1:{harness.free_port()}'
        host = self.start_host('--signal', url)
        client = self.start_join('A' * 21 + '.' + 'A' * 22, '--signal', url)
        for process in (host, client):
            error = self.expect_error(process, harness.STATUS_UNREACHABLE, 'signal-unreachable')
            self.assertIn(url, error['message'])

    def test_answers_never(self):
        """A server that accepts and says nothing counts as not there"""
        silent = services.start_service(self, lambda connection: connection.recv(1 << 20) and
                                        connection.recv(1))
        host = self.start_host('--signal', f'http://{silent.endpoint}')
        self.expect_error(host, harness.STATUS_UNREACHABLE, 'signal-unreachable')

    def misbehave(self, body, status='201 Created'):
        """A server that gives this answer to whatever it is asked."""
        def answer(connection):
            connection.recv(1 << 20)
            connection.sendall(f'HTTP/1.1 {status}\r\nContent-Type: application/json\r\n'
                               f'Content-Length: {len(body)}\r\nConnection: close\r\n\r\n'
                               .encode() + body)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
            connection.close()

        return services.start_service(self, answer)

    def test_misbehaving_server(self):
        """Whatever a server answers, both programs end with an error and no crash"""
        bodies = {
            'nothing': b'', 'not JSON': b'<html>', 'not an object': b'[]', 'empty': b'{}',
            'nested': b'[' * 60000, 'wrong types': b'{"id":1,"token":[],"status":{}}',
            'not UTF-8': b'{"id":"\xff\xfe"}', 'bad id': b'{"id":"../../x","token":"t"}',
            'too large': b'{"id":"' + b'A' * 100000 + b'"}',
        }
        code = 'A' * 21 + '.' + 'A' * 22
        for name, body in bodies.items():
            with self.subTest(answer=name):
                url = f'http://{self.misbehave(body).endpoint}'
                for process in (self.start_host('--signal', url),
                                self.start_join(code, '--signal', url)):
                    process.expect('error', seconds=60)
                    self.assertIn(process.wait(60), (harness.STATUS_UNREACHABLE,
                                                     harness.STATUS_UNKNOWN))


if __name__ == '__main__':
    harness.main(at_a_time=4)
