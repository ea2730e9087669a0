#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairing with no server: blocks of text that two people pass to each other."""

import base64
import os
import pathlib
import re
import struct
import subprocess

import harness
import services

BLOCK = re.compile(r'-----BEGIN PORTHOLE (OFFER|ANSWER)-----\n(?:[A-Za-z0-9+/]{1,64}\n)+'
                   r'-----END PORTHOLE \1-----\n')


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def alter(block, change):
    """The block with its bytes as `change` leaves them, and a CRC that fits."""
    first, *middle, last = block.splitlines()
    text = ''.join(middle)
    data = bytearray(base64.b64decode(text + '=' * (-len(text) % 4)))
    change(data)
    data[-4:] = struct.pack('>I', crc32c(data[:-4]))
    return '\n'.join([first, base64.b64encode(data).decode().rstrip('='), last, ''])


def swap_one(text):
    """The block with one character that is another."""
    lines = text.splitlines()
    lines[1] = lines[1][:20] + ('A' if lines[1][20] != 'A' else 'B') + lines[1][21:]
    return '\n'.join(lines) + '\n'


def forge(data):
    data[-10] ^= 1


def make_newer(data):
    data[0] = 2


def make_nonsense(data):
    data[-40] = 255
    del data[30:40]
    data[2:4] = struct.pack('>H', len(data))


def make_old(data):
    data[12] -= 1


class Manual(harness.Case):
    def start_manual_host(self, *options):
        host = self.start_host('--manual', '--name', 'hanna', *options)
        return host, host.expect('offer')['block']

    def start_manual_join(self, offer, *options):
        """A Client that has been given the offer, and its answer."""
        client = self.start_join('--manual', '--name', 'anna', *options)
        if offer is not None:
            self.paste(client, offer)
            return client, client.expect('answer')['block']
        return client, None

    def paste(self, process, text):
        process.child.stdin.write(text.encode())
        process.child.stdin.flush()

    def connect_by_hand(self, host, offer, *options):
        client, answer = self.start_manual_join(offer, *options)
        self.paste(host, answer)
        client.expect('connected')
        host.expect('connected')
        return client

    def refuse(self, process, text, words, code='invalid'):
        """That what is pasted is not taken, in words, and that the program goes on."""
        self.paste(process, text)
        warning = process.expect('warning', code=code)
        self.assertIn(words, warning['message'])
        self.assertTrue(process.running())


class Session(Manual):
    def test_fetch(self):
        """Bytes come through whole, a kick says goodbye, and quit ends both"""
        echo = services.start_service(self, services.echo)
        host, offer = self.start_manual_host('--allow', echo.endpoint)
        client = self.connect_by_hand(host, offer, '-L', f'0:{echo.endpoint}')
        self.assert_carries(client.local(echo.endpoint), echo, 8 * harness.MIB)
        self.assertFalse(host.has('session') or host.has('join-request') or client.has('verify'))
        host.command('kick anna')
        host.expect('disconnected', peer='anna', reason='kicked')
        self.expect_exit(client, harness.STATUS_ENDED)
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)

    def test_blocks(self):
        """A block is text of a few lines, each with a secret of its own in it"""
        host, offer = self.start_manual_host()
        _, answer = self.start_manual_join(offer, '-L', '0:127.0.0.1:1')
        host.command('offer')
        second = host.expect('offer')['block']
        for block in (offer, answer, second):
            self.assertTrue(BLOCK.fullmatch(block), block)
            self.assertLess(len(block), 700)
        self.assertNotEqual(offer, second)

    def test_no_server(self):
        """Nothing is listened on, and no signaling server is asked, though one is configured"""
        asked = []
        server = services.start_service(self, lambda connection: asked.append(connection))
        self.env['PORTHOLE_SIGNAL'] = f'http://{server.endpoint}'
        host, offer = self.start_manual_host()
        client = self.connect_by_hand(host, offer)
        for process in (host, client):
            self.assertEqual(self.tcp_sockets(process), [])
        self.assertEqual(asked, [])

    def tcp_sockets(self, process):
        """The lines of /proc/net/tcp and tcp6 that are this process's."""
        folder = pathlib.Path(f'/proc/{process.child.pid}')
        own = {os.readlink(link)[8:-1] for link in (folder / 'fd').iterdir()
               if os.readlink(link).startswith('socket:')}
        return [line for name in ('tcp', 'tcp6')
                for line in (folder / 'net' / name).read_text().splitlines()[1:]
                if line.split()[9] in own]

    def test_two_clients(self):
        """One offer serves one Client; the next one needs the next"""
        host, offer = self.start_manual_host()
        first = self.connect_by_hand(host, offer)
        late, answer = self.start_manual_join(offer)
        self.refuse(host, answer, 'taken already')
        host.command('offer')
        second = self.connect_by_hand(host, host.expect('offer')['block'])
        self.assertTrue(host.has('connected', peer='anna (2)'))
        second.command('quit')
        self.expect_exit(second, harness.STATUS_ENDED)
        host.expect('disconnected', peer='anna (2)', reason='ended')
        self.assertTrue(first.running() and late.running())

    def test_full(self):
        """--max-clients holds, and a place that is free again can be offered"""
        host, offer = self.start_manual_host('--max-clients', '1')
        client = self.connect_by_hand(host, offer)
        host.command('offer')
        self.assertIn('1', host.expect('warning', code='invalid')['message'])
        client.command('quit')
        host.expect('disconnected')
        host.command('offer')
        self.connect_by_hand(host, host.expect('offer')['block'])

    def test_host_restarted(self):
        """An answer to the offer of a Host that has been restarted is told to be one"""
        host, offer = self.start_manual_host()
        client, answer = self.start_manual_join(offer)
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        again, fresh = self.start_manual_host()
        self.refuse(again, answer, 'another offer')
        self.refuse(client, fresh, 'Another offer')
        self.connect_by_hand(again, fresh)

    def test_relay(self):
        """Through TURN alone, and with it on one side"""
        turn = services.start_turn_server(self)
        relayed = ['--turn', turn.option, '--relay-only']
        stun = ['--stun', turn.option.rpartition('@')[2]]
        for on_host, on_client in ((relayed, relayed), (stun, relayed)):
            host, offer = self.start_manual_host(*on_host)
            client, answer = self.start_manual_join(offer, *on_client)
            self.paste(host, answer)
            self.assertEqual(client.expect('connected')['path'], 'relayed')
            host.expect('connected', path='relayed')

    def test_relay_not_there(self):
        """Without an address to offer, no offer is made, and that is said"""
        options = ['--turn', f'turn:anna:pw@127.0.0.1:{harness.free_port()}', '--relay-only']
        host = self.start_host('--manual', *options)
        _, offer = self.start_manual_host()
        client = self.start_join('--manual', *options)
        self.paste(client, offer)
        self.assertIn('TURN', host.expect('warning', code='no-path')['message'])
        self.assertFalse(host.has('offer'))
        self.expect_error(client, harness.STATUS_NO_PATH, 'no-path')


class Pasting(Manual):
    def test_as_a_chat_leaves_it(self):
        """Quoted, wrapped anew, on one line, among other words, with CRLF: all the same"""
        for leave in (
                lambda block: 'anna, 12:03:\n' + '> ' + block.replace('\n', '\n> ') + 'bye\n',
                lambda block: block.replace('\n', ' ') + '\n',
                lambda block: 'here: ' + block.replace('\n', '\r\n   ') + '\n',
                lambda block: re.sub(r'(.{40})', '\\1\n', block),
                lambda block: '\x1b[200~' + block.rstrip('\n') + '\x1b[201~\n'):
            host, offer = self.start_manual_host()
            client, _ = self.start_manual_join(None)
            self.paste(client, leave(offer))
            self.paste(host, leave(client.expect('answer')['block']))
            client.expect('connected')
            host.expect('connected')

    def test_argument(self):
        """The offer may be the argument; it is blotted out, and --manual goes without saying"""
        for options in (['--manual'], []):
            host, offer = self.start_manual_host()
            client = self.start_join(*options, offer)
            answer = client.expect('answer')['block']
            line = pathlib.Path(f'/proc/{client.child.pid}/cmdline').read_bytes()
            self.assertNotIn(offer.splitlines()[1].encode(), line)
            self.assertIn(b'*****', line)
            self.paste(host, answer)
            client.expect('connected')

    def test_commands_beside(self):
        """Commands go on working before, between and behind blocks"""
        host, offer = self.start_manual_host()
        client, _ = self.start_manual_join(None)
        client.command('map 0:127.0.0.1:1')
        client.expect('mapping', state='listening')
        self.assertIn('nonsense', self.ask(client, 'nonsense')['message'])
        self.paste(client, offer)
        answer = client.expect('answer')['block']
        self.assertIn('nonsense', self.ask(host, 'nonsense')['message'])
        self.paste(host, answer)
        host.expect('connected')
        self.ask(host, 'nonsense')

    def test_host_refuses(self):
        """Whatever is pasted in the answer's place has words of its own, and loses nothing"""
        host, offer = self.start_manual_host()
        other, other_offer = self.start_manual_host()
        _, other_answer = self.start_manual_join(other_offer)
        client, answer = self.start_manual_join(offer)
        self.refuse(host, offer, 'your own offer')
        self.refuse(host, other_offer, 'That is an offer')
        self.refuse(host, other_answer, 'another offer')
        self.refuse(host, swap_one(answer), 'changed on the way')
        self.refuse(host, answer.replace(answer.splitlines()[2] + '\n', ''), 'changed on the way')
        self.refuse(host, alter(answer, make_newer), 'newer version')
        self.refuse(host, alter(answer, make_nonsense), 'makes no sense')
        self.refuse(host, alter(answer, forge), 'Not verified', code='not-verified')
        self.refuse(host, '-----BEGIN PORTHOLE ANSWER-----\n' + 'A' * 64 + '\n' +
                    ('B' * 64 + '\n') * 300 + '-----END PORTHOLE ANSWER-----\n', '16384 bytes')
        self.refuse(host, answer[:answer.index('-----END') - 9], 'cut')
        self.paste(host, answer)
        client.expect('connected')
        self.assertTrue(other.running())

    def test_client_refuses(self):
        """The same for a Client that waits for an offer"""
        host, offer = self.start_manual_host()
        other, answer = self.start_manual_join(offer)
        client, _ = self.start_manual_join(None)
        self.refuse(client, answer, 'That is an answer')
        self.refuse(client, swap_one(offer), 'changed on the way')
        self.refuse(client, alter(offer, make_newer), 'newer version')
        self.refuse(client, alter(offer, make_old), 'too old')
        self.refuse(client, offer[:offer.index('-----END') - 9], 'cut')
        self.refuse(other, answer, 'your own answer')
        self.paste(client, offer)
        self.paste(host, client.expect('answer')['block'])
        client.expect('connected')

    def test_end_of_input(self):
        """A Client without an offer ends; a Host goes on for those who are there"""
        client, _ = self.start_manual_join(None)
        client.close_input()
        error = self.expect_error(client, harness.STATUS_USAGE, 'invalid')
        self.assertIn('offer', error['message'])
        host, offer = self.start_manual_host()
        client = self.connect_by_hand(host, offer)
        client.close_input()
        host.close_input()
        host.expect('warning', code='input-ended')
        self.assertTrue(host.running() and client.running())

    def test_cut_by_the_end_of_input(self):
        """What is pasted last is looked at, even if nothing ends it"""
        client, _ = self.start_manual_join(None)
        self.paste(client, '-----BEGIN PORTHOLE OFFER-----\nAAAA')
        client.close_input()
        self.assertIn('cut', client.expect('warning', code='invalid')['message'])
        self.expect_exit(client, harness.STATUS_USAGE)


class Words(Manual):
    def test_text(self):
        """In words: what to do with each block stands below it"""
        host = self.own(harness.Process([harness.PORTHOLE, 'host', '--manual'], self.env))
        host.expect_line('END PORTHOLE OFFER')
        host.expect_line('porthole join --manual')
        client = self.own(harness.Process([harness.PORTHOLE, 'join', '--manual'], self.env))
        client.expect_line('Paste the offer')
        self.paste(client, BLOCK.search('\n'.join(host.out) + '\n').group())
        client.expect_line('END PORTHOLE ANSWER')
        client.expect_line('Waiting for the Host')
        self.paste(host, BLOCK.search('\n'.join(client.out) + '\n').group())
        client.expect_line('^Connected')
        host.expect_line('^Connected')

    def test_without_the_last_line_break(self):
        """A block whose last line waits for Enter, as a mouse copies it, is taken as it is"""
        host = self.own(harness.Process([harness.PORTHOLE, 'host', '--manual'], self.env))
        host.expect_line('porthole join --manual')
        client = self.own(harness.Process([harness.PORTHOLE, 'join', '--manual'], self.env))
        client.expect_line('Paste the offer')
        self.paste(client, BLOCK.search('\n'.join(host.out) + '\n').group().rstrip())
        client.expect_line('Waiting for the Host')
        self.paste(client, '\n')
        self.paste(host, BLOCK.search('\n'.join(client.out) + '\n').group().rstrip())
        host.expect_line('^Connected')
        client.expect_line('^Connected')
        self.assertNotIn('no command', '\n'.join(client.err))

    def test_commands_in_a_message(self):
        """What the other person wrote around a block commands nothing, nor without a block"""
        host = self.own(harness.Process([harness.PORTHOLE, 'host', '--manual'], self.env))
        host.expect_line('END PORTHOLE OFFER')
        client = self.own(harness.Process([harness.PORTHOLE, 'join', '--manual'], self.env))
        client.expect_line('Paste the offer')
        offer = BLOCK.search('\n'.join(host.out) + '\n').group()
        self.paste(client, f'here it is:\nmap 0.0.0.0:0:127.0.0.1:22\n{offer}quit\n')
        client.expect_line('END PORTHOLE ANSWER')
        answer = BLOCK.search('\n'.join(client.out) + '\n').group()
        self.paste(host, 'see:\nallow *:*\n')
        host.expect_line('no Porthole block', stream='err')
        self.paste(host, f'allow *:*\n{answer}\nallow *:*\nquit\n')
        host.expect_line('^Connected')
        client.expect_line('^Connected')
        self.assertTrue(host.running() and client.running())
        self.assertEqual([line for line in host.out + client.out
                          if 'is shared now' in line or 'leads to' in line], [])

    def test_options(self):
        """What does not go together is said, with what would"""
        offer = '-----BEGIN PORTHOLE OFFER-----\nAAAA\n-----END PORTHOLE OFFER-----'
        for arguments, words in (
                (['host', '--manual', '--signal', 'http://127.0.0.1:1'], '--signal'),
                (['host', '--manual', '--yes'], '--yes'),
                (['host', '--manual', '--allow-unverified'], '--allow-unverified'),
                (['host', '--manual', 'extra'], 'extra'),
                (['join', '--manual', '--signal', 'http://127.0.0.1:1'], '--signal'),
                (['join', '--manual', '--allow-unverified'], '--allow-unverified'),
                (['join', '--manual', 'A' * 21 + '.' + 'k' * 22], 'is no offer'),
                (['join', '--manual', '-L', 'nonsense'], 'nonsense'),
                (['join', '--manual', offer], 'changed on the way'),
                (['join', offer, 'extra'], 'extra')):
            with self.subTest(arguments=arguments):
                run = subprocess.run([harness.PORTHOLE, *arguments], env=self.env,
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                     timeout=60 * harness.SCALE, check=False)
                self.assertEqual((run.returncode, run.stdout), (harness.STATUS_USAGE, ''))
                self.assertIn(words, run.stderr)
                self.assertNotIn('k' * 22, run.stderr)


if __name__ == '__main__':
    harness.main()
