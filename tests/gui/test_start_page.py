#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a session begins: what to share is found and chosen; what to join is asked for first."""

import base64
import getpass
import pathlib
import re
import secrets
import unittest
import uuid

import desktop
import services

LINK = 'porthole+http://127.0.0.1:1/{}#' + 'A' * 22
SOMETHING_ELSE = 'Something else, like 127.0.0.1:25565'
CONNECTED = re.compile('^Connected')
CODE = re.compile(r'[\w-]{21}[.#][\w-]{22}$')  # or a link, where a code leads nowhere


def service_row(window, endpoint):
    """The row of what listens there, wherever in the list it is."""
    def find():
        rows = window.find_all('list item', where=lambda row: row.parent.name == RUNNING
                               and any(label.startswith(endpoint) for label in row.labels()))
        if not rows:
            for check in window.find_all('check box', re.compile('^Show (System|All) Services$')):
                if not check.is_on():
                    check.click()
        return rows[0] if rows else None
    return window.app.until(find, f'{endpoint} to be found')


RUNNING = 'Running on This Computer'


class StartPage(desktop.Case):
    def set_settings(self, lines):
        path = self.folder / 'home' / 'config' / 'glib-2.0' / 'settings' / 'keyfile'
        path.parent.mkdir(parents=True)
        path.write_text(f'[io/github/porthole/Porthole]\n{lines}\n', encoding='utf-8')

    def test_share(self):
        """A service that runs is found by its program's name, shared by one click and reached"""
        echo = services.start_service(self, services.echo)
        daemon = self.start_daemon()
        self.set_settings('notify=false')  # nobody takes notifications here
        app = self.start_app(env={'PORTHOLE_SIGNAL': daemon.url})
        window = app.window()
        window.label('Welcome to Porthole')
        row = service_row(window, echo.endpoint)
        words = ' '.join(row.labels())
        self.assertIn(pathlib.Path(__file__).name, words)
        row.find('check box').turn(True)
        window.button('Create Session').click()
        code = window.label(CODE).name
        client = self.start_join(code, '--signal', daemon.url, '-L', f'0:{echo.endpoint}')
        app.window(f'“{getpass.getuser()}” Wants to Join').button('Approve').click()
        client.expect('connected')
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_presets_and_typed(self):
        """What does not run yet and what is typed are shared, too; what is no rule is told why"""
        app = self.start_app()
        window = app.window()
        window.row('Not Running Yet').click()
        window.switch('Minecraft').turn(True)
        window.label('127.0.0.1:25565 · Not running yet')
        rule = window.entry(SOMETHING_ELSE)
        rule.set_text('192.168.1.5')
        window.label(re.compile('“192.168.1.5” has no port'))
        window.button('Create Session').click()
        window.label(re.compile('“192.168.1.5” has no port'))
        self.assertTrue(window.switch('Minecraft').is_on())
        rule.set_text('192.168.1.5:22')
        window.label('Shares 192.168.1.5:22')
        window.button('Create Session').click()
        window.find('list', 'Rules')
        window.row('Minecraft')
        window.label(re.compile('192.168.1.5:22'))
        self.share_more(app, window)

    def share_more(self, app, window):
        """During a session what is shared already is not offered again."""
        window.button('Share Something More').click()
        dialog = app.window('Share Something')
        self.assertFalse(dialog.button('Share').sensitive)
        dialog.row('Not Running Yet').click()
        dialog.switch('Ollama').turn(True)
        self.assertFalse(dialog.has('check box', 'Minecraft', shown=False))
        dialog.button('Share').click()
        window.find('list', 'Rules').row('Ollama')

    def test_bad_code(self):
        """What is no code is told so, a code without a server as well, and stays to be mended"""
        app = self.start_app()
        window = app.window()
        entry = window.entry('Code or link')
        self.assertFalse(window.button('Join').sensitive)
        entry.type('abc')
        window.label(re.compile('“abc” is not a share code or a link'))
        app.press('Return')
        window.label(re.compile('“abc” is not a share code or a link'))
        self.assertEqual(entry.text, 'abc')
        entry.set_text('a' * 21 + '.' + 'A' * 22)
        window.label(re.compile('^A code does not say where its session is'))
        entry.set_text(LINK.format('a' * 21))
        window.label('A session at 127.0.0.1:1')
        self.fold(app, window)

    def fold(self, app, window):
        """All of it fits into 360 × 600 pixels, and stands side by side in 1000 × 800; what begins
        a session is always in sight."""
        window.entry(SOMETHING_ELSE).set_text('not-a-rule-' + 60 * 'x')
        window.row('Not Running Yet').click()
        for width, height in ((360, 600), (760, 500), (1000, 800)):
            app.resize(window, width, height)
            left, top, across, down = window.button('Create Session').extents()
            self.assertTrue(0 <= left <= width - across and 0 <= top <= height - down)
        share, join = window.label('Share').extents(), window.label('Reach what somebody '
                                                                    'shares with you.').extents()
        self.assertLess(share[0] + 300, join[0])

    def test_clipboard(self):
        """A link on the clipboard is offered and not taken; anything else there is left alone"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        app = self.start_app()
        window = app.window()
        app.focus(window)
        self.set_clipboard('Have a look at this!')
        self.assertFalse(window.has('list item', re.compile('^Join “')))
        self.set_clipboard(host.session['link'])
        row = window.row(f'Join “{host.code[:6]}…”')
        self.assertEqual(window.entry('Code or link').text, '')
        row.click()
        window.label(CONNECTED)

    def test_link(self):
        """A link opened by another program asks first; Return in the entry joins"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        app = self.start_app(host.session['link'])
        window = app.window()
        window.label('Join This Session?')
        window.label(f'A session at 127.0.0.1:{daemon.port}')
        self.assertTrue(window.button('Join').has_focus())
        self.assertFalse(window.has('push button', 'Create Session'))
        command_line = pathlib.Path(f'/proc/{app.child.pid}/cmdline').read_bytes()
        self.assertNotIn(host.session['link'].encode(), command_line)  # others could read it
        window.button('Not Now').click()
        window.button('Create Session')
        self.assertEqual(window.entry('Code or link').text, '')
        window.entry('Code or link').set_text(host.session['link'])
        app.press('Return')
        window.label(CONNECTED)

    def test_link_of_any_bytes(self):
        """A command line may have bytes in it that are no text"""
        window = self.start_app('porthole://\udcff\udcfe').window()
        window.label('Join This Session?')
        self.assertEqual(window.entry('Code or link').text, 'porthole://\ufffd\ufffd')

    def save_session(self):
        """A Host's session in the files of the person whose home is “home”."""
        folder = self.folder / 'home' / 'data' / 'porthole'
        folder.mkdir(parents=True, mode=0o700)
        name = str(uuid.uuid4())
        token, secret = self.draw(32), self.draw(16)
        files = {
            'sessions.ini': f'[{name}]\nrole=host\ntitle=Game night\nrules=127.0.0.1:25565;\n'
                            'last-used=0\n',
            'secrets.ini': f'[session]\n{name}=[session]\\ntoken={token}\\nsecret={secret}\\n'
                           'port=0\\n\n',
        }
        for file, content in files.items():
            (folder / file).write_text(content, encoding='utf-8')
            (folder / file).chmod(0o600)
        return secret

    def draw(self, size):
        return base64.urlsafe_b64encode(secrets.token_bytes(size)).decode().rstrip('=')

    def test_saved(self):
        """A saved session comes back with the same code, is renamed and forgotten"""
        secret = self.save_session()
        app = self.start_app()
        window = app.window()
        self.choose(window, 'Rename…')
        dialog = app.window('Rename Session')
        dialog.entry('Name of the session').set_text('Rust & <b>friends</b>')
        dialog.button('Rename').click()
        self.open(window, 'Rust & <b>friends</b>')
        self.assertTrue(window.label(CODE).name.endswith(secret))
        window.button(re.compile('^Stop')).click()
        self.choose(window, 'Forget…')
        app.window('Forget “Rust & <b>friends</b>”?').button('Forget').click()
        window.wait_gone('list item', 'Rust & <b>friends</b>')
        for file in ('sessions.ini', 'secrets.ini'):
            path = self.folder / 'home/data/porthole' / file
            app.until(lambda path=path: 'port' not in path.read_text(encoding='utf-8'), file)

    def open(self, window, title):
        """The row moves when a service comes or goes above it."""
        def look():
            for row in window.find_all('list item', title):
                row.click()
            return window.has('label', CODE)
        window.app.until(look, 'the session')

    def choose(self, window, item):
        window.find('list', 'Saved').find('push button', 'More',
                                          where=lambda node: 'click' in node.actions()).click()
        window.find('menu item', item).click()


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()
