#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line takes, and how it says what it does not."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import subprocess
import termios

import harness
import services

CODE = 'A' * 21 + '.' + 'A' * 22
SIGNAL = ['--signal', 'http://127.0.0.1:1']

# Arguments that are wrong, what of them must be quoted back, and a word of what would be right.
WRONG = [
    ([], '', 'host'),
    (['dance'], 'dance', 'host'),
    (['--dance'], '--dance', ''),
    (['host', '--dance'], '--dance', ''),
    (['host', 'extra', *SIGNAL], 'extra', ''),
    (['host', '--allow'], '--allow', ''),
    (['host', '--allow', '', *SIGNAL], '“”', ':'),
    (['host', '--allow', '127.0.0.1', *SIGNAL], '“127.0.0.1”', ':'),
    (['host', '--allow', '127.0.0.1:', *SIGNAL], '“127.0.0.1:”', ''),
    (['host', '--allow', '127.0.0.1:70000', *SIGNAL], '70000', '65535'),
    (['host', '--allow', '127.0.0.1:20-10', *SIGNAL], '20-10', ''),
    (['host', '--allow', '300.0.0.1:80', *SIGNAL], '300.0.0.1', ''),
    (['host', '--allow', '10.0.0.0/33:80', *SIGNAL], '10.0.0.0/33', '10.0.0.0/8'),
    (['host', '--allow', '::1:80', *SIGNAL], '“::1”', '[::1]'),
    (['host', '--allow', '[::1:80', *SIGNAL], '“[::1”', '[::1]'),
    (['host', '--allow', 'a..b:80', *SIGNAL], '“a..b”', ''),
    (['host', '--allow', 'a*b.example:80', *SIGNAL], '“a*b.example”', ''),
    (['host', '--signal', 'ftp://example.com'], 'ftp://example.com', 'http'),
    (['host', '--signal', 'example.com'], 'example.com', 'http'),
    (['host', '--max-clients', '0', *SIGNAL], '0', ''),
    (['host', '--max-clients', 'many', *SIGNAL], 'many', ''),
    (['host', '--max-clients', '-1', *SIGNAL], '-1', ''),
    (['host', '--max-clients', '17', *SIGNAL], '17', '16'),
    (['host', '--stun', 'a:b:c', *SIGNAL], 'a:b:c', ''),
    (['host', '--stun', 'example.com:0', *SIGNAL], 'example.com:0', ''),
    (['host', '--stun', 'example.com:99999', *SIGNAL], '99999', ''),
    (['host', '--turn', 'example.com', *SIGNAL], 'example.com', 'turn:'),
    (['host', '--turn', 'turn:example.com', *SIGNAL], 'turn:example.com', '@'),
    (['host', '--turn', 'turns:u:p@example.com', *SIGNAL], 'turns:', 'turn:'),
    (['host', '--turn', 'turn:u:p@example.com?transport=sctp', *SIGNAL], 'sctp', 'tcp'),
    (['host', '--relay-only', *SIGNAL], '--relay-only', '--turn'),
    (['join'], '', 'join'),
    (['services', '--dance'], '--dance', ''),
    (['services', 'extra'], 'extra', '--all'),
    (['join', CODE, 'extra', *SIGNAL], 'extra', ''),
    (['join', 'not a code', *SIGNAL], '“not a code', '21'),
    (['join', 'A' * 20 + '.' + 'A' * 22, *SIGNAL], 'A' * 20, '21'),
    (['join', 'A' * 21 + '.' + 'A' * 21, *SIGNAL], 'A' * 21, 'no whole secret'),
    (['join', '-' + 'A' * 20 + '.' + 'A' * 22, *SIGNAL], 'A' * 20, ''),
    (['join', f'http://example.com/{CODE}'], 'http://example.com', 'porthole:'),
    (['join', 'porthole://'], 'porthole://', ''),
    (['join', 'porthole://example.com/'], 'porthole://example.com', '21'),
    (['join', CODE, '-L', '', *SIGNAL], '“”', ''),
    (['join', CODE, '-L', 'http', *SIGNAL], '“http”', ''),
    (['join', CODE, '-L', '70000', *SIGNAL], '70000', '65535'),
    (['join', CODE, '-L', '80:localhost', *SIGNAL], '“80:localhost”', ''),
    (['join', CODE, '-L', '80:::1:80', *SIGNAL], '80:::1:80', '['),
    (['join', CODE, '-L', '8000:localhost:0', *SIGNAL], '8000:localhost:0', ''),
    (['join', CODE, '-L', 'name:80:localhost:80', *SIGNAL], 'name:80', ''),
    (['join', CODE, '--relay-only', *SIGNAL], '--relay-only', '--turn'),
    (['join', CODE, '--allow', '*:*', *SIGNAL], '--allow', ''),
]

DAEMON_WRONG = [
    (['--dance'], '--dance'),
    (['extra'], 'extra'),
    (['--listen', 'nowhere'], 'nowhere'),
    (['--listen', '127.0.0.1:99999'], '99999'),
    (['--waiting-ttl', 'soon'], 'soon'),
    (['--waiting-ttl', '-1'], '-1'),
    (['--max-sessions', '-5'], '-5'),
    (['--tls-cert', '/nonexistent.pem', '--tls-key', '/nonexistent.key'], '/nonexistent.pem'),
    (['--tls-cert', '/nonexistent.pem'], '--tls-key'),
]


class Usage(harness.Case):
    def refused(self, program, arguments, **environment):
        """That the program ends with 2 and says on standard error, and only there, why."""
        run = subprocess.run([program, *arguments], env={**self.env, **environment},
                             stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=60 * harness.SCALE, check=False)
        self.assertEqual((run.returncode, run.stdout), (harness.STATUS_USAGE, ''), run.stderr)
        self.assertIsNone(harness.ALARMS.search(run.stderr), run.stderr)
        return run.stderr

    def test_wrong(self):
        """Everything that cannot be understood: 2, what was read, and what would be right"""
        for arguments, quoted, right in WRONG:
            with self.subTest(arguments=arguments):
                said = self.refused(harness.PORTHOLE, arguments)
                self.assertIn(quoted, said)
                self.assertIn(right, said)

    def test_wrong_as_json(self):
        """With --json what is wrong is an event, wherever --json stands"""
        for arguments in (['host', '--json', '--dance'], ['host', '--dance', '--json'],
                          ['join', '--json'], ['host', '--allow', b'\xff:x', '--json']):
            with self.subTest(arguments=arguments):
                run = subprocess.run([harness.PORTHOLE, *arguments], env=self.env,
                                     stdin=subprocess.DEVNULL, capture_output=True,
                                     timeout=60 * harness.SCALE, check=False)
                self.assertEqual(run.returncode, harness.STATUS_USAGE)
                event = json.loads(run.stdout)
                self.assertEqual((event['event'], event['code']), ('error', 'invalid'))

    def test_secrets_are_not_repeated(self):
        """No error repeats a secret or a password, however the code was spoilt"""
        code_id, secret = 'h' + 'A' * 20, 'kP3x' + 'B' * 18
        spoilt = [f'{code_id}:{secret}', f'{code_id} {secret}', f'{code_id},{secret}',
                  f'{code_id}%23{secret}x', f'{code_id}.{secret}x', f'{code_id}{secret}',
                  f'porthole://example.com/{code_id}/{secret}',
                  f'porthole://example.com/{code_id}%23{secret}x',
                  f'porthole://example.com/{code_id}.{secret}',
                  f'porthole://{code_id}.{secret}', f'http://example.com/{code_id}#{secret}']
        cases = [['join', code, *SIGNAL] for code in spoilt]
        cases += [['host', '--turn', f'{scheme}user:{secret}@example.com{rest}', *SIGNAL]
                  for scheme in ('turns:', 'turn:', '') for rest in (':0', '?transport=x')]
        cases += [['host', '--signal', f'https://user:{secret}@example.com'],
                  ['join', f'porthole://user:{secret}@example.com/{code_id}']]
        for arguments in cases:
            with self.subTest(arguments=arguments):
                self.assertNotIn(secret[:4], self.refused(harness.PORTHOLE, arguments))

    def test_link_with_percent_code(self):
        """%23 is what some programs make of the # in a link"""
        process = self.run_to_end('join', '--json', 'porthole+http://127.0.0.1:1/' + CODE[:21] +
                                  '%23' + CODE[22:])
        self.assertEqual(process.child.returncode, harness.STATUS_UNREACHABLE)

    def test_port_out_of_range(self):
        """A port that cannot be one is named as the fault"""
        said = self.refused(harness.PORTHOLE, ['host', '--signal', 'http://example.com:99999'])
        self.assertIn('65535', said)

    def test_wrong_environment(self):
        """The environment is read as strictly as the options, and named"""
        for name, value in (('PORTHOLE_SIGNAL', 'gopher://x'), ('PORTHOLE_STUN', 'a:b:c'),
                            ('PORTHOLE_TURN', 'nonsense')):
            with self.subTest(name=name):
                options = SIGNAL if name != 'PORTHOLE_SIGNAL' else []
                said = self.refused(harness.PORTHOLE, ['join', CODE, *options], **{name: value})
                self.assertIn(value, said)
                self.assertIn(name, said)

    def test_wrong_daemon(self):
        """The daemon says what it cannot understand, too"""
        for arguments, quoted in DAEMON_WRONG:
            with self.subTest(arguments=arguments):
                self.assertIn(quoted, self.refused(harness.SIGNAL, arguments))

    def test_daemon_port_in_use(self):
        """A daemon whose port is taken names it and does not start"""
        daemon = self.start_daemon()
        run = subprocess.run([harness.SIGNAL, '--listen', f'127.0.0.1:{daemon.port}'],
                             env=self.env, capture_output=True, text=True,
                             timeout=60 * harness.SCALE, check=False)
        self.assertGreater(run.returncode, 0)
        self.assertIn(str(daemon.port), run.stderr)


class Surroundings(harness.Case):
    def test_command_line_is_blotted_out(self):
        """The secret and the TURN password do not stay where other users can read them"""
        silent = services.start_service(self, lambda connection: connection.recv(1 << 20) and
                                        connection.recv(1))
        process = self.start_join(CODE.replace('.A', '.kP3x')[:44], '--signal',
                                  f'http://{silent.endpoint}', '--turn', 'turn:u:pass@127.0.0.1')
        harness.until(lambda: silent.connections, 'the call')
        shown = pathlib.Path(f'/proc/{process.child.pid}/cmdline').read_bytes()
        self.assertNotIn(b'kP3x', shown)
        self.assertNotIn(b'pass', shown)
        self.assertIn(CODE[:21].encode(), shown)

    def test_closed_streams(self):
        """A program that is started with closed streams gives their numbers to nothing else"""
        daemon = self.start_daemon()
        for closed in ('<&-', '>&- </dev/null', '<&- >&- 2>&-'):
            with self.subTest(closed=closed):
                child = subprocess.Popen(
                    ['bash', '-c', f'exec "$0" host --signal "$1" {closed}', harness.PORTHOLE,
                     daemon.url], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE)
                folder = pathlib.Path(f'/proc/{child.pid}/fd')
                try:
                    harness.until(lambda: sum('socket' in link for link in links(folder)) > 0,
                                  'a socket')
                    for number in range(3):
                        self.assertNotIn('socket', str((folder / str(number)).readlink()))
                finally:
                    child.terminate()
                    child.communicate(timeout=20 * harness.SCALE)
                self.assertEqual(child.returncode, harness.STATUS_ENDED)

    def test_locale(self):
        """A name in UTF-8 is taken in every locale, and messages stay in one language"""
        self.env.update(LC_ALL='C')
        daemon, host = self.host_for(options=['--name', 'Jörg'])
        self.join_for(daemon, host, options=['--name', 'Jürgen'])
        host.expect('connected', peer='Jürgen')

    def test_background(self):
        """In the background of a terminal the Host runs on, and reads once it is in front"""
        leader, follower = pty.openpty()
        go, ready = os.pipe()
        daemon = self.start_daemon()
        script = f'set -m; "$0" host --json --signal "$1" & read -r line <&{go}; fg >/dev/null'
        shell = subprocess.Popen(
            ['bash', '-i', '-c', script, harness.PORTHOLE, daemon.url], env=self.env,
            stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[go],
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(follower, termios.TIOCSCTTY, 0)))
        try:
            os.write(leader, b'quit\n')  # not for the Host yet
            self.assertIn(b'no-rules', shell.stdout.readline())
            session = json.loads(shell.stdout.readline())
            join = self.start_join(session['code'], '--signal', daemon.url, '--name', 'anna')
            self.assertIn(b'join-request', shell.stdout.readline())
            os.write(ready, b'\n')
            self.assertEqual(shell.wait(30 * harness.SCALE), harness.STATUS_ENDED)
            self.expect_exit(join, harness.STATUS_DECLINED)
        finally:
            shell.kill()
            shell.communicate()
            for descriptor in (leader, follower, go, ready):
                os.close(descriptor)

    def test_interrupted_paste(self):
        """Ctrl+C drops what has been typed, maybe just before it is read; it ends the Host still"""
        for lines in range(60):
            leader, follower = pty.openpty()
            host = self.own(harness.Process(
                ['setsid', '--ctty', harness.PORTHOLE, 'host', '--manual', '--json'], self.env,
                stdin=follower))
            try:
                host.expect_line('"offer"')
                os.write(leader, b'-----BEGIN PORTHOLE ANSWER-----\n' + b'AAAA\n' * (lines % 30))
                os.write(leader, b'\x03')
                self.expect_exit(host, harness.STATUS_ENDED)
            finally:
                os.close(leader)
                os.close(follower)


def links(folder):
    """What the descriptors of a process are, for as long as they are."""
    found = []
    for entry in folder.iterdir():
        with contextlib.suppress(OSError):
            found.append(str(entry.readlink()))
    return found


class Help(harness.Case):
    OPTIONS = {
        'host': ['allow', 'signal', 'name', 'yes', 'allow-unverified', 'max-clients', 'stun',
                 'turn', 'relay-only', 'json'],
        'join': ['signal', 'name', 'allow-unverified', 'stun', 'turn', 'relay-only', 'json'],
    }

    def output(self, *arguments):
        run = subprocess.run(arguments, env=self.env, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=60 * harness.SCALE,
                             check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ''))
        return run.stdout

    def test_help(self):
        """--help of each command names each option and shows an example"""
        for command, options in self.OPTIONS.items():
            said = self.output(harness.PORTHOLE, command, '--help')
            for option in options:
                self.assertIn(f'--{option}', said)
            self.assertIn(f'porthole {command}', said)
        self.assertIn('-L', self.output(harness.PORTHOLE, 'join', '--help'))
        overview = self.output(harness.PORTHOLE, '--help')
        for command in self.OPTIONS:
            self.assertIn(command, overview)

    def test_version(self):
        """--version of both programs"""
        for program in (harness.PORTHOLE, harness.SIGNAL):
            self.assertRegex(self.output(program, '--version'), r'\d+\.\d+\.\d+')

    def test_readme_knows_every_option(self):
        """Every option of the programs stands in README.md"""
        readme = (harness.ROOT / 'README.md').read_text(encoding='utf-8')
        programs = [harness.PORTHOLE, 'host'], [harness.PORTHOLE, 'join'], [harness.SIGNAL]
        for arguments in programs:
            said = self.output(*arguments, '--help')
            for option in sorted(set(re.findall(r'--[a-z][a-z-]+', said)) - {'--help'}):
                with self.subTest(program=arguments, option=option):
                    self.assertRegex(readme, re.escape(option) + r'(?![a-z-])')


if __name__ == '__main__':
    harness.main()
