#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the two ends find each other: own addresses, STUN, TURN, and no way at all."""

import signal
import socket
import subprocess

import harness
import services


class Paths(harness.Case):
    def setUp(self):
        super().setUp()
        self.echo = services.start_service(self, services.echo)
        self.daemon = self.start_daemon()

    def connect_with(self, host_options, join_options):
        """Host and Client with these options; both connected events, and bytes through it."""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow',
                               self.echo.endpoint, *host_options)
        client = self.start_join(host.code, '--signal', self.daemon.url, '-L',
                                 f'0:{self.echo.endpoint}', *join_options)
        events = host.expect('connected'), client.expect('connected')
        self.assert_carries(client.local(self.echo.endpoint), self.echo)
        return events

    def test_own_addresses(self):
        """On one machine the path is “lan”"""
        for event in self.connect_with([], []):
            self.assertEqual(event['path'], 'lan')

    def test_stun(self):
        """A STUN server is asked by both sides"""
        servers = [services.StunServer(), services.StunServer()]
        for server in servers:
            self.addCleanup(server.close)
        self.connect_with(['--stun', f'127.0.0.1:{servers[0].port}'],
                          ['--stun', f'localhost:{servers[1].port}'])
        for server in servers:
            self.assertGreater(server.requests, 0)

    def test_stun_from_the_environment(self):
        """PORTHOLE_STUN does what --stun does, and --stun none switches it off"""
        server = services.StunServer()
        self.addCleanup(server.close)
        self.env['PORTHOLE_STUN'] = f'127.0.0.1:{server.port}'
        self.connect_with(['--stun', 'none'], ['--stun', 'none'])
        self.assertEqual(server.requests, 0)
        self.connect_with([], ['--stun', 'none'])
        self.assertGreater(server.requests, 0)

    def test_stun_that_does_not_answer(self):
        """A STUN server that is not there, or has no such name, only costs a little time"""
        port = harness.free_port()
        self.connect_with(['--stun', f'127.0.0.1:{port}', '--stun', 'no-such-host.invalid'], [])

    def test_relay_udp(self):
        """Both sides through a TURN server over UDP: the path is “relayed”"""
        turn = services.start_turn_server(self)
        options = ['--turn', turn.option, '--relay-only']
        for event in self.connect_with(options, options):
            self.assertEqual(event['path'], 'relayed')

    def test_relay_tcp(self):
        """Both sides through a TURN server over TCP"""
        turn = services.start_turn_server(self)
        options = ['--turn', f'{turn.option}?transport=tcp', '--relay-only']
        for event in self.connect_with(options, options):
            self.assertEqual(event['path'], 'relayed')

    def test_relay_of_one_side(self):
        """One side's TURN server is enough"""
        turn = services.start_turn_server(self)
        # Naming a server on loopback makes the Client use its loopback addresses, too.
        stun = turn.option.rpartition('@')[2]
        for event in self.connect_with(['--turn', turn.option, '--relay-only'], ['--stun', stun]):
            self.assertEqual(event['path'], 'relayed')

    def test_relay_from_the_environment(self):
        """PORTHOLE_TURN does what --turn does"""
        turn = services.start_turn_server(self)
        self.env['PORTHOLE_TURN'] = turn.option
        for event in self.connect_with(['--relay-only'], ['--relay-only']):
            self.assertEqual(event['path'], 'relayed')

    def test_relay_lost(self):
        """A TURN server that dies takes a relayed session with it, and that is noticed"""
        turn = services.start_turn_server(self)
        options = ['--turn', turn.option, '--relay-only']
        host = self.start_host('--signal', self.daemon.url, '--yes', *options)
        client = self.start_join(host.code, '--signal', self.daemon.url, *options)
        client.expect('connected')
        host.expect('connected')
        turn.process.kill()
        self.expect_error(client, harness.STATUS_PEER_LOST, 'peer-lost', seconds=45)
        host.expect('disconnected', seconds=45)


class NoPath(harness.Case):
    def no_path(self, option, why):
        """That a relay which gives nothing leaves the Client with “no path”, and both told why."""
        daemon = self.start_daemon()
        options = ['--turn', option, '--relay-only']
        host = self.start_host('--signal', daemon.url, '--yes', *options)
        client = self.start_join(host.code, '--signal', daemon.url, *options)
        error = self.expect_error(client, harness.STATUS_NO_PATH, 'no-path', seconds=50)
        warning = host.expect('warning', code='no-path')
        for message in (error['message'], warning['message']):
            self.assertIn('Only relayed paths are allowed', message)
            self.assertIn(why, message)
        self.assertTrue(host.running())
        self.assertFalse(host.has('connected'))
        host.send_signal(signal.SIGTERM)
        self.expect_exit(host, harness.STATUS_ENDED)

    def test_relay_not_there(self):
        """A TURN server that does not answer: 6"""
        self.no_path(f'turn:anna:pw@127.0.0.1:{harness.free_port()}', 'Nothing answers')

    def test_relay_not_there_tcp(self):
        """A TURN server that refuses the TCP connection: 6"""
        self.no_path(f'turn:anna:pw@127.0.0.1:{harness.free_port()}?transport=tcp',
                     'cannot be reached by TCP')

    def test_relay_wrong_password(self):
        """A TURN server that turns the password down: 6"""
        turn = services.start_turn_server(self)
        self.no_path(turn.option.replace(services.TURN_PASSWORD, 'wrong'),
                     'turns user and password down')


class Test(harness.Case):
    """porthole test: whether a server works, and if not, why."""

    def tried(self, *servers):
        """The events, by server; and the exit status that fits them."""
        process = self.own(harness.Program([harness.PORTHOLE, 'test', '--json', *servers],
                                           self.env, stdin=subprocess.DEVNULL))
        events = [process.expect('server') for _ in servers]
        works = all(event['works'] for event in events)
        self.expect_exit(process, harness.STATUS_ENDED if works else harness.STATUS_FAILED)
        return {event['server']: event for event in events}

    def one(self, server, works, *words):
        event, = self.tried(server).values()
        self.assertEqual(event['works'], works, event)
        self.assertNotIn(services.TURN_PASSWORD, str(event))
        for word in words:
            self.assertIn(word, event['message'])

    def test_turn(self):
        """A relay is allocated over UDP and TCP; a wrong password is called one"""
        turn = services.start_turn_server(self)
        self.one(turn.option, True, 'relays at 127.0.0.1')
        self.one(f'{turn.option}?transport=tcp', True, 'relays at 127.0.0.1')
        wrong = turn.option.replace(services.TURN_PASSWORD, 'wrong')
        self.one(wrong, False, 'turns user and password down')
        self.one(f'{wrong}?transport=tcp', False, 'turns user and password down')
        turn.process.expect_line('refreshed, .*lifetime=0')  # it was given back

    def test_not_there(self):
        """Nobody there, nobody who answers, or somebody else: each is said"""
        web = services.start_web_server(self, self.folder)
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(('127.0.0.1', 0))
        port = silent.getsockname()[1]
        closed = services.ClosedPort()
        events = self.tried(f'turn:anna:pw@127.0.0.1:{port}', f'127.0.0.1:{port}',
                            f'turn:a:b@{closed.endpoint}', f'http://{closed.endpoint}',
                            f'turn:a:b@{closed.endpoint}?transport=tcp',
                            f'turn:a:b@127.0.0.1:{web.port}?transport=tcp',
                            f'http://127.0.0.1:{web.port}')
        self.assertFalse(any(event['works'] for event in events.values()))
        for server, word in ((f'turn:…@127.0.0.1:{port}', 'UDP'), (f'127.0.0.1:{port}', 'UDP'),
                             (f'turn:…@{closed.endpoint}', 'Nothing answers'),
                             (f'turn:…@{closed.endpoint}?transport=tcp', 'TCP'),
                             (f'http://{closed.endpoint}', 'does not answer'),
                             (f'turn:…@127.0.0.1:{web.port}?transport=tcp', 'does not answer'),
                             (f'http://127.0.0.1:{web.port}', 'not as a signaling server')):
            self.assertIn(word, events[server]['message'])

    def test_stun_and_signaling(self):
        """A STUN server says how it sees us; a signaling server is known, a Host's own as well"""
        stun = services.StunServer()
        self.addCleanup(stun.close)
        self.one(f'127.0.0.1:{stun.port}', True, '127.0.0.1')
        self.one(self.start_daemon().url, True, 'signaling server')
        self.one(self.start_host('--yes').expect('session')['signal'], True)


if __name__ == '__main__':
    harness.main(at_a_time=4)
