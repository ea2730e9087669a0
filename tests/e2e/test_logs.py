#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs log, where to, and what never gets there."""

import json
import os
import pathlib
import re
import signal
import stat
import subprocess

import harness
import services

FAKE_JOURNAL = pathlib.Path(__file__).with_name('fake_journal.py')

# What a secret, an id, a token, a nonce or an ICE password looks like.
RANDOM = re.compile(r'(?=[A-Za-z0-9_-]*[A-Z])(?=[A-Za-z0-9_-]*[a-z])[A-Za-z0-9_-]{20,}')
PAIR = re.compile(r'([a-z-]+)=("(?:[^"\\]|\\.)*"|[^ ]*)')


def read_log(path):
    """Each line as a dictionary, in order."""
    entries = []
    for line in path.read_text(encoding='utf-8').splitlines():
        pairs = PAIR.findall(line)
        if ' '.join(f'{name}={value}' for name, value in pairs) != line:
            raise AssertionError(f'not a line of pairs: {line}')
        entries.append({name: value.strip('"') for name, value in pairs})
    return entries


def can_unshare():
    """Whether this user may make a mount namespace."""
    return subprocess.run(['unshare', '--mount', 'true'], capture_output=True,
                          check=False).returncode == 0


class Logs(harness.Case):
    def logged_session(self, level, *, host_options=(), join_options=()):
        """A whole session that logs to three files: the daemon's, the Host's, the Client's."""
        paths = [self.folder / name for name in ('daemon.log', 'host.log', 'client.log')]
        options = [['--log-file', str(path), '--log-level', level] for path in paths]
        echo = services.start_service(self, services.echo)
        daemon = self.start_daemon(*options[0])
        host = self.start_host('--signal', daemon.url, '--allow', echo.endpoint, '--name', 'berta',
                               *options[1], *host_options)
        client = self.start_join(host.code, '--signal', daemon.url, '-L', f'0:{echo.endpoint}',
                                 '--name', 'anna', *options[2], *join_options)
        host.expect('join-request')
        host.command('y')
        client.expect('connected')
        client.expect('services')
        self.assert_carries(client.local(echo.endpoint), echo)
        client.command(host.session['link'])
        client.expect('warning', code='invalid')
        client.send_signal(signal.SIGTERM)
        self.expect_exit(client, harness.STATUS_ENDED)
        host.expect('disconnected')
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        daemon.send_signal(signal.SIGTERM)
        self.expect_exit(daemon, 0)
        return host.session, [read_log(path) for path in paths]

    def test_a_session(self):
        """The course of a session stands in each side's log, in order, with its fields"""
        _, (daemon, host, client) = self.logged_session('info')
        self.assertEqual([entry['event'] for entry in daemon], ['listening', 'ended'])
        self.assertEqual([entry['event'] for entry in host],
                         ['session', 'join-request', 'connected', 'disconnected', 'ended'])
        self.assertEqual((host[1]['peer'], host[1]['verified']), ('anna', 'yes'))
        self.assertEqual([entry['event'] for entry in client],
                         ['mapping', 'connected', 'services', 'warning', 'disconnected', 'ended'])
        self.assertEqual((client[1]['peer'], client[1]['path']), ('berta', 'lan'))
        for entry in daemon + host + client:
            self.assertRegex(entry['time'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$')
            self.assertIn(entry['level'], ('info', 'warning'))

    def test_nothing_secret(self):
        """No log holds what opens a session or a TURN server, at any level"""
        turn = services.start_turn_server(self)
        options = ['--turn', turn.option, '--relay-only']
        session, logs = self.logged_session('debug', host_options=options, join_options=options)
        self.assertIn('connection', [entry.get('event') for entry in logs[1]])
        for layer in ('session', 'signaling', 'transport'):
            self.assertIn(f'porthole-{layer}', [entry.get('domain') for entry in logs[2]])
        for text in (json.dumps(entry) for log in logs for entry in log):
            self.assertNotIn(session['id'], text)
            self.assertNotIn(session['code'].partition('.')[2], text)
            self.assertNotIn(services.TURN_PASSWORD, text)
            self.assertIsNone(RANDOM.search(text), text)

    def test_file(self):
        """The file is its owner's alone, and is gone on with"""
        path = self.folder / 'log'
        for runs in (1, 2):
            host = self.start_host('--log-file', str(path))
            host.command('quit')
            self.expect_exit(host, harness.STATUS_ENDED)
            self.assertEqual([entry['event'] for entry in read_log(path)].count('ended'), runs)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_no_room(self):
        """A file that takes no more stops nothing, which is said once"""
        path = self.folder / 'log'
        path.write_text('#' * 1000 + '\n', encoding='utf-8')
        limited = ['sh', '-c', 'ulimit -f 2; exec "$@"', 'sh']
        host = self.own(harness.Host([*limited, harness.PORTHOLE, 'host', '--json', '--log-file',
                                      str(path)], self.env))
        for _ in range(20):
            self.ask(host, 'nonsense')
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        self.assertEqual(len([line for line in host.err if 'log file takes no more' in line]), 1)

    def test_standard_error(self):
        """Without a file the log goes to standard error; without --log-level there is none"""
        unknown = ['join', '.'.join(('A' * 21, 'A' * 22)), '--signal', self.start_daemon().url]
        logged = self.run_to_end(*unknown, '--log-level', 'error')
        self.assertEqual([line.split()[2] for line in logged.err if line.startswith('time=')],
                         ['event=error'])
        silent = self.run_to_end(*unknown)
        self.assertNotIn('time=', ' '.join(silent.err))

    def test_wrong(self):
        """A level that is none, and a file that cannot be written or waits, are refused in words"""
        pipe = str(self.folder / 'pipe')
        os.mkfifo(pipe)
        for program in ([harness.PORTHOLE, 'host'], [harness.PORTHOLE, 'join', 'A' * 21],
                        [harness.SIGNAL]):
            for options, quoted in ((['--log-level', 'loud'], '“loud”'),
                                    (['--log-file', '/nonexistent/log'], '“/nonexistent/log”'),
                                    (['--log-file', pipe], 'standard error')):
                run = subprocess.run([*program, *options], env=self.env, capture_output=True,
                                     stdin=subprocess.DEVNULL, text=True, check=False,
                                     timeout=60 * harness.SCALE)
                self.assertEqual(run.returncode, harness.STATUS_USAGE, run.stderr)
                self.assertIn(quoted, run.stderr)

    def test_journal(self):
        """Where standard error is the journal, entries go there field by field"""
        if not can_unshare():
            self.skipTest('no mount namespace can be made here')
        journal = self.start('unshare', '--mount', FAKE_JOURNAL, harness.SIGNAL, '--listen',
                             '127.0.0.1:0', '--log-level', 'info', env=self.env)
        self.expect_exit(journal, 0)
        listening, ended = [json.loads(line) for line in journal.out]
        self.assertEqual((listening['PORTHOLE_EVENT'], ended['PORTHOLE_EVENT']),
                         ('listening', 'ended'))
        self.assertRegex(listening['PORTHOLE_URL'], r'^http://127\.0\.0\.1:\d+$')
        self.assertEqual((listening['PRIORITY'], listening['GLIB_DOMAIN']), ('6', 'porthole'))


if __name__ == '__main__':
    harness.main()
