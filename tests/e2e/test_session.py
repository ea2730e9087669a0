#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One short session from end to end: what `./dev test quick` runs."""

import os
import re
import signal

import harness
import services


class Session(harness.Case):
    def test_share_a_web_server(self):
        """A file of a web server is fetched with curl through a mapping, and both sides end"""
        digest = harness.write_random(self.folder / 'file', 4 * harness.MIB)
        web = services.start_web_server(self, self.folder)
        daemon, host = self.host_for(web)
        client = self.join_for(daemon, host, web)
        address = client.local(web.endpoint)
        curl = self.start('curl', '--silent', '--show-error', '--fail', '--noproxy', '*',
                          '--output', self.folder / 'fetched',
                          f'http://{harness.endpoint(*address)}/file')
        self.expect_exit(curl, 0)
        self.assertEqual(harness.sha256(self.folder / 'fetched'), digest)
        client.send_signal(signal.SIGTERM)
        self.expect_exit(client, harness.STATUS_ENDED)
        host.expect('disconnected')
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)

    def test_session_event(self):
        """The session event carries id, code, link and server, each in its form"""
        daemon = self.start_daemon()
        session = self.start_host('--signal', daemon.url).session
        self.assertRegex(session['id'], f'^{harness.ID}$')
        self.assertRegex(session['code'], f'^{re.escape(session["id"])}[.]{harness.SECRET}$')
        secret = session['code'].split('.')[1]
        where = daemon.url.removeprefix('http://')
        self.assertEqual(session['link'], f'porthole+http://{where}/{session["id"]}#{secret}')
        self.assertEqual(session['signal'], daemon.url)

    def test_connected_events(self):
        """Both ends name each other, the path, and the same two addresses"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo, options=['--name', 'berta'])
        client = self.start_join(host.code, '--signal', daemon.url, '--name', 'anna',
                                 '-L', f'0:{echo.endpoint}')
        on_host, on_client = host.expect('connected'), client.expect('connected')
        self.assertEqual((on_host['peer'], on_client['peer']), ('anna', 'berta'))
        self.assertEqual((on_host['path'], on_client['path']), ('lan', 'lan'))
        for event in (on_host, on_client):
            for member in ('local', 'remote'):
                harness.split_endpoint(event[member])

    def test_connection_events(self):
        """Each connection is told when it opens and when it closes, with its bytes"""
        echo = services.start_service(self, services.echo)
        host, client = self.pair(echo)
        data = os.urandom(5000)
        self.assertEqual(self.exchange(client.local(echo.endpoint), data), data)
        for side in (host, client):
            opened = side.expect('connection', state='open')
            closed = side.expect('connection', state='closed')
            for member in ('serial', 'peer', 'src', 'dst'):
                self.assertEqual(opened[member], closed[member])
            self.assertGreaterEqual(closed['lasted_us'], 0)
            self.assertEqual(closed['dst'], echo.endpoint)
            self.assertEqual(closed['reason'], 'done')
            self.assertEqual((closed['bytes_in'], closed['bytes_out']), (5000, 5000))


if __name__ == '__main__':
    harness.main()
