#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole sessions, as people have them: shared in one window, joined in another or in a terminal."""

import hashlib
import re
import signal
import urllib.request

import desktop
import harness
import people
import services


class Both(people.Case):
    def test_file(self):
        """Two windows: a web server is shared, joined in one click, and a file comes through whole;
        both show the connection"""
        folder = self.folder / 'site'
        folder.mkdir()
        size = 64 * harness.MIB
        digest = harness.write_random(folder / 'file', size)
        web = services.start_web_server(self, folder)
        app, window, link = self.host('Ann', web.endpoint)
        other_app, other = self.join('Ben', link)
        dialog = app.window('“Ben” Wants to Join')
        dialog.label(re.compile('^They have your share code'))
        dialog.button('Approve').click()
        other.label('Connected with Ann')
        window.label('Connected with Ben')
        other.button(re.compile('^Use ')).click()
        url = 'http://127.0.0.1:' + other.label(re.compile(r'^Now at localhost:')).name.rsplit(
            ':', 1)[1]
        with urllib.request.urlopen(f'{url}/file', timeout=120 * harness.SCALE) as answer:
            data = answer.read()
        self.assertEqual(len(data), size)
        self.assertEqual(hashlib.sha256(data).hexdigest(), digest)
        for program, page in ((app, window), (other_app, other)):
            program.press('alt+2')
            program.until(lambda page=page: any(web.endpoint in cell for row in page.rows()
                                                for cell in row), 'the connection in the table')

    def test_number(self):
        """Two windows without the code's secret show one number, and connect once both agree"""
        app, _, link = self.host('Ann', allow_unverified=True)
        bare = re.search(harness.ID, link).group()
        other_app, other = self.join('Ben', bare, allow_unverified=True)
        app.window('“Ben” Wants to Join').button('Approve').click()
        dialogs = [program.window('Is the Number the Same?') for program in (app, other_app)]
        numbers = [{people.digits(words) for words in dialog.labels()} for dialog in dialogs]
        same = [digits for digits in numbers[0] & numbers[1] if len(digits) == 12]
        self.assertEqual(len(same), 1)
        for dialog in dialogs:
            dialog.button('It Is the Same').click()
        other.label('Connected with Ann')


class Host(people.Case):
    def test_rules(self):
        """A rule is removed, put back, switched off and on: connections close and open with it"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint)
        client = self.guest(app, link, echo.endpoint)
        window.label('Connected with Ben')
        address = client.local(echo.endpoint)
        connection = self.connect(address)
        self.assert_echoes(connection)
        window.label('1 connection of Ben')

        self.choose_from_row(window, echo.endpoint, 'Remove')
        undo = window.button('Undo')
        window.label(f'{echo.endpoint} is no longer shared')
        self.assert_reset(connection)
        undo.click()
        client.expect('connection', state='closed', reason='not-allowed')
        window.row(echo.endpoint)
        self.assert_carries(address, echo)

        switch = window.row(echo.endpoint).find('check box')
        switch.turn(False)
        window.label('Switched off')
        self.assert_refused(address, b'x')
        switch.turn(True)
        window.label('Not in use')
        self.assert_carries(address, echo)

    def test_edit_rule(self):
        """A rule is changed; what is none is said where it is typed"""
        first, second = self.echo(), self.echo()
        app, window, link = self.host('Ann', first.endpoint)
        client = self.guest(app, link, first.endpoint, second.endpoint)
        self.choose_from_row(window, first.endpoint, 'Edit…')
        dialog = app.window('Edit Rule')
        entry = dialog.entry('Rule')
        entry.set_text('nonsense')
        dialog.label(re.compile('nonsense'))
        entry.set_text(second.endpoint)
        dialog.wait_gone('label', re.compile('nonsense'))
        dialog.button('Change').click()
        window.row(second.endpoint)
        self.assert_carries(client.local(second.endpoint), second)
        self.assert_refused(client.local(first.endpoint), b'x')

    def test_disconnect(self):
        """One Client is disconnected, the other one stays"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint)
        ben = self.guest(app, link, echo.endpoint)
        cleo = self.guest(app, link, echo.endpoint, name='Cleo')
        window.label('2 people are connected')
        window.row('Ben').button('Disconnect').click()
        self.expect_exit(ben, harness.STATUS_ENDED)
        window.label('Connected with Cleo')
        window.wait_gone('list item', 'Ben')
        self.assert_carries(cleo.local(echo.endpoint), echo)

    def test_reject(self):
        """A request is rejected: the Client is told, the Host goes on waiting"""
        app, window, link = self.host('Ann')
        client = self.command_line(link)
        dialog = app.window('“Ben” Wants to Join')
        dialog.label(re.compile('^They have your share code'))
        dialog.button('Reject').click()
        self.expect_error(client, harness.STATUS_DECLINED, 'declined')
        window.label('Nobody is here yet')
        self.guest(app, link)

    def test_answer_later(self):
        """A question that was put off is asked again from the person's row"""
        app, window, link = self.host('Ann')
        client = self.command_line(link)
        app.window('“Ben” Wants to Join')
        app.press('Escape')
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        row = window.row('Ben')
        row.label('Wants to join')
        row.button('Answer…').click()
        self.answer(app, 'Approve')
        client.expect('connected')
        window.label('Connected with Ben')

    def test_asks_no_more(self):
        """Somebody who gives up takes the question along; two are asked one after the other"""
        app, window, link = self.host('Ann')
        ben = self.command_line(link)
        app.window('“Ben” Wants to Join')
        cleo = self.command_line(link, name='Cleo')
        window.row('Cleo', shown=False)
        self.assertEqual(len(app.windows()), 2)
        ben.command('quit')
        self.answer(app, 'Approve', '“Cleo” Wants to Join')
        cleo.expect('connected')

    def test_everybody(self):
        """Who has said that nobody needs to be asked about is not asked"""
        app, window, link = self.host('Ann', ask_each_client=False)
        self.command_line(link).expect('connected')
        window.label('Connected with Ben')
        self.assertEqual(len(app.windows()), 1)

    def test_number(self):
        """Without the code's secret a number is shown that the Host confirms, or not"""
        for is_same in (True, False):
            with self.subTest(is_same=is_same):
                app, window, link = self.host('Ann', allow_unverified=True)
                bare = re.search(harness.ID, link).group()
                client = self.command_line(bare, options=['--signal', self.daemon.url,
                                                          '--allow-unverified'])
                dialog = app.window('“Ben” Wants to Join')
                dialog.label(re.compile('^They do not have the secret part'))
                dialog.button('Approve').click()
                number = client.expect('verify')['number']
                dialog = app.window('Is the Number the Same?')
                self.assertIn(people.digits(number), map(people.digits, dialog.labels()))
                dialog.button('It Is the Same' if is_same else 'It Differs').click()
                if is_same:
                    client.expect('connected')
                    window.label('Connected with Ben')
                    self.assertTrue(window.row('Ben').has('image', re.compile('^Not verified')))
                else:
                    client.expect('disconnected')
                    window.label('Waiting for someone to join')
                    window.wait_gone('list item', 'Ben')
                app.finish()

    def test_own_server(self):
        """Without a server the Host's computer is one, and says what that means"""
        app, window, link = self.host('Ann', signal='')
        window.label('For your own network only')
        self.assertFalse(window.has('push button', 'Copy Code'))  # nobody could join by it
        self.guest(app, link)


class Notices(people.Case):
    def test_approve(self):
        """Approve in a notification lets somebody in; the dialog goes"""
        app, window, link = self.host('Ann')
        self.start_person('somebody else').window()  # has the keyboard
        client = self.command_line(link)
        app.window('“Ben” Wants to Join')
        notices = self.notifications
        notice = app.until(lambda: notices.find(app, 'Ben wants to join'), 'the notification')
        self.assertEqual(notice.body, 'Verified by the share code')
        notices.press(notice, notice.button('Approve'))
        client.expect('connected')
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        app.until(lambda: not notice.is_shown, 'the notification to go')

    def test_reject(self):
        """So does Reject, the other way; and a press that comes too late does nothing"""
        app, window, link = self.host('Ann')
        client = self.command_line(link)
        app.window('“Ben” Wants to Join')
        name = '1'
        self.notifications.activate(app, 'reject', people.strings(name, 'Ben'))
        self.expect_error(client, harness.STATUS_DECLINED, 'declined')
        for action in ('approve', 'reject'):
            self.notifications.activate(app, action, people.strings(name, 'Ben'))
            self.notifications.activate(app, action, people.strings('77', 'Ben'))
        self.guest(app, link)


class Closing(people.Case):
    def test_asks(self):
        """Closing asks where connections are open, and only there"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint)
        client = self.guest(app, link, echo.endpoint)
        connection = self.connect(client.local(echo.endpoint))
        self.assert_echoes(connection)
        window.label('1 connection of Ben')
        for key, dialog in (('ctrl+w', 'Stop Sharing?'), ('ctrl+q', 'Stop Sharing?')):
            app.press(key)
            app.window(dialog).label('1 connection is open and will be closed.')
            app.press('Escape')
            app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        self.assert_echoes(connection)
        app.press('ctrl+w')
        app.window('Stop Sharing?').button('Stop Sharing').click()
        self.assertEqual(app.wait(), 0)
        self.expect_exit(client, harness.STATUS_ENDED)

    def test_stop(self):
        """Stop Sharing asks as well, then the window is as it was at first"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint)
        client = self.guest(app, link, echo.endpoint)
        connection = self.connect(client.local(echo.endpoint))
        self.assert_echoes(connection)
        window.label('1 connection of Ben')
        window.button('Stop').click()
        app.window('Stop Sharing?').button('Stop Sharing').click()
        self.expect_exit(client, harness.STATUS_ENDED)
        window.button('Create Session')
        self.create(app)
        window.button('Stop').click()
        window.button('Create Session')

    def test_keeps_sharing(self):
        """Where that is set, a session goes on without its window, until it is shown again"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint, keep_sharing=True)
        app.press('ctrl+w')
        notices = self.notifications
        notice = app.until(lambda: notices.find(app, 'Porthole goes on sharing'),
                           'the notification')
        app.until(lambda: not app.x_windows(), 'the window to go')
        client = self.command_line(link, echo.endpoint)
        asked = app.until(lambda: notices.find(app, 'Ben wants to join'), 'the notification')
        self.assertEqual(app.x_windows(), [])
        notices.press(asked, asked.button('Approve'))
        client.expect('connected')
        self.assert_carries(client.local(echo.endpoint), echo)
        notices.press(notice, 'default')
        app.until(app.x_windows, 'the window to come back')
        app.window().label('Connected with Ben')
        app.press('ctrl+w')
        app.until(lambda: not app.x_windows(), 'the window to go')
        notice = notices.find(app, 'Porthole goes on sharing')
        notices.press(notice, notice.button('Stop Sharing'))
        self.expect_exit(client, harness.STATUS_ENDED)
        self.assertEqual(app.wait(), 0)

    def test_asked_without_window(self):
        """Who asks while there is no window is asked about once it is there again"""
        app, window, link = self.host('Ann', keep_sharing=True)
        app.press('ctrl+w')
        app.until(lambda: not app.x_windows(), 'the window to go')
        client = self.command_line(link)
        notices = self.notifications
        asked = app.until(lambda: notices.find(app, 'Ben wants to join'), 'the notification')
        notices.press(asked, 'default')
        self.answer(app, 'Approve', '“Ben” Wants to Join')
        client.expect('connected')

    def test_signal(self):
        """SIGTERM ends it at once, and the other side is told"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint)
        client = self.guest(app, link, echo.endpoint)
        connection = self.connect(client.local(echo.endpoint))
        self.assert_echoes(connection)
        app.send_signal(signal.SIGTERM)
        self.assertEqual(app.wait(), 0)
        client.expect('disconnected')
        self.expect_exit(client, harness.STATUS_ENDED)


class Windows(people.Case):
    def test_several(self):
        """Each window of a process has a session of its own; closing one leaves the other"""
        app, first, link = self.host('Ann')
        client = self.guest(app, link)
        app.press('ctrl+n')
        app.until(lambda: len(app.windows_laid_out()) == 2, 'a second window')
        second = app.windows()[1]
        app.place(second)
        second.button('Create Session').click()
        second.label('Waiting for someone to join')
        other = self.command_line(self.copy_link(second))
        app.window('“Ben” Wants to Join').button('Approve').click()
        other.expect('connected')
        second.label('Connected with Ben')
        app.close(second)
        self.expect_exit(other, harness.STATUS_ENDED)
        first.label('Connected with Ben')
        self.assertTrue(client.running())

    def test_one_process(self):
        """A second start opens its link in the first one's process, a new instance does not"""
        self.write_settings('Ann')
        first = self.start_app(home='Ann', is_new=False)
        first.window()
        second = self.start_app('porthole:' + 'x' * 21, home='Ann', is_new=False)
        self.assertEqual(second.wait(), 0)
        first.window().label('Join This Session?')
        third = self.start_app(home='Ann')
        third.window()
        self.assertEqual(len(first.windows()), 1)


class Saved(people.Case):
    tells_leaks = True

    def stands_in_home(self, text):
        """Whether any file of Ann's has it, wherever secrets are kept."""
        return any(text.encode() in path.read_bytes()
                   for path in (self.folder / 'Ann').rglob('*') if path.is_file())

    def open_saved(self, window):
        saved = window.find('list', 'Saved')
        saved.find('list item').click()

    def test_kept(self):
        """A kept session has its code and its rules again; forgotten, it leaves nothing behind"""
        echo = self.echo()
        app, window, link = self.host('Ann', echo.endpoint)
        self.keep(window, True)
        self.choose_from_row(window, echo.endpoint, 'Edit…')
        dialog = app.window('Edit Rule')
        dialog.entry('Rule').set_text('127.0.0.1:*')
        dialog.button('Change').click()
        window.row('127.0.0.1:*')
        self.assertEqual(app.quit(), 0)
        secret = re.search('#(.*)', link).group(1)
        self.assertTrue(self.stands_in_home(secret))

        app = self.start_person('Ann')
        window = app.window()
        self.open_saved(window)
        window.label('Waiting for someone to join')
        self.assertEqual(self.copy_link(window), link)
        window.row('127.0.0.1:*')
        client = self.guest(app, link, echo.endpoint)
        self.assert_carries(client.local(echo.endpoint), echo)
        self.keep(window, False)
        app.until(lambda: not self.stands_in_home(secret), 'the secret to go')
        self.assertEqual(app.quit(), 0)
        self.assertFalse(self.stands_in_home(secret))


if __name__ == '__main__':
    desktop.main(at_a_time=3)
