#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the two ends find each other: own addresses, STUN, TURN, and no way at all."""

import signal

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
    def no_path(self, option):
        """That a relay which gives nothing leaves the Client with “no path”, and the Host alone."""
        daemon = self.start_daemon()
        options = ['--turn', option, '--relay-only']
        host = self.start_host('--signal', daemon.url, '--yes', *options)
        client = self.start_join(host.code, '--signal', daemon.url, *options)
        error = self.expect_error(client, harness.STATUS_NO_PATH, 'no-path', seconds=50)
        self.assertIn('TURN', error['message'])
        self.assertTrue(host.running())
        self.assertFalse(host.has('connected'))
        host.send_signal(signal.SIGTERM)
        self.expect_exit(host, harness.STATUS_ENDED)

    def test_relay_not_there(self):
        """A TURN server that does not answer: 6"""
        self.no_path(f'turn:anna:pw@127.0.0.1:{harness.free_port()}')

    def test_relay_not_there_tcp(self):
        """A TURN server that refuses the TCP connection: 6"""
        self.no_path(f'turn:anna:pw@127.0.0.1:{harness.free_port()}?transport=tcp')

    def test_relay_wrong_password(self):
        """A TURN server that turns the password down: 6"""
        turn = services.start_turn_server(self)
        self.no_path(turn.option.replace(services.TURN_PASSWORD, 'wrong'))


if __name__ == '__main__':
    harness.main(at_a_time=4)
