#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on the Host and mappings on the Client: at the start and while running."""

import os
import socket
import unittest

import harness
import services


class Rules(harness.Case):
    def denied(self, client, service, reason='not-allowed'):
        """That a connection through the mapping is reset and both say why."""
        self.assert_refused(client.local(service.endpoint))
        client.expect('connection', state='closed', reason=reason)

    def test_denied(self):
        """What no rule allows is reset, and both ends say so"""
        echo = services.start_service(self, services.echo)
        other = services.start_service(self, services.echo)
        host, client = self.pair(echo, join_options=['-L', f'0:{other.endpoint}'])
        self.denied(client, other)
        host.expect('connection', state='closed', reason='not-allowed')
        self.assert_carries(client.local(echo.endpoint), echo)
        self.assertEqual(other.connections, [])

    def test_nothing_is_allowed_by_default(self):
        """A Host with no rule starts, says so, and lets nothing through"""
        echo = services.start_service(self, services.echo)
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes')
        client = self.join_for(daemon, host, echo)
        host.expect('warning')
        self.denied(client, echo)

    def test_refused(self):
        """A port nobody listens on is reset, and both ends say “refused”"""
        closed = services.ClosedPort()
        host, client = self.pair(closed)
        self.denied(client, closed, 'refused')
        host.expect('connection', state='closed', reason='refused')

    def test_allow_while_running(self):
        """`allow` takes effect on the next connection"""
        echo = services.start_service(self, services.echo)
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes')
        client = self.join_for(daemon, host, echo)
        self.denied(client, echo)
        host.command(f'allow {echo.endpoint}')
        harness.until(lambda: self.carries(client.local(echo.endpoint)), 'the rule to be there')

    def carries(self, address):
        try:
            return self.exchange(address, b'probe') == b'probe'
        except OSError:
            return False

    def test_deny_while_in_use(self):
        """`deny` closes what its rule had allowed, and only that"""
        echo = services.start_service(self, services.echo)
        other = services.start_service(self, services.echo)
        host, client = self.pair(echo, other)
        doomed = self.connect(client.local(echo.endpoint))
        spared = self.connect(client.local(other.endpoint))
        for connection in (doomed, spared):
            connection.sendall(b'here')
            self.assertEqual(harness.receive_exactly(connection, 4), b'here')
        host.command(f'deny {echo.endpoint}')
        self.assert_reset(doomed)
        client.expect('connection', state='closed', reason='not-allowed')
        spared.sendall(b'still here')
        self.assertEqual(harness.receive_exactly(spared, 10), b'still here')
        self.denied(client, echo)

    def test_deny_spares_what_another_rule_allows(self):
        """A connection that another rule allows as well outlives `deny`"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo, host_options=['--allow', f'127.0.*:{echo.port}'])
        connection = self.connect(client.local(echo.endpoint))
        connection.sendall(b'a')
        self.assertEqual(harness.receive_exactly(connection, 1), b'a')
        host.command(f'deny {echo.endpoint}')
        self.settle(host)
        connection.sendall(b'b')
        self.assertEqual(harness.receive_exactly(connection, 1), b'b')
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_deny_with_a_stopped_reader(self):
        """`deny` reaches a connection whose application reads nothing"""
        def pour(connection):
            while True:
                connection.sendall(bytes(65536))

        source = services.start_service(self, pour)
        host, client = self.pair(source)
        stopped = self.connect(client.local(source.endpoint))
        harness.until(lambda: source.connections, 'the connection to arrive')
        stopped.recv(1)
        host.command(f'deny {source.endpoint}')
        client.expect('connection', state='closed', reason='not-allowed')
        self.assert_reset(stopped)

    def test_listed(self):
        """`rules` lists what is shared just now"""
        _, host = self.host_for(options=['--allow', '127.0.0.1:80',
                                         '--allow', 'LOCALHOST:8000-8010'])
        host.command('deny 127.0.0.1:80')
        host.command('rules')
        self.assertEqual(host.expect('rules')['rules'], ['localhost:8000-8010'])

    def test_commands_explained(self):
        """`help` tells each command with what it does, on both sides"""
        daemon = self.start_daemon()
        host = self.own(harness.Process([harness.PORTHOLE, 'host', '--signal', daemon.url],
                                        self.env))
        code = host.expect_line(rf'{harness.ID}[.]{harness.SECRET}').group()
        client = self.own(harness.Process([harness.PORTHOLE, 'join', code, '--signal', daemon.url],
                                          self.env))
        for process, commands in ((host, ('allow RULE', 'rules', 'kick NAME', 'quit')),
                                  (client, ('map SPEC', 'unmap PORT', 'quit'))):
            process.command('help')
            for command in commands:
                process.expect_line(f'^  {command} +[a-z]')

    def test_forms(self):
        """Every form of rule allows the service it is meant for"""
        echo = services.start_service(self, services.echo)
        port = echo.port
        rules = [f'127.0.0.1:{port}', f'127.0.*:{port}', f'127.*.0.1:{port}', '127.*:*',
                 f'127.0.0.0/8:{port}', f'*:{port}', '*:*', f'127.0.0.1:{port - 1}-{port}',
                 '127.0.0.1:*']
        daemon = self.start_daemon()
        for rule in rules:
            with self.subTest(rule=rule):
                host = self.start_host('--signal', daemon.url, '--yes', '--allow', rule)
                client = self.join_for(daemon, host, echo)
                self.assert_carries(client.local(echo.endpoint), rule)
                client.finish()
                host.finish()

    def test_bad_command(self):
        """A rule that cannot be read is answered in words, and all goes on"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        for command, quoted in (('allow 127.0.0.1', '“127.0.0.1”'), ('deny *:8', '“*:8”'),
                                ('allow', '“allow”'), ('dance', '“dance”')):
            self.assertIn(quoted, self.ask(host, command)['message'])
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_unspecified_address_is_not_local(self):
        """`*` does not stand for 0.0.0.0, which would mean the Host itself"""
        echo = services.start_service(self, services.echo)
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes', '--allow', '*:*')
        client = self.start_join(host.code, '--signal', daemon.url,
                                 '-L', f'0:0.0.0.0:{echo.port}')
        client.expect('connected')
        self.assert_refused(client.local(f'0.0.0.0:{echo.port}'))
        client.expect('connection', state='closed', reason='not-allowed')
        self.assertEqual(echo.connections, [])


class Names(harness.Case):
    def through(self, rule, target, address='127.0.0.1'):
        """A connected Client with a mapping to `target`; {port} stands for an echo's port."""
        echo = services.start_service(self, services.echo, address)
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes', '--allow',
                               rule.format(port=echo.port))
        remote = target.format(port=echo.port)
        client = self.start_join(host.code, '--signal', daemon.url, '-L', f'0:{remote}')
        client.expect('connected')
        return client, remote

    def test_name_rule(self):
        """A name rule allows the addresses its name has on the Host"""
        client, remote = self.through('localhost:{port}', 'localhost:{port}')
        self.assert_carries(client.local(remote), remote)

    def test_address_rule_for_a_name(self):
        """An address rule allows a name that has the address"""
        client, remote = self.through('127.0.0.1:{port}', 'localhost:{port}')
        self.assert_carries(client.local(remote), remote)

    def test_name_rule_is_for_names(self):
        """A name rule for another name allows nothing"""
        client, remote = self.through('example.com:{port}', 'localhost:{port}')
        self.assert_refused(client.local(remote))
        client.expect('connection', state='closed', reason='not-allowed')

    def test_name_not_found(self):
        """A name that does not exist is said to be that"""
        try:
            socket.getaddrinfo('no-such-host.invalid', 80)
            self.skipTest('this network answers for names that do not exist')
        except socket.gaierror as error:
            if error.errno != socket.EAI_NONAME:
                self.skipTest('no name server answers')
        client, remote = self.through('*:*', 'no-such-host.invalid:80')
        self.assert_refused(client.local(remote))
        client.expect('connection', state='closed', reason='name-not-found')

    @unittest.skipUnless(harness.has_ipv6(), 'no ::1 here')
    def test_ipv6_service(self):
        """A service on ::1, by a rule and a mapping in brackets"""
        client, remote = self.through('[::1]:{port}', '[::1]:{port}', '::1')
        self.assert_carries(client.local(remote), remote)

    @unittest.skipUnless(harness.has_ipv6(), 'no ::1 here')
    def test_ipv6_service_by_name(self):
        """A service that only ::1 has is reached by the name localhost, if the system says so"""
        addresses = {entry[4][0] for entry in socket.getaddrinfo('localhost', 80)}
        if '::1' not in addresses:
            self.skipTest('localhost is not ::1 here')
        client, remote = self.through('localhost:{port}', 'localhost:{port}', '::1')
        self.assert_carries(client.local(remote), remote)


class Offers(harness.Case):
    def test_offered(self):
        """A Host tells what its rules name, and follows them; programs hear of it"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.join_for(daemon, host)
        port = int(echo.endpoint.rsplit(':', 1)[1])
        offered = client.expect('services')['services']
        self.assertEqual(offered, [{'title': '', 'address': '127.0.0.1', 'port': port,
                                    'kind': 'other'}])
        client.command('map 0:{address}:{port}'.format(**offered[0]))
        self.assert_carries(client.local(echo.endpoint), echo, harness.MIB)
        host.command('allow [::1]:25565')
        self.assertEqual(client.expect('services')['services'][1],
                         {'title': 'Minecraft', 'address': '::1', 'port': 25565, 'kind': 'game'})
        host.command('allow 192.168.*:*')  # names no service
        host.command(f'deny {echo.endpoint}')
        self.assertEqual(len(client.expect('services')['services']), 1)
        host.command('deny [::1]:25565')
        self.assertEqual(client.expect('services')['services'], [])

    def test_told_to_people(self):
        """People read what to type, unless it is mapped already"""
        daemon = self.start_daemon()
        rules = ('127.0.0.1:25565', '127.0.0.1:80', '[::1]:22', 'localhost:4711', '127.0.0.1:8080',
                 '10.0.0.0/8:443')
        host = self.start_host('--signal', daemon.url, '--yes',
                               *(part for rule in rules for part in ('--allow', rule)))
        client = self.own(harness.Process([harness.PORTHOLE, 'join', host.session['link'],
                                           '-L', '0:127.0.0.1:8080'], self.env))
        client.expect_line('^The Host offers “Web”: 127.0.0.1:8080$')
        self.assertEqual([line for line in client.out if line.startswith('The Host offers')], [
            'The Host offers “Minecraft”: 127.0.0.1:25565 – map it with “map 25565”',
            'The Host offers “Web”: 127.0.0.1:80 – map it with “map 8080:127.0.0.1:80”',
            'The Host offers “SSH”: [::1]:22 – map it with “map 8022:[::1]:22”',
            'The Host offers localhost:4711 – map it with “map 4711:localhost:4711”',
            'The Host offers “Web”: 127.0.0.1:8080',
        ])
        host.command('deny 127.0.0.1:25565')
        client.expect_line('^The Host no longer offers “Minecraft”: 127.0.0.1:25565$')
        client.command('quit')
        client.wait(60)


class Mappings(harness.Case):
    def test_same_port(self):
        """`-L PORT` listens on 127.0.0.1 and reaches the same port over there"""
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes', '--allow', '*:*')
        port = harness.free_port()
        client = self.start_join(host.code, '--signal', daemon.url, '-L', str(port))
        mapping = client.expect('mapping', state='listening')
        self.assertEqual(mapping['local'], f'127.0.0.1:{port}')
        self.assertEqual(mapping['remote'], f'127.0.0.1:{port}')

    def test_loopback_only(self):
        """A mapping without a bind address listens on 127.0.0.1 and nowhere else"""
        echo = services.start_service(self, services.echo)
        _, client = self.pair(echo)
        address, port = client.local(echo.endpoint)
        self.assertEqual(address, '127.0.0.1')
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(('127.0.0.2', port), timeout=10)

    def test_bind(self):
        """`BIND:PORT:HOST:HOSTPORT` listens where it says"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.start_join(host.code, '--signal', daemon.url,
                                 '-L', f'127.0.0.2:0:{echo.endpoint}')
        client.expect('connected')
        address = client.local(echo.endpoint)
        self.assertEqual(address[0], '127.0.0.2')
        self.assert_carries(address, echo)

    @unittest.skipUnless(harness.has_ipv6(), 'no ::1 here')
    def test_bind_ipv6(self):
        """A bracketed bind address"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.start_join(host.code, '--signal', daemon.url,
                                 '-L', f'[::1]:0:{echo.endpoint}')
        client.expect('connected')
        address = client.local(echo.endpoint)
        self.assertEqual(address[0], '::1')
        self.assert_carries(address, echo)

    def test_map_and_unmap_while_running(self):
        """`map` opens a local port, `unmap` closes it"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.start_join(host.code, '--signal', daemon.url)
        client.expect('connected')
        client.command(f'map 0:{echo.endpoint}')
        client.expect('mapping', state='listening')
        address = client.local(echo.endpoint)
        self.assert_carries(address, echo)
        client.command(f'unmap {address[1]}')
        removed = client.expect('mapping', state='removed')
        self.assertEqual(removed['local'], harness.endpoint(*address))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10)
        client.command(f'map {address[1]}:{echo.endpoint}')
        client.expect('mapping', state='listening')
        self.assert_carries(address, echo)

    def test_bad_commands(self):
        """A mapping that cannot be read is answered in words, and all goes on"""
        echo = services.start_service(self, services.echo)
        _, client = self.pair(echo)
        for command, quoted in (('map 99999:127.0.0.1:80', '99999'), ('unmap 1', '1'),
                                ('map', 'map'), ('allow *:*', 'allow')):
            self.assertIn(quoted, self.ask(client, command)['message'])
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_one_port_in_use(self):
        """A port in use is named before anything else happens; the other mapping works"""
        echo = services.start_service(self, services.echo)
        taken = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.start_join(host.code, '--signal', daemon.url,
                                 '-L', f'{taken.port}:{echo.endpoint}',
                                 '-L', f'0:{echo.endpoint}')
        failed = client.expect('mapping', state='failed')
        self.assertIn(str(taken.port), failed['message'])
        client.expect('connected')
        kinds = [event['event'] for event in client.events]
        self.assertLess(kinds.index('mapping'), kinds.index('connected'))
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_every_port_in_use(self):
        """With no mapping that could listen, `join` ends before it asks the Host"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.start_join(host.code, '--signal', daemon.url,
                                 '-L', f'{echo.port}:{echo.endpoint}')
        self.assertIn(str(echo.port), client.expect('mapping', state='failed')['message'])
        self.expect_exit(client, harness.STATUS_LISTEN)
        self.assertFalse(host.has('join-request'))

    def test_ports_are_released(self):
        """After the Client has ended its ports are free again"""
        echo = services.start_service(self, services.echo)
        _, client = self.pair(echo)
        address = client.local(echo.endpoint)
        client.command('quit')
        self.expect_exit(client, harness.STATUS_ENDED)
        socket.create_server(address).close()

    def test_mapped_twice(self):
        """Two mappings to one service are two ways to it, at the same time"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.start_join(host.code, '--signal', daemon.url, '-L', f'0:{echo.endpoint}',
                                 '-L', f'0:{echo.endpoint}')
        client.expect('connected')
        places = [harness.split_endpoint(client.expect('mapping', state='listening')['local'])
                  for _ in range(2)]
        for place in places:
            data = os.urandom(1000)
            self.assertEqual(self.exchange(place, data), data)


if __name__ == '__main__':
    harness.main()
