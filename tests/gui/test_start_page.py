#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a session begins: what to share is found and chosen, and what to join is asked for first."""

import base64
import pathlib
import re
import secrets
import unittest
import uuid

import desktop
import services

LINK = 'porthole+http://127.0.0.1:1/{}#' + 'A' * 22
SOMETHING_ELSE = 'Something else, like 127.0.0.1:25565'
CODE = re.compile(r'^[\w-]{21}\.[\w-]{22}$')


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
    def test_share(self):
        """A service that runs is found by its program's name, shared by one click and reached"""
        echo = self.own_service(services.Echo())
        daemon = self.start_daemon()
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
        app.window().button('Approve').click()
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
        window.label(re.compile('“192.168.1.5” is not a rule'))
        window.button('Create Session').click()
        window.label(re.compile('“192.168.1.5” is not a rule'))
        self.assertTrue(window.switch('Minecraft').is_on())
        rule.set_text('192.168.1.5:22')
        window.label('Shares 192.168.1.5:22')
        window.button('Create Session').click()
        rules = window.find('list', 'Rules')
        rules.row('Minecraft')
        rules.label(re.compile('192.168.1.5:22'))

    def test_share_more(self):
        """During a session what is shared already is not offered again"""
        app = self.start_app()
        window = app.window()
        window.row('Not Running Yet').click()
        window.switch('Minecraft').turn(True)
        window.button('Create Session').click()
        window.find('list', 'Rules').row('Minecraft')
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

    def test_clipboard(self):
        """A link on the clipboard is offered, our own is not, and none is taken"""
        echo = self.own_service(services.Echo())
        daemon, host = self.host_for(echo)
        app = self.start_app()
        own = app.window()
        own.button('Create Session').click()
        code = own.label(CODE).name
        app.press('ctrl+n')
        window = app.until(lambda: next((window for window in app.windows_laid_out()
                                         if window.has('push button', 'Create Session')), None),
                           'a second window')
        app.place(window)
        app.focus(window)
        self.set_clipboard(LINK.format(code[:21]))
        self.set_clipboard('Have a look at this!')
        self.set_clipboard(host.session['link'])
        row = window.row(f'Join “{host.code[:6]}…”')
        self.assertFalse(window.has('list item', f'Join “{code[:6]}…”'))
        self.assertEqual(window.entry('Code or link').text, '')
        row.click()
        window.label('Connected')

    def test_link(self):
        """A link opened by another program asks first; Return joins"""
        echo = self.own_service(services.Echo())
        daemon, host = self.host_for(echo)
        app = self.start_app(host.session['link'])
        window = app.window()
        window.label('Join This Session?')
        window.label(f'A session at 127.0.0.1:{daemon.port}')
        self.assertFalse(window.has('push button', 'Create Session'))
        window.button('Not Now').click()
        window.button('Create Session')
        self.assertEqual(window.entry('Code or link').text, '')
        app.quit()
        app = self.start_app(host.session['link'])
        window = app.window()
        window.label('Join This Session?')
        self.assertTrue(window.button('Join').has_focus())
        app.press('Return')
        window.label('Connected')

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
        window.row('Game night').click()
        code = window.label(CODE).name
        self.assertTrue(code.endswith(secret))
        self.assertEqual(app.quit(), 0)
        app = self.start_app()
        window = app.window()
        self.menu(window, 'Rename…')
        dialog = app.window()
        dialog.entry('Name of the session').set_text('Rust & <b>friends</b>')
        dialog.button('Rename').click()
        window.row('Rust & <b>friends</b>').click()
        self.assertEqual(window.label(CODE).name, code)
        self.assertEqual(app.quit(), 0)
        app = self.start_app()
        window = app.window()
        self.menu(window, 'Forget…')
        app.window().button('Forget').click()
        window.wait_gone('list item', 'Rust & <b>friends</b>')
        for file in ('sessions.ini', 'secrets.ini'):
            path = self.folder / 'home/data/porthole' / file
            app.until(lambda path=path: 'port' not in path.read_text(encoding='utf-8'), file)

    def menu(self, window, item):
        window.find('list', 'Saved').find('push button', 'More',
                                          where=lambda node: 'click' in node.actions()).click()
        window.find('menu item', item).click()

    def test_narrow(self):
        """All of it fits into 360 × 600 pixels, and into 1000 × 800"""
        self.save_session()
        app = self.start_app()
        window = app.window()
        window.row('Not Running Yet').click()
        window.entry(SOMETHING_ELSE).set_text('not-a-rule-' + 60 * 'x')
        window.entry('Code or link').set_text('not-a-code-' + 60 * 'x')
        app.resize(window, 360, 600)
        app.resize(window, 1000, 800)
        share, join = window.label('Share').extents(), window.label('Join').extents()
        self.assertEqual(share[1], join[1])
        self.assertLess(share[0], join[0])

    def own_service(self, service):
        self.addCleanup(service.close)
        return service


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()
