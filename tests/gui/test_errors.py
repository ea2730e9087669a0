#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error a person can meet says what happened, why and what to do, where it happened; what can
be tried again is, with the same mappings, and nothing listens meanwhile."""

import re

import desktop
import harness
import people


class Case(people.Case):
    def assert_ended(self, window, title, words, can_retry):
        """What the page says once a session has ended by an error."""
        window.find('panel', title, seconds=60)
        window.label(re.compile(words))
        window.button('Back to Start')
        self.assertEqual(window.has('push button', 'Try Again'), can_retry)

    def back(self, window):
        window.button('Back to Start').click()
        window.button('Create Session')

    def fail_to_join(self, link, title, words, can_retry, **settings):
        app, window = self.join('Ben', link, **settings)
        self.assert_ended(window, title, words, can_retry)
        return app, window

    def mapped(self, host, service):
        """Somebody who has joined a session of the command line's, and what they have mapped."""
        app, window = self.join('Ben', host.session['link'])
        window.button(re.compile('^Use ')).click()
        return app, window, self.address(window)

    def address(self, window):
        label = window.label(re.compile(r'^Now at localhost:\d+$'))
        return '127.0.0.1', int(label.name.rsplit(':', 1)[1])


class Joining(Case):
    def test_no_code(self):
        """What is no code is told beside the entry"""
        app = self.start_person('Ben')
        window = app.window()
        entry = window.entry('Code or link')
        for text in ('hello', 'porthole:', 'a' * 21 + '.' + 'b'):
            entry.set_text(text)
            window.button('Join').click()
            window.label(re.compile('code|link', re.IGNORECASE), where=lambda node:
                         node.name not in ('Code or link', 'Join'))
            self.assertTrue(window.has(None, 'Code or link'))

    def test_unknown(self):
        """A session that the server does not know"""
        host = self.start_host('--signal', self.daemon.url)
        link = host.session['link']
        host.command('quit')
        host.wait()
        _, window = self.fail_to_join(link, 'No Such Session', 'Ask the Host for a new', False)
        self.back(window)

    def test_unreachable(self):
        """A server that does not answer; trying again works once it does"""
        port = harness.free_port()
        self.daemon.finish()
        host = self.start_host('--signal', f'http://127.0.0.1:{port}', '--yes')
        app, window = self.join('Ben', f'porthole+http://127.0.0.1:{port}/' + 'a' * 21 + '#'
                                + 'b' * 21 + 'A')
        self.assert_ended(window, 'The Server Does Not Answer', 'Check your network', True)
        window.button('Try Again').click()
        self.assert_ended(window, 'The Server Does Not Answer', 'Check your network', True)
        self.back(window)
        host.kill()

    def test_declined(self):
        """A Host that says no, and then yes"""
        host = self.start_host('--signal', self.daemon.url)
        app, window = self.join('Ben', host.session['link'])
        host.expect('join-request')
        host.command('n')
        self.assert_ended(window, 'The Host Declined', 'Ask the Host, then try again', True)
        window.button('Try Again').click()
        host.expect('join-request')
        host.command('y')
        window.label(re.compile('^Connected with'))

    def test_not_verified(self):
        """A link whose secret is wrong"""
        host = self.start_host('--signal', self.daemon.url, '--yes')
        link = re.sub('#.*', '#' + 'b' * 21 + 'A', host.session['link'])
        self.fail_to_join(link, 'Not Verified', 'whole link', False)

    def test_differs(self):
        """A number that is not the same"""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow-unverified')
        bare = host.session['id']
        app, window = self.join('Ben', bare, allow_unverified=True)
        dialog = app.window('Is the Number the Same?')
        number = host.expect('verify')['number']
        self.assertIn(people.digits(number), map(people.digits, dialog.labels()))
        dialog.button('It Differs').click()
        self.assert_ended(window, 'Not Verified', 'number', False)

    def test_full(self):
        """A session that has no room left"""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--max-clients', '1')
        self.command_line(host.session['link'], name='Cleo').expect('connected')
        _, window = self.fail_to_join(host.session['link'], 'No Room Left', 'Try again later', True)
        self.back(window)

    def test_no_path(self):
        """Two computers that find no way to each other"""
        host = self.start_host('--signal', self.daemon.url, '--yes', '--relay-only', '--turn',
                               f'turn:a:b@127.0.0.1:{harness.free_port()}')
        self.fail_to_join(host.session['link'], 'No Path Between the Computers', 'TURN server',
                          True)


class Hosting(Case):
    def test_unreachable(self):
        """A signaling server in the settings that does not answer, until it does"""
        port = harness.free_port()
        app = self.start_person('Ann', signal=f'http://127.0.0.1:{port}')
        window = app.window()
        window.button('Create Session').click()
        self.assert_ended(window, 'The Server Does Not Answer', 'Preferences|address', True)
        self.start_daemon(port=port)
        window.button('Try Again').click()
        window.label('Waiting for someone to join')

    def test_wrong_setting(self):
        """Only relays without a TURN server: told where the session was to be created"""
        app = self.start_person('Ann', relay_only=True)
        window = app.window()
        window.button('Create Session').click()
        window.label(re.compile('TURN server'))
        window.button('Create Session')

    def test_denied(self):
        """What no rule allows is told on both sides"""
        echo = self.echo()
        app, window, link = self.host('Ann')
        client = self.guest(app, link, echo.endpoint)
        self.assert_refused(client.local(echo.endpoint), b'x')
        client.expect('connection', state='closed', reason='not-allowed')
        app.press('alt+3')
        window.label(re.compile(f'from “Ben” to {echo.endpoint} was closed'))

    def test_client_lost(self):
        """A Client that is gone without a word leaves, and another one can come"""
        app, window, link = self.host('Ann')
        client = self.guest(app, link)
        client.kill()
        window.label('Waiting for someone to join', seconds=45)
        window.label('Nobody is here yet')
        self.guest(app, link)


class Mapped(Case):
    def test_host_ended(self):
        """A Host that ends: nothing listens any more, and the page says where"""
        echo = self.echo()
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow', echo.endpoint)
        app, window, address = self.mapped(host, echo)
        self.assert_carries(address, echo)
        connection = self.connect(address)
        self.assert_echoes(connection)
        host.command('quit')
        self.assert_ended(window, 'The Host Ended the Session', 'Ask the Host for a new link',
                          False)
        window.label(re.compile(f'^Nothing answers any more at .*{address[1]}'))
        self.assert_reset(connection)
        self.assert_nothing_listens(address)
        app.resize(window, 360, 600)
        self.back(window)

    def test_host_lost(self):
        """A Host that is gone without a word; trying again once it is back has the mappings"""
        echo = self.echo()
        keep = self.folder / 'kept'
        options = ['--signal', self.daemon.url, '--yes', '--allow', echo.endpoint, '--keep', keep]
        host = self.start_host(*options)
        app, window, address = self.mapped(host, echo)
        self.assert_carries(address, echo)
        host.kill()
        self.assert_ended(window, 'The Connection Was Lost', 'try again', True)
        self.assert_nothing_listens(address)
        again = self.start_host(*options)
        self.assertEqual(again.code, host.code)
        window.button('Try Again').click()
        window.label(re.compile('^Connected with'))
        self.assertEqual(self.address(window), address)
        self.assert_carries(address, echo)

    def test_denied(self):
        """What the Host does not allow is told on the Client's side"""
        echo = self.echo()
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow', echo.endpoint)
        app, window, address = self.mapped(host, echo)
        host.command(f'deny {echo.endpoint}')
        self.settle(host)
        self.assert_refused(address, b'x')
        app.press('alt+3')
        window.label(re.compile(f'{echo.endpoint} was closed. Not allowed by the Host’s rules'))


if __name__ == '__main__':
    desktop.main(at_a_time=3, alone=False)
