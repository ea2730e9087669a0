#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a picture of every screen, 360 and 1000 pixels wide, light and dark.

    tests/gui/shots.py [SCENE…]      (normally by ./dev shots)

Each scene is a function that puts real programs into a state that people see and hands back the App
whose picture is wanted; its name and what the picture shows are the file's: start-1000-light.png.
"""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import traceback

import desktop
import harness
import people

SIZES = {360: 720, 1000: 800}  # width to height
STYLES = {'light': 'default', 'dark': 'prefer-dark'}
GAME, SITE = '127.0.0.1:25565', '127.0.0.1:8080'

SCENES = {}


def scene(function):
    SCENES[function.__name__.replace('_', '-')] = function
    return function


class Stage(people.Case):
    """What a scene has: everything that a test has."""

    def __init__(self, style):
        super().__init__('runTest')
        self.style = style

    def runTest(self):  # noqa: N802 (unittest's)
        """Not a test."""

    def start_app(self, *arguments, **options):
        return super().start_app(*arguments, env={'ADW_DEBUG_COLOR_SCHEME': STYLES[self.style]},
                                 **options)

    def played_host(self, *rules):
        """Ann's session in a terminal."""
        allow = [part for rule in rules for part in ('--allow', rule)]
        return self.start_host('--signal', self.daemon.url, '--name', 'Ann', *allow)

    def joined(self, *rules):
        """Ben's program, connected with Ann's."""
        host = self.played_host(*rules)
        app, window = self.join('Ben', host.session['link'])
        host.expect('join-request')
        host.command('y')
        window.label('Connected with Ann')
        return app, window, host


def play(stage, program, endpoint):
    """Something that people run: a server of that name, as the lists of services have it."""
    copy = stage.folder / program
    shutil.copy(shutil.which('socat'), copy)
    host, port = endpoint.split(':')
    process = subprocess.Popen([copy, f'TCP-LISTEN:{port},bind={host},fork', 'PIPE'])
    stage.addCleanup(process.wait)
    stage.addCleanup(process.kill)


# --- beginning ------------------------------------------------------------------------------------

@scene
def start(stage):
    """What is there first"""
    play(stage, 'minecraft', GAME)
    play(stage, 'nginx', SITE)
    app = stage.start_person('Ann', first_run=True)
    app.window().label('Minecraft')
    return app


@scene
def start_link(stage):
    """A link was opened"""
    host = stage.played_host(GAME)
    app = stage.start_person('Ben', host.session['link'])
    app.window().button(re.compile('^Join'))
    return app


# --- the Host -------------------------------------------------------------------------------------

@scene
def host_waiting(stage):
    """A session that nobody has joined yet"""
    return stage.host('Ann', GAME)[0]


@scene
def host_asked(stage):
    """Somebody wants to join"""
    app, _, link = stage.host('Ann', GAME)
    stage.command_line(link)
    app.window('“Ben” Wants to Join')
    return app


@scene
def host_number(stage):
    """A number is to be compared"""
    app, _, link = stage.host('Ann', GAME, allow_unverified=True)
    stage.command_line(re.search(harness.ID, link).group(),
                       options=['--signal', stage.daemon.url, '--allow-unverified'])
    app.window('“Ben” Wants to Join').button('Approve').click()
    app.window('Is the Number the Same?')
    return app


@scene
def host_connected(stage):
    """Two Clients are there, one is using something"""
    app, window, _, _ = busy(stage)
    window.label(re.compile('connections? of'))
    return app


def listen(endpoint):
    """A port that people know may be in use on this machine."""
    with contextlib.suppress(OSError):
        return socket.create_server(harness.split_endpoint(endpoint))
    return None


def busy(stage):
    """Ann shares a game and a site, Ben and Cleo use them."""
    listeners = []
    for endpoint in (GAME, SITE):
        listener = harness.until(lambda endpoint=endpoint: listen(endpoint), 'the port to be free')
        stage.addCleanup(listener.close)
        listeners.append(listener)
    app, window, link = stage.host('Ann', GAME, SITE)
    clients = [stage.guest(app, link, GAME, SITE, name=name) for name in ('Ben', 'Cleo')]
    for number, client in enumerate(clients):
        for listener, endpoint in zip(listeners, (GAME, SITE)):
            outside = stage.connect(client.local(endpoint))
            inside, _ = listener.accept()
            stage.addCleanup(inside.close)
            inside.sendall(bytes(400000 * (number + 1)))
            harness.receive_exactly(outside, 400000 * (number + 1))
            outside.sendall(bytes(20000))
            if number and endpoint == SITE:
                outside.close()
                inside.close()
    return app, window, link, clients


@scene
def rule_dialog(stage):
    """Something more is shared"""
    app, window, _ = stage.host('Ann', GAME)
    window.button('Share Something More').click()
    app.window('Share Something')
    return app


@scene
def connections(stage):
    """The connections and what they carry"""
    app, window, _, _ = busy(stage)
    app.press('alt+2')
    app.until(lambda: len(window.rows()) >= 3, 'the connections')
    return app


@scene
def events(stage):
    """What has happened"""
    app, window, _, clients = busy(stage)
    clients[1].command('quit')
    clients[1].wait()
    app.press('alt+3')
    window.label(re.compile('Cleo.*left|disconnected'))
    return app


# --- the Client -----------------------------------------------------------------------------------

@scene
def client_waiting(stage):
    """The Host has not answered yet"""
    host = stage.played_host(GAME)
    app, _ = stage.join('Ben', host.session['link'])
    host.expect('join-request')
    return app


@scene
def client_connected(stage):
    """What the Host offers, and what is mapped"""
    app, window, _ = stage.joined(GAME, SITE)
    window.button(re.compile('^Use ')).click()
    window.label(re.compile('^Now at'))
    return app


@scene
def mapping_dialog(stage):
    """A mapping is added by hand"""
    app, window, _ = stage.joined(GAME)
    window.button('Add Mapping').click()
    app.window('Add Mapping')
    return app


@scene
def ended(stage):
    """The Host has ended the session"""
    app, window, host = stage.joined(GAME)
    window.button(re.compile('^Use ')).click()
    window.label(re.compile('^Now at'))
    host.command('quit')
    window.button('Back to Start')
    return app


@scene
def unreachable(stage):
    """The server does not answer"""
    app = stage.start_person('Ann', signal='http://127.0.0.1:9')
    app.window().button('Create Session').click()
    app.window().button('Try Again')
    return app


# --- without a server -----------------------------------------------------------------------------

@scene
def pairing_host(stage):
    """An offer is passed on by hand"""
    app = stage.start_person('Ann')
    app.window().button(re.compile('^Pair Without a Server')).click()
    app.window().button(re.compile('^Copy'))
    return app


@scene
def pairing_client(stage):
    """An offer is to be pasted"""
    app = stage.start_person('Ben')
    app.window().find_all('push button', 'Pair Without a Server…')[1].click()
    app.window().label('Pairing without a server')
    return app


# --- the program ----------------------------------------------------------------------------------

def pressed(stage, keys):
    """What a key opens over the first page."""
    app = stage.start_person('Ann')
    app.window()
    app.press(keys)
    app.until(lambda: len(app.windows_laid_out()) == 2, 'what opens')
    return app


@scene
def preferences(stage):
    """The settings"""
    return pressed(stage, 'ctrl+comma')


@scene
def shortcuts(stage):
    """The keys"""
    return pressed(stage, 'ctrl+question')


@scene
def about(stage):
    """What it is and who made it"""
    app = stage.start_person('Ann')
    app.window()
    stage.notifications.activate(app, 'about')
    app.until(lambda: len(app.windows_laid_out()) == 2, 'what opens')
    return app


def take(name, style):
    stage = Stage(style)
    stage.setUp()
    try:
        app = SCENES[name](stage)
        for width, height in SIZES.items():
            window = app.window()
            path = desktop.OUTPUT / f'{name}-{width}-{style}.png'
            try:
                app.resize(app.windows()[0], width, height)
            finally:
                app.picture(path, window)
                print(path, flush=True)
    finally:
        stage.doCleanups()


def main():
    failed = False
    for name in sys.argv[1:] or SCENES:
        for style in STYLES:
            try:
                take(name, style)
            except AssertionError:
                failed = True
                print(f'{name} ({style}) has no picture:', file=sys.stderr)
                traceback.print_exc()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
