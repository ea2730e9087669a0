#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may join: approval, names, limits, share codes and what proves the other side."""

import base64
import contextlib
import os
import re
import subprocess
import unicodedata
import urllib.error
import urllib.request

import harness
import services


class Approval(harness.Case):
    def setUp(self):
        super().setUp()
        self.daemon = self.start_daemon()

    def ask_to_join(self, host, *options, name='anna'):
        """A Client whose request the Host has."""
        client = self.start_join(host.code, '--signal', self.daemon.url, '--name', name, *options)
        host.expect('join-request', verified=True)
        return client

    def test_yes(self):
        """`y` lets the Client in"""
        host = self.start_host('--signal', self.daemon.url)
        client = self.ask_to_join(host)
        host.command('y')
        client.expect('connected')
        host.expect('connected', peer='anna')

    def test_no(self):
        """`n` sends it away with “declined”, in words"""
        host = self.start_host('--signal', self.daemon.url)
        client = self.ask_to_join(host)
        host.command('n')
        error = self.expect_error(client, harness.STATUS_DECLINED, 'declined')
        self.assertIn('declined', error['message'])
        self.assertTrue(host.running())

    def test_oldest_first(self):
        """Answers go to the oldest open request"""
        host = self.start_host('--signal', self.daemon.url)
        first = self.ask_to_join(host, name='anna')
        second = self.ask_to_join(host, name='bert')
        host.command('n')
        self.expect_exit(first, harness.STATUS_DECLINED)
        host.command('y')
        second.expect('connected')
        host.expect('connected', peer='bert')

    def test_prompt(self):
        """The prompt stands on standard error and names the Client; empty means no"""
        host = self.start_host('--signal', self.daemon.url)
        client = self.ask_to_join(host, name='carla')
        # The prompt does not end in a newline: it is read together with what follows it.
        host.command('')
        self.expect_exit(client, harness.STATUS_DECLINED)
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        prompt = '\n'.join(host.err)
        self.assertIn('carla', prompt)
        self.assertIn('y/N', prompt)

    def test_prompt_comes_again(self):
        """A question that something else was typed at is asked again, and Enter still says no"""
        host = self.start_host('--signal', self.daemon.url)
        client = self.ask_to_join(host, name='carla')
        for line in ('maybe', 'clients', 'help'):
            host.command(line)
        self.settle(host)
        host.command('')
        self.expect_exit(client, harness.STATUS_DECLINED)
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        self.assertGreaterEqual('\n'.join(host.err).count('y/N'), 2)

    def test_answers_in_words(self):
        """`Y`, `Yes`, `NO` are answers, too"""
        host = self.start_host('--signal', self.daemon.url)
        for word, joined in (('Yes', True), ('NO', False), ('Y', True)):
            client = self.ask_to_join(host, name=f'asks {word}')
            host.command(word)
            if joined:
                client.expect('connected')
            else:
                self.expect_exit(client, harness.STATUS_DECLINED)

    def test_early_empty_line(self):
        """An empty line from before the question answers nothing"""
        host = self.start_host('--signal', self.daemon.url)
        host.expect('session')
        host.command('')
        self.settle(host)
        client = self.ask_to_join(host)
        host.command('y')
        client.expect('connected')

    def test_strange_input(self):
        """Lines that are not UTF-8, full of control characters or endless are told as such"""
        host = self.start_host('--signal', self.daemon.url)
        self.assertTrue(host.code)
        for line, said in ((b'\xff\xfe', '\ufffd'), (b'\x1b[2Jx', '“[2Jx”'), (b'a' * 5000, '4096')):
            before = len(host.events)
            host.child.stdin.write(line + b'\n')
            host.child.stdin.flush()
            harness.until(lambda: len(host.events) > before, 'an answer')
            self.assertIn(said, host.events[-1]['message'])

    def test_nothing_mapped(self):
        """A Client without a mapping is told what to type"""
        daemon, host = self.host_for()
        self.join_for(daemon, host).expect('warning', code='no-mappings')

    def test_end_of_input_declines(self):
        """The end of standard input declines what is open and is not `quit`"""
        host = self.start_host('--signal', self.daemon.url)
        client = self.ask_to_join(host)
        host.close_input()
        self.expect_error(client, harness.STATUS_DECLINED, 'declined')
        self.assertTrue(host.running())

    def test_end_of_input_with_yes(self):
        """A Host without standard input serves on when it asks nobody"""
        echo = services.start_service(self, services.echo)
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow', echo.endpoint,
                               stdin=subprocess.DEVNULL)
        client = self.start_join(host.code, '--signal', self.daemon.url,
                                 '-L', f'0:{echo.endpoint}', stdin=subprocess.DEVNULL)
        client.expect('connected')
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_client_gives_up(self):
        """A Client that leaves while it waits leaves no request behind"""
        host = self.start_host('--signal', self.daemon.url)
        first = self.ask_to_join(host, name='anna')
        first.command('quit')
        self.expect_exit(first, harness.STATUS_ENDED)
        second = self.ask_to_join(host, name='bert')
        self.settle(host)
        host.command('y')
        with contextlib.suppress(AssertionError):
            second.expect('connected', seconds=5)
        if not second.has('connected'):  # the first request was still the oldest
            host.command('y')
            second.expect('connected')

    def test_full(self):
        """One Client more than --max-clients is told that there is no room"""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--max-clients', '1')
        first = self.start_join(host.code, '--signal', self.daemon.url)
        first.expect('connected')
        second = self.start_join(host.code, '--signal', self.daemon.url)
        self.expect_error(second, harness.STATUS_DECLINED, 'full')
        first.command('quit')
        self.expect_exit(first, harness.STATUS_ENDED)
        host.expect('disconnected')
        third = self.start_join(host.code, '--signal', self.daemon.url)
        third.expect('connected')

    def test_too_many_requests(self):
        """Eight requests may wait for an answer, the ninth is told “full”"""
        host = self.start_host('--signal', self.daemon.url)
        for i in range(8):
            self.ask_to_join(host, name=f'client {i}')
        ninth = self.start_join(host.code, '--signal', self.daemon.url)
        self.expect_error(ninth, harness.STATUS_DECLINED, 'full')


class Names(harness.Case):
    def test_unique(self):
        """Clients of one name are told apart, and `kick` reaches the one it names"""
        daemon, host = self.host_for()
        clients = {}
        for shown in ('anna', 'anna (2)', 'anna (3)'):
            clients[shown] = self.join_for(daemon, host, options=['--name', 'anna'])
            host.expect('connected', peer=shown)
        host.command('kick anna (2)')
        host.expect('disconnected', peer='anna (2)')
        self.expect_exit(clients.pop('anna (2)'), harness.STATUS_ENDED)
        for client in clients.values():
            self.assertTrue(client.running())

    def test_cleaned(self):
        """Control, escape and direction characters in a name reach nobody"""
        daemon, host = self.host_for()
        self.join_for(daemon, host, options=['--name', 'ev\x1b[31mil\u202e\n\u0007name'])
        peer = host.expect('connected')['peer']
        bad = [c for c in peer if unicodedata.category(c) in ('Cc', 'Cf', 'Zl', 'Zp')]
        self.assertEqual(bad, [])
        self.assertIn('il', peer)

    def test_long(self):
        """A name is cut at 64 bytes, between characters"""
        daemon, host = self.host_for()
        self.join_for(daemon, host, options=['--name', 'ä' * 100])
        peer = host.expect('connected')['peer']
        self.assertRegex(peer, '^ä+$')
        self.assertLessEqual(len(peer.encode()), 64)

    def test_clients_and_kick(self):
        """In plain output `clients` lists who is there, and `kick` sends one away"""
        daemon = self.start_daemon()
        host = self.own(harness.Process([harness.PORTHOLE, 'host', '--signal', daemon.url, '--yes'],
                                        self.env))
        code = host.expect_line(rf'{harness.ID}[.]{harness.SECRET}').group()
        client = self.start_join(code, '--signal', daemon.url, '--name', 'dora')
        client.expect('connected')
        host.expect_line('dora')
        before = len(host.out) + len(host.err)
        host.command('clients')
        harness.until(lambda: any('dora' in line for line in (host.out + host.err)[before:])
                      or len([line for line in host.out + host.err if 'dora' in line]) > 1,
                      'the list of clients')
        host.command('kick dora')
        self.expect_exit(client, harness.STATUS_ENDED)
        self.assertEqual(host.child.poll(), None)

    def test_kick_nobody(self):
        """`kick` of somebody who is not there says so"""
        _, host = self.host_for()
        host.expect('session')
        self.assertIn('“emil”', self.ask(host, 'kick emil')['message'])


class Codes(harness.Case):
    def setUp(self):
        super().setUp()
        self.daemon = self.start_daemon()

    def other_secret(self):
        return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip('=')

    def test_link(self):
        """A link needs no --signal, and spaces around it do not matter"""
        host = self.start_host('--signal', self.daemon.url, '--yes')
        client = self.start_join(f'  {host.session["link"]} ')
        client.expect('connected')

    def test_environment(self):
        """PORTHOLE_SIGNAL does what --signal does"""
        self.env['PORTHOLE_SIGNAL'] = self.daemon.url
        host = self.start_host('--yes')
        client = self.start_join(host.code)
        client.expect('connected')

    def test_unknown_id(self):
        """A code that no session has"""
        code = 'A' * 21 + '.' + self.other_secret()
        client = self.start_join(code, '--signal', self.daemon.url)
        self.expect_error(client, harness.STATUS_UNKNOWN, 'session-unknown')

    def test_expired_id(self):
        """A code whose Host went away without a word, after its time"""
        daemon = self.start_daemon('--waiting-ttl', '1')
        host = self.start_host('--signal', daemon.url, '--yes')
        code, session = host.code, host.session['id']
        host.kill()
        harness.until(lambda: self.status_of(f'{daemon.url}/session/{session}') == 404,
                      'the session to expire', seconds=60)
        client = self.start_join(code, '--signal', daemon.url)
        self.expect_error(client, harness.STATUS_UNKNOWN, 'session-unknown')

    def status_of(self, url):
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            return opener.open(url, timeout=40).status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def test_ended_session(self):
        """A code whose Host has ended is unknown at once"""
        host = self.start_host('--signal', self.daemon.url, '--yes')
        code = host.code
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        client = self.start_join(code, '--signal', self.daemon.url)
        self.expect_error(client, harness.STATUS_UNKNOWN, 'session-unknown')

    def test_wrong_secret(self):
        """The right id with another secret is not verified, and nobody is asked"""
        host = self.start_host('--signal', self.daemon.url)
        code = f'{host.session["id"]}.{self.other_secret()}'
        client = self.start_join(code, '--signal', self.daemon.url)
        self.expect_error(client, harness.STATUS_NOT_VERIFIED, 'not-verified')
        host.expect('warning', code='not-verified')
        self.assertFalse(host.has('join-request'))
        self.assertFalse(host.has('connected'))

    def test_bare_id(self):
        """A bare id is refused by `join` itself, before it asks anybody"""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow-unverified')
        client = self.start_join(host.session['id'], '--signal', self.daemon.url)
        self.expect_error(client, harness.STATUS_NOT_VERIFIED, 'not-verified')
        self.assertFalse(host.has('join-request'))

    def test_bare_id_allowed_by_one_side(self):
        """A bare id is refused by a Host that did not allow it"""
        host = self.start_host('--signal', self.daemon.url, '--yes')
        client = self.start_join(host.session['id'], '--signal', self.daemon.url,
                                 '--allow-unverified')
        self.expect_error(client, harness.STATUS_NOT_VERIFIED, 'not-verified')
        self.assertFalse(host.has('connected'))

    def test_bare_id_allowed_by_both(self):
        """Where both allow it, both show the same 12 digits, and bytes flow"""
        echo = services.start_service(self, services.echo)
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow-unverified',
                               '--allow', echo.endpoint)
        client = self.start_join(host.session['id'], '--signal', self.daemon.url,
                                 '--allow-unverified', '--name', 'anna', '-L', f'0:{echo.endpoint}')
        host.expect('join-request', client='anna', verified=False)
        numbers = [side.expect('verify')['number'] for side in (host, client)]
        self.assertEqual(numbers[0], numbers[1])
        self.assertRegex(numbers[0], r'^\d{12}$')
        client.expect('connected')
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_number_is_fresh(self):
        """Two joins of one session do not show the same number"""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow-unverified')
        numbers = set()
        for _ in range(2):
            client = self.start_join(host.session['id'], '--signal', self.daemon.url,
                                     '--allow-unverified')
            numbers.add(client.expect('verify')['number'])
        self.assertEqual(len(numbers), 2)

    def test_secret_is_never_sent(self):
        """Nothing the daemon or the programs print shows the secret but the code and link"""
        host = self.start_host('--signal', self.daemon.url, '--yes')
        secret = host.code.split('.')[1]
        client = self.start_join(host.code, '--signal', self.daemon.url)
        client.expect('connected')
        for process in (self.daemon, client):
            self.assertNotIn(secret, '\n'.join(process.out + process.err))
        self.assertNotIn(host.session['id'], '\n'.join(self.daemon.out + self.daemon.err))

    def test_code_in_plain_output(self):
        """A person sees the code or link to pass on, in plain output"""
        host = self.own(harness.Process(
            [harness.PORTHOLE, 'host', '--signal', self.daemon.url, '--yes'], self.env))
        code = host.expect_line(rf'{harness.ID}[.]{harness.SECRET}').group()
        client = self.own(harness.Process(
            [harness.PORTHOLE, 'join', code, '--signal', self.daemon.url, '--name', 'anna'],
            self.env))
        host.expect_line('anna')
        client.send_signal(2)
        self.expect_exit(client, harness.STATUS_ENDED)
        self.assertFalse(any(re.match(r'\s*\{', line) for line in host.out + client.out))


if __name__ == '__main__':
    harness.main()
