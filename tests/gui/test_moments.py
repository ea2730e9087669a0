# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes at a moment when nobody thinks of it: ends with questions open, minds that are changed
at once, one saved session in two windows."""

import re
import signal

import desktop
import harness
import people


class Questions(people.Case):
    def ask(self, app, link, name='Ben'):
        client = self.command_line(link, name=name)
        return client, app.window(f'“{name}” Wants to Join')

    def test_end(self):
        """The program ends at once while somebody asks, by its action and by a signal"""
        for end in (lambda app: self.notifications.activate(app, 'quit'),
                    lambda app: app.send_signal(signal.SIGTERM)):
            app, _, link = self.host('Ann')
            self.ask(app, link)
            end(app)
            self.assertEqual(app.wait(), 0)

    def test_number(self):
        """What a notification says cannot confirm a number that was not seen"""
        app, window, link = self.host('Ann', allow_unverified=True)
        bare = re.search(harness.ID, link).group()
        client = self.command_line(bare, options=['--signal', self.daemon.url,
                                                  '--allow-unverified'])
        app.window('“Ben” Wants to Join').button('Approve').click()
        client.expect('verify')
        dialog = app.window('Is the Number the Same?')
        self.notifications.activate(app, 'approve', people.strings('1', 'Ben'))
        client.command('y')
        window.row('Ben', shown=False).label('Waits for you to compare the number', shown=False)
        dialog.button('It Is the Same').click()
        client.expect('connected')


class Ends(people.Case):
    def test_quit(self):
        """Quit ends what would go on without its window, seen or not"""
        for is_closed in (False, True):
            app, _, _ = self.host('Ann', keep_sharing=True)
            if is_closed:
                app.press('ctrl+w')
                app.until(lambda app=app: not app.x_windows(), 'the window to go')
                self.notifications.activate(app, 'quit')
            else:
                app.press('ctrl+q')
            self.assertEqual(app.wait(), 0)


class Saved(people.Case):
    def open_saved(self, window):
        window.find('list', 'Saved').find('list item').click()

    def second_window(self, app):
        app.press('ctrl+n')
        app.until(lambda: len(app.windows_laid_out()) == 2, 'a second window')
        app.place(app.windows()[1])
        return app.windows()[1]

    def test_change_of_mind(self):
        """Kept and not kept within the moment after which it is written down"""
        app, window, _ = self.host('Ann')
        keep = window.switch('Keep This Code')
        for _ in range(3):
            keep.turn(True)
            keep.turn(False)
        second = self.second_window(app)
        second.button('Create Session')
        app.until(lambda: not second.has('list', 'Saved'), 'it to be forgotten')
        self.assertEqual(app.quit(), 0)

    def test_two_windows(self):
        """What runs is shown and not begun again; forgotten elsewhere, it is kept no more"""
        app, window, _ = self.host('Ann')
        window.switch('Keep This Code').turn(True)
        second = self.second_window(app)
        self.open_saved(second)
        second.button('Create Session')
        app.focus(second)
        self.choose_from_row(second, 'My Session', 'Forget…')
        app.window(re.compile('^Forget')).button('Forget').click()
        app.until(lambda: not window.switch('Keep This Code', shown=False).is_on(),
                  'it to be kept no more')
        app.close(second)
        app.until(lambda: len(app.windows()) == 1, 'the second window to close')
        self.share(app, '127.0.0.1:1')
        self.assertEqual(app.quit(), 0)
        self.assertFalse(any(b'role=host' in path.read_bytes() for path in
                             (self.folder / 'Ann').rglob('sessions.ini')))


if __name__ == '__main__':
    desktop.main()
