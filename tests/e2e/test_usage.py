#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line takes, and how it says what it does not."""

import re
import subprocess

import harness

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
    (['host', '--stun', 'a:b:c', *SIGNAL], 'a:b:c', ''),
    (['host', '--stun', 'example.com:0', *SIGNAL], 'example.com:0', ''),
    (['host', '--stun', 'example.com:99999', *SIGNAL], '99999', ''),
    (['host', '--turn', 'example.com', *SIGNAL], 'example.com', 'turn:'),
    (['host', '--turn', 'turn:example.com', *SIGNAL], 'turn:example.com', '@'),
    (['host', '--turn', 'turns:u:p@example.com', *SIGNAL], 'turns:', 'turn:'),
    (['host', '--turn', 'turn:u:p@example.com?transport=sctp', *SIGNAL], 'sctp', 'tcp'),
    (['host', '--relay-only', *SIGNAL], '--relay-only', '--turn'),
    (['join'], '', 'join'),
    (['join', CODE, 'extra', *SIGNAL], 'extra', ''),
    (['join', 'not a code', *SIGNAL], '“not a code', '21'),
    (['join', 'A' * 20 + '.' + 'A' * 22, *SIGNAL], 'A' * 20, '21'),
    (['join', 'A' * 21 + '.' + 'A' * 21, *SIGNAL], 'A' * 21, '22'),
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
