#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set is kept, counts for the next session, and says itself what is wrong with it."""

import contextlib
import re
import signal
import unittest

import desktop
import harness
import people
import services

UUID = '8d0f6b6e-3f0b-4c37-9a43-9c1c8d2f5a10'


def words(text):
    return re.compile('^' + re.escape(text))


class Preferences(people.Case):
    def open(self, app):
        app.window('Porthole')
        app.press('ctrl+comma')
        return app.window('Preferences')

    def show(self, window, page):
        tab = window.find(None, page, where=lambda node: node.role == 'page tab'
                          and all(node.extents()[2:]))
        tab.click_with_mouse()

    def test_settings(self):
        """Servers are tried and told apart from what is none; the next session is begun so"""
        daemon = self.start_daemon()
        stun = services.StunServer()
        self.addCleanup(stun.close)
        app = self.start_app(home='anna')
        window = self.open(app)
        window.entry('Your name').set_text('Anna Lee')
        window.label('Others see you as “Anna Lee”.')
        window.switch('Ask Before Each Client').turn(False)
        self.show(window, 'Network')
        self.set_signal(window, daemon)
        self.set_stun(window, f'127.0.0.1:{stun.port}')
        self.assertFalse(window.row('Use Relays Only').sensitive)
        window.label(words('There is no TURN server to relay.'))
        self.assertEqual(app.quit(), 0)
        app = self.start_app(home='anna')
        window = self.open(app)
        self.assertEqual(window.entry('Your name').text, 'Anna Lee')
        app.press('Escape')
        self.share(app, daemon)
        self.assertGreater(stun.requests, 1)

    def set_signal(self, window, daemon):
        signal_server = window.entry(words('Address, like https'))
        signal_server.set_text('ftp://example.org')
        window.label(re.compile('“ftp://example.org”'))
        signal_server.set_text(f'http://127.0.0.1:{harness.free_port()}')
        window.button('Test').click()
        window.label(re.compile('not reachable|cannot be reached|refused', re.I))
        signal_server.set_text(daemon.url)
        window.button('Test').click()
        window.label(re.compile('is a signaling server, and works'))

    def set_stun(self, window, server):
        entry = window.entry(words('Add a server, like stun'))
        for text in ('no good:x', server):
            entry.type(text)
            window.app.press('Return')
            if text != server:
                window.label(re.compile('no good'))
        row = window.row(server)
        row.button('Test').click()
        row.label(words('The STUN server answers, and sees this computer as'))
        row.button('Remove Server').click()
        window.button('Undo').click()
        window.row(server)

    def share(self, app, daemon):
        window = app.window('Porthole')
        window.button('Create Session').click()
        link = self.copy_link(window)
        joined = self.start_join(link)
        self.assertEqual(joined.expect('connected')['peer'], 'Anna Lee')
        self.assertIn(str(daemon.port), link)

    def test_turn(self):
        """A TURN server goes in by a form and is tried; a reset takes all away"""
        server = services.start_turn_server(self)
        app = self.start_app(home='ben')
        window = self.open(app)
        window.entry('Your name').set_text('Ben')
        self.show(window, 'Network')
        row = self.add_turn(window, server)
        row.button('Test').click()
        row.label(words('The TURN server works'))
        app.resize(window, 360, 640)
        app.resize(window, 560, 640)
        window.switch('Use Relays Only').turn(True)
        self.show(window, 'General')
        window.button(words('Reset All')).click()
        app.window('Reset All Settings?').button('Reset').click()
        app.until(lambda: window.entry('Your name').text == '', 'the name to be gone')
        self.show(window, 'Network')
        window.wait_gone('list item', words('turn:'))
        self.assertFalse(window.switch('Use Relays Only').is_on())
        for path in self.folder.glob('ben/**/*'):
            if path.is_file():
                self.assertNotIn(services.TURN_PASSWORD, path.read_text(errors='replace'), path)

    def add_turn(self, window, server):
        window.find('list item', 'Add a server').click()
        window.entry(words('Address, like turn')).set_text(f'127.0.0.1:{server.port}')
        window.button('Add Server').click()
        window.label(words('A TURN server wants a user and a password.'))
        window.entry('User').set_text(services.TURN_USER)
        window.entry('Password').set_text(services.TURN_PASSWORD)
        window.button('Add Server').click()
        return window.row(f'turn:{services.TURN_USER}@127.0.0.1:{server.port}')


class Background(desktop.Case):
    def keep(self, home, daemon):
        """As if a session had been kept in this home; its share code."""
        file = self.folder / 'kept'
        host = self.start_host('--signal', daemon.url, '--keep', file)
        code = host.code
        host.send_signal(signal.SIGTERM)
        host.wait()
        kept = file.read_text().replace('\n', '\\n')
        data = self.folder / home / 'data' / 'porthole'
        data.mkdir(parents=True)
        (data / 'sessions.ini').write_text(f'[{UUID}]\nrole=host\ntitle=Mine\n')
        (data / 'secrets.ini').write_text(f'[session]\n{UUID}={kept}\n')
        for path in data.iterdir():
            path.chmod(0o600)
        settings = self.folder / home / 'config' / 'glib-2.0' / 'settings' / 'keyfile'
        settings.parent.mkdir(parents=True)
        settings.write_text('[io/github/porthole/Porthole]\nask-each-client=false\n'
                            f"signal='{daemon.url}'\n")
        return code

    def join(self, code, daemon):
        """Joins, as soon as the server knows the session."""
        for _ in range(100):
            joined = self.start_join(code, '--signal', daemon.url)
            with contextlib.suppress(AssertionError):
                return joined.expect('connected')
            self.assertEqual(joined.wait(), 4)  # there is no such session
        raise AssertionError('the session is not there')

    def test_share_again(self):
        """At login the session kept last is shared again, without a window"""
        daemon = self.start_daemon()
        code = self.keep('anna', daemon)
        app = self.start_app('--background', home='anna')
        self.join(code, daemon)
        self.assertEqual(app.x_windows(), [])
        app.send_signal(signal.SIGTERM)
        self.assertEqual(app.wait(), 0)

    def test_nothing_kept(self):
        """Without one, it ends"""
        self.assertEqual(self.start_app('--background', home='ben').wait(), 0)


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()
