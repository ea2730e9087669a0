#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Without a mouse, and without eyes: everything is reached with keys, and has a name."""

import re

import desktop
import harness
import people

REACHED = ('push button', 'check box', 'combo box', 'spin button')


class Keys(people.Case):
    def test_session(self):
        """A session is created, its link copied, somebody let in, and it is stopped"""
        app = self.start_person('Ann')
        window = app.window()
        app.tab_to(window.button('Create Session'))
        app.press('Return')
        window.label('Waiting for someone to join')
        app.press('ctrl+shift+c')
        app.until(lambda: people.LINK.match(self.desktop.clipboard()), 'the link to be copied')
        client = self.command_line(self.desktop.clipboard())
        dialog = app.window('“Ben” Wants to Join')
        app.tab_to(dialog.button('Approve'))
        app.press('Return')
        client.expect('connected')
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        app.tab_to(window.button('Stop'))
        app.press('space')
        self.expect_exit(client, harness.STATUS_ENDED)
        window.button('Create Session')

    def test_keys(self):
        """Alt and a number shows a view, F10 the menu, Ctrl+? the keys, Escape closes"""
        app, window, _ = self.host('Ann')
        for number, name in ((2, 'Connections'), (3, 'Events'), (1, 'Session')):
            app.press(f'alt+{number}')
            app.until(lambda name=name: self.tabs(window) == [name], f'the view {name}')
        app.press('F10')
        window.find('menu item', 'About Porthole')
        app.press('Escape')
        app.until(lambda: not window.has('menu item'), 'the menu to close')
        app.press('ctrl+n')
        app.until(lambda: len(app.windows()) == 2, 'a second window')
        app.press('ctrl+w')
        app.until(lambda: len(app.windows()) == 1, 'the second window to close')
        for _ in range(2):
            app.press('ctrl+question')
            app.window(re.compile('Shortcuts'))
            app.press('Escape')
            app.until(lambda: len(app.windows()) == 1, 'the shortcuts to close')

    def tabs(self, window):
        return [tab.name for tab in window.find_all('page tab')
                if {'selected', 'pressed', 'checked'} & tab.states]


class Walk(people.Case):
    def look(self, app, window, before):
        """A picture that is not the one of before; None as long as it is."""
        picture = app.picture(self.folder / 'focus.ppm', window).read_bytes()
        return picture if picture != before else None

    def assert_reachable(self, app, window):
        """That Tab goes around everything that can be pressed, each once, and shows where it is."""
        wanted = {(node.role, node.name) for node in window.find_all(
            None, where=lambda node: node.role in REACHED and node.sensitive and node.has_name())
            if node.name not in ('Minimize', 'Maximize', 'Close') and not any(
                above.name == 'Running on This Computer' for above in node.above())}
        before, reached = None, []
        for _ in range(60):
            app.press('Tab')
            focused = window.find_all(where=lambda node: node.focused, shown=False)
            reached += [(node.role, node.name, node.extents()) for node in focused]
            before = app.until(lambda: self.look(app, window, before),
                               f'{focused} to show that it has the focus')
            if len(reached) > 1 and reached[-1] == reached[0]:
                break
        self.assertEqual(wanted - {stop[:2] for stop in reached}, set())

    def test_start(self):
        """The first page"""
        app = self.start_person('Ann', first_run=True)
        window = app.window()
        self.assertEqual(window.unnamed(), [])
        self.assert_reachable(app, window)

    def test_host(self):
        """A Host's session with a rule, a Client and a question; its views and dialogs"""
        app, window, link = self.host('Ann', '127.0.0.1:25565')
        self.guest(app, link)
        window.wait_gone('label', 'Link copied')  # what closes a toast has no name in libadwaita
        self.assertEqual(window.unnamed(), [])
        self.assert_reachable(app, window)
        for number in (2, 3):
            app.press(f'alt+{number}')
            # A row of events is read by the labels in it.
            self.assertEqual([words for words in window.unnamed() if number == 2], [])
        app.press('alt+1')
        self.command_line(link, name='Cleo')
        self.assertEqual(app.window('“Cleo” Wants to Join').unnamed(), [])
        app.press('Escape')
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        window.button('Share Something More').click()
        dialog = app.window('Share Something')
        self.assertEqual(dialog.unnamed(), [])

    def test_client(self):
        """A Client's session with an offer and a mapping; its end"""
        echo = self.echo()
        host = self.start_host('--signal', self.daemon.url, '--yes', '--allow', echo.endpoint,
                               '--allow', '127.0.0.1:25565')
        app, window = self.join('Ben', host.session['link'])
        window.button(re.compile('^Use ')).click()
        window.label(re.compile('^Now at localhost'))
        self.assertEqual(window.unnamed(), [])
        self.assert_reachable(app, window)
        window.button('Add Mapping').click()
        self.assertEqual(app.window('Add Mapping').unnamed(), [])
        app.press('Escape')
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        host.command('quit')
        window.button('Back to Start')
        self.assertEqual(window.unnamed(), [])
        self.assert_reachable(app, window)


if __name__ == '__main__':
    desktop.main(at_a_time=3)
