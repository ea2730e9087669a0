# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do with the window, for the tests of whole sessions: one has a home, a name and
settings, shares, copies a link, joins, answers."""

import re
import socket

from gi.repository import GLib

import desktop
import harness
import services
from notifications import Notifications

LINK = re.compile('porthole')
RULE = re.compile('^Something else')
GROUP = 'io/github/porthole/Porthole'


def spell(value):
    """A value as GVariant's text."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)


def digits(text):
    return re.sub('[^0-9]', '', text)


def strings(*texts):
    return GLib.Variant(f'({"s" * len(texts)})' if len(texts) > 1 else 's', texts)


def keyfile(home):
    return home / 'config' / 'glib-2.0' / 'settings' / 'keyfile'


class Case(desktop.Case):
    """A test with a signaling server and people."""

    notifications = None

    def setUp(self):
        super().setUp()
        if Case.notifications is None:
            Case.notifications = Notifications(self.desktop.env['DBUS_SESSION_BUS_ADDRESS'])
        self.daemon = self.start_daemon()

    def write_settings(self, name, **settings):
        """What somebody has set before the program starts, over nothing."""
        file = keyfile(self.folder / name)
        file.parent.mkdir(parents=True, exist_ok=True)
        values = {'signal': self.daemon.url, 'name': name, 'first-run': False,
                  **{key.replace('_', '-'): value for key, value in settings.items()}}
        lines = [f'{key}={spell(value)}' for key, value in values.items()]
        file.write_text('\n'.join([f'[{GROUP}]', *lines, '']), encoding='utf-8')

    def start_person(self, name, *arguments, **settings):
        """Somebody's program, with that name and these settings."""
        self.write_settings(name, **settings)
        return self.start_app(*arguments, home=name)

    def keep(self, window, is_kept):
        """Says whether the session is to be there after a restart."""
        window.switch('Keep This Code').turn(is_kept)

    def show_view(self, app, number):
        """Overview, connections or events."""
        app.press(f'alt+{number}')

    # --- the Host ------------------------------------------------------------------------------

    def create(self, app, *rules):
        """Creates a session that shares this; its window, once somebody can join."""
        window = app.window()
        window.button('Create Session').click()
        window.label('Waiting for someone to join')
        for rule in rules:
            self.share(app, rule)
        return window

    def share(self, app, rule):
        app.windows()[0].find('push button', re.compile('^Share Something')).click()
        dialog = app.window('Share Something')
        dialog.entry(RULE).set_text(rule)
        dialog.button('Share').click()
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')

    def copy_link(self, window):
        """The link, as somebody pastes it elsewhere."""
        self.set_clipboard('something else')
        window.button('Copy Link').click()
        harness.until(lambda: LINK.match(self.desktop.clipboard()), 'the link to be copied')
        return self.desktop.clipboard()

    def host(self, name, *rules, **settings):
        """Somebody who shares; (program, window, link)."""
        app = self.start_person(name, **settings)
        window = self.create(app, *rules)
        return app, window, self.copy_link(window)

    def answer(self, app, button, title=None):
        """Answers the question that is asked."""
        dialog = app.window(title or re.compile('Wants to Join'))
        dialog.button(button).click()
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')

    def choose_from_row(self, window, title, item):
        """Chooses from the menu of a row."""
        row = window.row(title)
        row.find_all('push button', 'More')[-1].click()
        row.find('menu item', item).click()

    # --- the Client ----------------------------------------------------------------------------

    def command_line(self, link, *endpoints, name='Ben', options=()):
        """Somebody who joins in a terminal."""
        maps = [part for endpoint in endpoints for part in ('-L', f'0:{endpoint}')]
        return self.start_join(link, '--name', name, *maps, *options)

    def join(self, name, link, **settings):
        """Somebody who opens a link and joins; (program, window)."""
        app = self.start_person(name, **settings)
        window = app.window()
        window.entry('Code or link').set_text(link)
        window.button('Join').click()
        return app, window

    def guest(self, app, link, *endpoints, name='Ben', options=()):
        """Somebody in a terminal whom the Host has let in."""
        client = self.command_line(link, *endpoints, name=name, options=options)
        self.answer(app, 'Approve', f'“{name}” Wants to Join')
        client.expect('connected')
        return client

    # --- what is shared ------------------------------------------------------------------------

    def echo(self):
        return services.start_service(self, services.echo)

    def assert_echoes(self, connection):
        """That an open connection carries bytes both ways."""
        connection.sendall(b'echo')
        self.assertEqual(harness.receive_exactly(connection, 4), b'echo')

    def assert_nothing_listens(self, address):
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address, timeout=10 * harness.SCALE).close()
