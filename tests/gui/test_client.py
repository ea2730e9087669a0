#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Client's session: what the Host offers is mapped in one click; a mapping says how it is.

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

    def paste(self, app, entry, text):
        """Pastes what does not stay there as it is."""
        self.set_clipboard(text)
        entry.click_with_mouse()
        app.press('ctrl+a', 'ctrl+v')
        app.until(lambda: entry.text not in ('', text, '127.0.0.1'), 'it to be taken apart')

    def add(self, app, window, local, host, port):
        """Fills in the form."""
        window.button('Add Mapping').click()
        dialog = app.window('Add Mapping')
        dialog.entry('Address').set_text(host)
        dialog.entry('Port').set_text(str(port))
        if local != port:
            dialog.switch('Same Port on This Computer').turn(False)
            dialog.entry('Port on This Computer').set_text(str(local))
        dialog.button('Add').click()

    def choose_in_menu(self, window, item):
        for button in window.find_all('push button', 'More'):
            if 'click' in button.actions():
                button.click()
        window.find('menu item', item).click()


class Offered(Joined):
    tells_leaks = True

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
        app.until(lambda: self.desktop.clipboard() == f'localhost:{port}', 'a copied address')
        app.resize(window, 360, 600)

    def test_nothing(self):
        """A Host that offers nothing: what to do about it; what it adds is there at once"""
        host = self.host()
        app, window = self.join(host)
        window.label('Nothing is offered yet')
        window.label(re.compile('^Ask .* to share something, or add a mapping yourself.$'))
        host.command('allow 127.0.0.1:25565')
        window.row('Minecraft')
        window.button('Use Minecraft').click()
        window.label(re.compile(r'^In the game, connect to localhost:\d+$'))
        self.assertFalse(window.has('push button', 'Open in Browser'))

    def test_waiting(self):
        """While nobody has let it in it says so, takes mappings, and can be left"""
        host = self.host(options=())
        app, window = self.join(host)
        window.label(re.compile('^Waiting for .+ to let you in$'))
        self.add(app, window, harness.free_port(), '127.0.0.1', 9)
        window.label('Ready for when you are connected')
        app.resize(window, 360, 600)
        window.button('Cancel').click()
        window.button('Join')


class Mapped(Joined):
    def setUp(self):
        super().setUp()
        self.service = self.serve(b'here')
        self.hosting = self.host(self.service.endpoint)
        self.app, self.window = self.join(self.hosting)
        self.port = self.use(self.window, self.service)

    def test_life(self):
        """Off, removed or ended by the Host, nothing answers any more; on or undone, it does"""
        switch = self.window.switch(self.service.endpoint)
        switch.turn(False)
        self.window.label('Switched off')
        self.app.until(lambda: self.is_closed(self.port), 'the port to be closed')
        switch.turn(True)
        self.assert_answers()
        self.choose_in_menu(self.window, 'Remove')
        self.window.button(f'Use {self.service.endpoint}')
        self.app.until(lambda: self.is_closed(self.port), 'the port to be closed')
        self.window.button('Undo').click()
        self.assert_answers()
        self.hosting.command('quit')
        self.window.label('The Host Ended the Session')
        self.window.label(re.compile(f'localhost:{self.port}'))
        self.app.until(lambda: self.is_closed(self.port), 'the port to be closed')

    def assert_answers(self):
        self.assertEqual(self.answers(self.window), self.port)
        self.assertEqual(self.fetch(self.port), b'here')

    def test_denied(self):
        """What the Host does not allow, or does not have, is told where it is mapped"""
        closed = services.ClosedPort()
        self.choose_in_menu(self.window, 'Remove')
        self.add(self.app, self.window, harness.free_port(), closed.address, closed.port)
        port = self.answers(self.window)
        self.assert_refused(('127.0.0.1', port))
        self.window.label(re.compile(f'^The Host does not allow {re.escape(closed.endpoint)}'))
        self.hosting.command(f'allow {closed.endpoint}')
        self.settle(self.hosting)
        self.assert_refused(('127.0.0.1', port))
        self.window.label(re.compile(f'^Nothing listens at {re.escape(closed.endpoint)}'))
        with socket.create_server((closed.address, closed.port)):
            with self.connect(('127.0.0.1', port)):
                self.window.label('1 connection')
                self.window.wait_gone('label', re.compile('^Nothing listens'))
        self.window.label('Ready, nothing is connected yet')


class Form(Joined):
    def setUp(self):
        super().setUp()
        self.app, self.window = self.join(self.host())
        self.window.label('Nothing is offered yet')

    def open(self):
        self.window.button('Add Mapping').click()
        return self.app.window('Add Mapping')

    def test_fields(self):
        """What cannot be is told at the field, in words, as it is typed"""
        dialog = self.open()
        self.assertFalse(dialog.button('Add').sensitive)
        dialog.entry('Port').type('99999')
        dialog.label('“99999” is not a port. Ports are numbers from 1 to 65535.')
        dialog.entry('Port').type('80')
        dialog.wait_gone('label', re.compile('is not a port'))
        self.assertEqual(dialog.entry('Port on This Computer').text, '80')
        dialog.entry('Address').type('not a name')
        dialog.label(re.compile('^“not a name” is neither an address nor a name'))
        self.assertFalse(dialog.button('Add').sensitive)
        dialog.entry('Address').type('nas.lan')
        self.app.until(lambda: dialog.button('Add').sensitive, 'the form to be right')
        self.paste_all(dialog)
        self.warn(dialog)
        self.app.resize(dialog, 360, 600)

    def paste_all(self, dialog):
        """A whole mapping, or an address with a port, goes into the right fields."""
        for text, fields in (('127.0.0.1:8000 => example.com:80', ('example.com', '80', '8000')),
                             ('8001:[::1]:81', ('::1', '81', '8001')),
                             ('nas.lan:445', ('nas.lan', '445', '8001'))):
            self.paste(self.app, dialog.entry('Address'), text)
            self.assertEqual(tuple(dialog.entry(name).text for name in
                                   ('Address', 'Port', 'Port on This Computer')), fields, text)

    def warn(self, dialog):
        """Listening for others in the network is warned of."""
        dialog.row('More').click()
        dialog.switch('Let Others in Your Network Use It').turn(True)
        dialog.label(re.compile('^Everybody in the same network'))
        self.assertEqual(dialog.entry('Listen at Address').text, '0.0.0.0')
        dialog.entry('Listen at Address').set_text('::1')
        dialog.wait_gone('label', re.compile('^Everybody in the same network'))

    def test_taken(self):
        """A port that another program has is told, and the next free one offered"""
        port = harness.free_port()
        self.hold(port)
        self.add(self.app, self.window, port, '127.0.0.1', 9)
        self.window.label(f'Another program on this computer uses port {port} already.')
        self.window.button(re.compile(r'^Use Port \d+ Instead$')).click()
        self.assertGreater(self.answers(self.window), port)
        self.add(self.app, self.window, self.answers(self.window), '127.0.0.1', 10)
        dialog = self.app.window('Add Mapping')
        dialog.label(re.compile('leads to 127.0.0.1:9 already'))


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()
