#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Client's session: what the Host offers is mapped in one click, and every mapping says how it is.

The Host is the command line's.
"""

import hashlib
import os
import re
import socket
import unittest

import desktop
import harness
import services


class Joined(desktop.Case):
    """A person who joins what the command line hosts."""

    def host(self, *rules, options=('--yes',)):
        daemon = self.start_daemon()
        return self.start_host('--signal', daemon.url, *options,
                               *[part for rule in rules for part in ('--allow', rule)])

    def join(self, host, **options):
        app = self.start_app(**options)
        window = app.window()
        window.entry('Code or link').set_text(host.session['link'])
        window.button('Join').click()
        return app, window

    def serve(self, data):
        """A service that says `data` and ends."""
        def say(connection):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        return services.start_service(self, say)

    def hold(self, port):
        """Takes a port of this machine."""
        listener = socket.create_server(('127.0.0.1', port))
        self.addCleanup(listener.close)

    def use(self, window, service):
        """Maps what is offered, on the next free port, for the Host is on this machine, too."""
        window.button(f'Use {service.endpoint}').click()
        return self.answers(window)

    def answers(self, window):
        """The port at which the only mapping answers."""
        label = window.label(re.compile(r'^Now at localhost:\d+$'))
        return int(label.name.rsplit(':', 1)[1])

    def fetch(self, port):
        return self.exchange(('127.0.0.1', port), b'')

    def is_closed(self, port):
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) != 0

    def add(self, app, window, text):
        """Pastes a mapping into the form."""
        window.button('Add Mapping').click()
        dialog = app.window('Add Mapping')
        dialog.entry('Address').set_text(text)
        dialog.button('Add').click()

    def choose_in_menu(self, window, item):
        for button in window.find_all('push button', 'More'):
            if 'click' in button.actions():
                button.click()
        window.find('menu item', item).click()


class Offered(Joined):
    def test_use(self):
        """One click on what is offered, and it answers on the next free port, byte for byte"""
        data = os.urandom(4 * harness.MIB)
        service = self.serve(data)
        app, window = self.join(self.host(service.endpoint))
        window.label(f'{service.endpoint} at the Host')
        port = self.use(window, service)
        self.assertGreater(port, service.port)
        self.assertEqual(hashlib.sha256(self.fetch(port)).digest(), hashlib.sha256(data).digest())
        self.assertFalse(window.has('push button', re.compile('^Use ')))
        window.button('Copy Address').click()
        app.until(lambda: self.desktop.clipboard() == f'localhost:{port}', 'the address to be copied')
        app.resize(window, 360, 600)


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()
