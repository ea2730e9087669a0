#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Host that keeps its share code from one time to the next: --keep."""

import re
import signal
import socket
import stat

import harness
import services


class Keep(harness.Case):
    def setUp(self):
        super().setUp()
        self.file = self.folder / 'kept'
        self.echo = services.start_service(self, services.echo)

    def host(self, *options):
        return self.start_host('--keep', str(self.file), '--allow', self.echo.endpoint, *options)

    def end(self, host):
        """Ends it as a restart would; returns what it had told of its session."""
        session = host.expect('session')
        self.quit(host)
        return session

    def quit(self, host):
        host.send_signal(signal.SIGTERM)
        self.expect_exit(host, harness.STATUS_ENDED)

    def join(self, target, *options):
        """A Client that comes in by what it was given, and bytes through it."""
        client = self.start_join(target, '-L', f'0:{self.echo.endpoint}', *options)
        client.expect('connected')
        self.assert_carries(client.local(self.echo.endpoint), self.echo)

    def refused(self, *options):
        """What a Host that does not even begin says."""
        process = self.run_to_end('host', '--json', '--keep', str(self.file), *options)
        self.expect_exit(process, harness.STATUS_USAGE)
        return '\n'.join(process.out)

    def test_same_link(self):
        """Started again, the same code and the same link, and Clients come in by it"""
        before = self.end(self.host('--yes'))
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        for _ in range(5):  # meanwhile the system may have given the port to somebody else
            host = self.host('--yes')
            session = host.expect('session')
            self.assertEqual(session['code'], before['code'])
            if session == before:
                break
            host.expect('warning', code='port-taken')
            self.quit(host)
            before = session
        self.assertEqual(session, before)
        self.join(before['link'])

    def test_waiting_client(self):
        """Who was waiting when the Host's program was killed is let in by the next one"""
        daemon = self.start_daemon()
        host = self.host('--signal', daemon.url)
        before = host.expect('session')
        client = self.start_join(before['code'], '--signal', daemon.url)
        host.expect('join-request')
        host.kill()
        after = self.host('--signal', daemon.url, '--yes')
        self.assertEqual(after.expect('session'), before)
        client.expect('connected')
        self.join(before['code'], '--signal', daemon.url)

    def test_port_taken(self):
        """Another program on the port: a warning, the same code, and a link that works"""
        before = self.end(self.host('--yes'))
        port = int(before['signal'].rpartition(':')[2])
        with socket.create_server(('', port)):
            host = self.host('--yes')
            warning = host.expect('warning', code='port-taken')
            after = host.expect('session')
        self.assertEqual(after['code'], before['code'])
        self.assertNotEqual(after['link'], before['link'])
        for expected in (str(port), after['signal'].rpartition(':')[2]):
            self.assertIn(expected, warning['message'])
        self.join(after['link'])

    def test_open_to_others(self):
        """A file that others can read is refused, and left as it is"""
        self.end(self.host('--yes'))
        text = self.file.read_text(encoding='utf-8')
        for mode in (0o640, 0o604, 0o622):
            self.file.chmod(mode)
            self.assertIn(f'mode {mode:o}', self.refused())
        self.file.chmod(0o600)
        self.assertEqual(self.file.read_text(encoding='utf-8'), text)

    def test_damaged(self):
        """A file that is damaged, or another one, is left alone, and the message says what to do"""
        self.end(self.host('--yes'))
        text = self.file.read_text(encoding='utf-8')
        secret = re.search('secret=(.*)', text).group(1)
        for wrong in ('', 'dear diary', text[:-20], text.replace(secret, 'x'), text * 40):
            self.file.write_text(wrong, encoding='utf-8')
            said = self.refused()
            self.assertIn('remove it', said)
            self.assertNotIn(secret, said)
            self.assertEqual(self.file.read_text(encoding='utf-8'), wrong)

    def test_not_to_be_made(self):
        """No folder, a folder in its place, no code to keep: each is said before it begins"""
        self.assertIn('no share code to keep', self.refused('--manual'))
        self.file.mkdir()
        self.assertIn(str(self.file), self.refused())
        self.file = self.folder / 'nowhere' / 'kept'
        self.assertIn(str(self.file), self.refused())

    def test_not_in_logs(self):
        """Nothing of what is kept is logged"""
        log = self.folder / 'log'
        self.end(self.host('--yes', '--log-level', 'debug', '--log-file', str(log)))
        self.end(self.host('--yes', '--log-level', 'debug', '--log-file', str(log)))
        kept = dict(re.findall('(token|secret)=(.*)', self.file.read_text(encoding='utf-8')))
        logged = log.read_text(encoding='utf-8')
        self.assertIn('session', logged)
        self.assertNotIn(kept['token'], logged)
        self.assertNotIn(kept['secret'], logged)


if __name__ == '__main__':
    harness.main()
