# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the window stand on: a display, a bus and real programs on them.

One Xvfb and one session bus a test file, with nothing on the bus but accessibility: no portal, no
keyring, no settings of this machine. Each App is a program of its own with a home of its own, so
that two are two people. Windows have no manager: GTK takes the focus itself, and each program's
windows get a strip of the screen of their own.

    PORTHOLE_GTK         the program (default: the one in build/)
    GSETTINGS_SCHEMA_DIR its compiled schemas (default: those in build/data)
    GUI_OUTPUT           where a failing test leaves its picture and tree (default: build/gui)
    E2E_SCALE            stretches every deadline
"""

import atexit
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))

import harness  # noqa: E402
from accessible import Gone, Tree, fits  # noqa: E402

PORTHOLE_GTK = os.environ.get('PORTHOLE_GTK', str(harness.ROOT / 'build/src/app/porthole-gtk'))
SCHEMAS = os.environ.get('GSETTINGS_SCHEMA_DIR', str(harness.ROOT / 'build/data'))
OUTPUT = pathlib.Path(os.environ.get('GUI_OUTPUT', harness.ROOT / 'build/gui'))

STRIP = 1040  # pixels of the screen's width for each program
HEIGHT = 1040
STRIPS = 4
AT_A_TIME = 'GUI_AT_A_TIME'  # so many tests, whatever the file says

# Lines of standard error that are nobody's fault here.
ALLOWED = re.compile('|'.join([
    r'^$',
    r'^SpiRegistry daemon is running',
    r'unable to send notifications through org.freedesktop.Notifications',  # nobody shows them
    # GTK 4.8, whose tooltip was to be shown over a popover or dialog that is gone.
    r"Gdk-CRITICAL .*: gdk_surface_get_device_position: assertion 'GDK_IS_SURFACE",
    r"Gtk-CRITICAL .*: _gtk_widget_find_at_coords: assertion 'GDK_IS_SURFACE",
    # GTK 4.8, asked on the accessibility bus for its windows while one is on its way.
    r"GLib-CRITICAL .*: g_variant_is_object_path: assertion 'string != NULL' failed",
]))

BUS = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:dir={folder}</listen>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
'''
SERVICE = pathlib.Path('/usr/share/dbus-1/services/org.a11y.Bus.service')

# Nothing moves, so that a picture is of what is there, and nothing blinks.
GTK_SETTINGS = '''[Settings]
gtk-enable-animations=false
gtk-cursor-blink=false
gtk-font-name=Cantarell 11
'''


def run(*arguments, **options):
    """Runs a small tool to its end; what it printed."""
    done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True,
                          timeout=60 * harness.SCALE, check=False, **options)
    return done.stdout.strip()


class Desktop:
    """The display and the bus. There is one in a process: Desktop.get()."""

    one = None

    @classmethod
    def get(cls):
        if cls.one is None:
            cls.one = cls()
            atexit.register(cls.one.close)
        return cls.one

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='porthole-gui-'))
        self.apps = [None] * STRIPS
        self.env = self.environment()
        self.display = self.start_display()
        self.bus = self.start_bus()
        # This process reads the accessibility tree, and its tools use the display.
        os.environ.update({name: self.env[name] for name in
                           ('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR')})
        os.environ.pop('AT_SPI_BUS_ADDRESS', None)
        self.tree = Tree(10 * harness.SCALE)

    def environment(self):
        """What every program here has in common."""
        env = harness.clean_environment(self.folder)
        for name in [name for name in env if name.startswith(
                ('GTK', 'GDK', 'GSK', 'GSETTINGS', 'ADW', 'WAYLAND', 'DBUS', 'AT_SPI', 'DISPLAY',
                 'XAUTHORITY', 'SSH', 'LD_PRELOAD', 'GIO', 'LANGUAGE'))]:
            del env[name]
        runtime = self.folder / 'runtime'
        runtime.mkdir(mode=0o700)
        env.update(XDG_RUNTIME_DIR=str(runtime))
        return env

    def start_display(self):
        display = harness.Process(
            ['Xvfb', '-displayfd', 1, '-screen', '0', f'{STRIP * STRIPS}x{HEIGHT}x24',
             '-nolisten', 'tcp', '-noreset', '-dpi', '96'], self.env)
        number = display.expect_line(r'^\d+$').group()
        self.env['DISPLAY'] = f':{number}'
        return display

    def start_bus(self):
        folder = self.folder / 'bus'
        (folder / 'services').mkdir(parents=True)
        service = re.sub(r'SystemdService=.*\n?', '', SERVICE.read_text(encoding='utf-8'))
        (folder / 'services' / SERVICE.name).write_text(service, encoding='utf-8')
        (folder / 'bus.conf').write_text(BUS.format(folder=folder), encoding='utf-8')
        bus = harness.Process(['dbus-daemon', f'--config-file={folder}/bus.conf', '--nofork',
                               '--print-address=1'], self.env)
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.expect_line('^unix:.*').group()
        return bus

    def strip(self, app):
        """A strip of the screen that nobody has; its left edge."""
        number = self.apps.index(None)
        self.apps[number] = app
        return number * STRIP

    def leave(self, app):
        if app in self.apps:
            self.apps[self.apps.index(app)] = None

    def close(self):
        for process in (self.bus, self.display):
            process.finish()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- the clipboard, as another program uses it ---------------------------------------------

    def clipboard(self):
        return run('timeout', 5 * harness.SCALE, 'xclip', '-o', '-selection', 'clipboard',
                   env=self.env)

    def set_clipboard(self, text):
        """Puts text there; the program that answers for it is returned, to be ended."""
        owner = harness.Process(['xclip', '-quiet', '-i', '-selection', 'clipboard'], self.env)
        owner.child.stdin.write(text.encode())
        owner.close_input()
        harness.until(lambda: self.clipboard() == text, 'the clipboard to have it')
        return owner


class App(harness.Process):
    """porthole-gtk, run by somebody whose home is `home`."""

    def __init__(self, desktop, home, *arguments, env=(), program=PORTHOLE_GTK, statuses=(0,),
                 tells_leaks=False):
        self.desktop = desktop
        self.tells_leaks = tells_leaks
        self.left = desktop.strip(self)
        self.placed = set()
        self.statuses = statuses
        command = [program] if isinstance(program, (str, pathlib.Path)) else program
        super().__init__([*command, *arguments], {**self.own_environment(home), **dict(env)})

    def own_environment(self, home):
        home = pathlib.Path(home)
        own = harness.clean_environment(home)
        env = {**self.desktop.env, **{name: own[name] for name in own
                                      if name == 'HOME' or name.startswith('XDG_')}}
        settings = pathlib.Path(env['XDG_CONFIG_HOME']) / 'gtk-4.0' / 'settings.ini'
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(GTK_SETTINGS, encoding='utf-8')
        env.update(GDK_BACKEND='x11', GDK_DEBUG='gl-disable', GSK_RENDERER='cairo',
                   GTK_A11Y='atspi', GSETTINGS_BACKEND='keyfile', GSETTINGS_SCHEMA_DIR=SCHEMAS,
                   ADW_DISABLE_PORTAL='1', GIO_USE_VFS='local', GIO_USE_PROXY_RESOLVER='dummy')
        if 'ASAN_OPTIONS' in os.environ:
            env['ASAN_OPTIONS'] = f"{os.environ['ASAN_OPTIONS']}:{self.leak_options()}"
        return env

    def leak_options(self):
        """Leaks are told by whole stacks, as GLib has no frames; that takes five times as long."""
        return 'fast_unwind_on_malloc=0' if self.tells_leaks else 'detect_leaks=0'

    def until(self, condition, what, seconds=20):
        """Waits for condition(), in which widgets may come and go, as long as it runs."""
        def look():
            if not self.running():
                raise AssertionError(f'{self.title()} ended with status '
                                     f'{self.child.returncode} before {what}')
            with contextlib.suppress(Gone):
                return condition()
            return None
        return harness.until(look, what, seconds)

    def has_process(self, pid):
        """Whether what speaks for it on the accessibility bus is this process."""
        return pid == self.child.pid

    # --- its windows --------------------------------------------------------------------------

    def root(self):
        return self.until(lambda: self.desktop.tree.program(self),
                          'it to be on the accessibility bus', 60)

    def windows(self):
        """Its windows and dialogs, in the order in which they were opened."""
        return self.root().children()

    def windows_laid_out(self):
        return [node for node in self.windows() if all(node.extents()[2:])]

    def window(self, name=None, seconds=60):
        """Waits for a window or dialog; the one that was opened last. None: any."""
        def look():
            found = [node for node in self.windows_laid_out() if fits(name, node.name)]
            return found[-1] if found else None
        window = self.until(look, f'a window “{name or ""}”', seconds)
        self.place(window)
        return window

    def x_windows(self):
        return run('xdotool', 'search', '--onlyvisible', '--pid', self.child.pid).split()

    def x_window(self, window):
        """The X window of a window: of one program, by its title."""
        def look():
            found = [number for number in self.x_windows()
                     if run('xdotool', 'getwindowname', number) == window.name]
            return found[-1] if found else None
        return self.until(look, f'the X window of {window!r}')

    def geometry(self, number):
        """(x, y, width, height) of an X window."""
        shell = dict(line.split('=', 1) for line in
                     run('xdotool', 'getwindowgeometry', '--shell', number).splitlines())
        return tuple(int(shell[name]) for name in ('X', 'Y', 'WIDTH', 'HEIGHT'))

    def edge(self, window, number):
        """What GTK draws around a window that nobody manages."""
        _, _, width, height = window.extents()
        _, _, whole_width, whole_height = self.geometry(number)
        return (whole_width - width) // 2, (whole_height - height) // 2

    def place(self, window):
        """Moves a window into this program's strip; a dialog over the middle of what is below."""
        number = self.x_window(window)
        if number in self.placed:
            return
        _, _, width, height = self.geometry(number)
        x = y = 0
        if self.placed and window.role == 'dialog':
            below = self.geometry(self.x_windows()[0])
            x, y = (max(0, (below[2] - width) // 2), max(0, (below[3] - height) // 2))
        run('xdotool', 'windowmove', '--sync', number, self.left + x, y)
        self.placed.add(number)

    def minimum(self, window):
        """(width, height) below which the window says that it cannot be used."""
        number = self.x_window(window)
        across, down = self.edge(window, number)
        hints = run('xprop', '-id', number, 'WM_NORMAL_HINTS')
        width, height = re.search(r'minimum size: (\d+) by (\d+)', hints).groups()
        return int(width) - 2 * across, int(height) - 2 * down

    def resize(self, window, width, height):
        """Makes the window proper so large; fails if what is in it does not fit."""
        number = self.x_window(window)
        across, down = self.edge(window, number)
        run('xdotool', 'windowsize', number, width + 2 * across, height + 2 * down)
        try:
            self.until(lambda: window.extents()[2:] == (width, height)
                       and all(map(int.__le__, self.minimum(window), (width, height))),
                       'the size', 10)
        except AssertionError:
            raise AssertionError(f'{window!r} was made {width} × {height}, needs '
                                 f'{self.minimum(window)} and is {window.extents()[2:]}') from None

    def picture(self, path, window=None):
        """A PNG of a window, with what lies over it."""
        window = window or self.window()
        number = self.x_window(window)
        across, down = self.edge(window, number)
        x, y, width, height = self.geometry(number)
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        run('import', '-silent', '-window', 'root', '-crop',
            f'{width - 2 * across}x{height - 2 * down}+{x + across}+{y + down}', '+repage', path)
        return path

    # --- its keyboard and mouse ---------------------------------------------------------------

    def focus(self, window=None):
        """Gives the keyboard to a window; to the one opened last."""
        number = self.x_window(window or self.window())
        if run('xdotool', 'getwindowfocus') != number:
            run('xdotool', 'windowraise', number, 'windowfocus', '--sync', number)

    def press(self, *keys):
        """Presses keys such as Return, Tab, ctrl+q."""
        self.focus()
        run('xdotool', 'key', '--delay', '1', *keys)

    def type(self, text):
        self.focus()
        run('xdotool', 'type', '--delay', '1', '--', text)

    def pointer(self):
        shell = dict(line.split('=', 1) for line in
                     run('xdotool', 'getmouselocation', '--shell').splitlines())
        return int(shell['X']), int(shell['Y'])

    def point(self, node, x, y):
        window = node.toplevel()
        self.focus(window)
        number = self.x_window(window)
        across, down = self.edge(window, number)
        left, top, _, _ = self.geometry(number)
        there = (left + across + x, top + down + y)
        if self.pointer() != there:  # else xdotool would wait for it to move
            run('xdotool', 'mousemove', '--sync', *there)

    def mouse(self, node, x, y, button=1):
        """Clicks at a point of the window that `node` is in."""
        self.point(node, x, y)
        run('xdotool', 'click', button)

    def wheel(self, node, direction):
        self.point(node, *node.center())
        run('xdotool', 'click', {'up': 4, 'down': 5}[direction])

    def tab_to(self, node, key='Tab'):
        """Presses Tab until the node has the focus."""
        for _ in range(100):
            if node.has_focus():
                return
            self.press(key)
        raise AssertionError(f'{node!r} cannot be reached with {key}')

    # --- its end ------------------------------------------------------------------------------

    def close(self, window):
        """As a person does. (That GTK 4.8 is asked for a window's actions costs it memory.)"""
        button = next(iter(window.find_all('push button', 'Close')), None)
        if button is None:
            self.press('Escape')
        else:
            button.click()

    def quit(self, seconds=30):
        """Closes its windows; the exit status."""
        with contextlib.suppress(AssertionError):
            for window in reversed(self.windows()):
                self.close(window)
        return self.wait(seconds)

    def finish(self):
        """Ends it as a person would, and says whether it behaved to its end."""
        try:
            if self.running():
                with contextlib.suppress(AssertionError):
                    self.quit(10)
            ended = self.child.poll()
            self.err = [line for line in self.err if not ALLOWED.search(line)]
            super().finish()
        finally:
            self.desktop.leave(self)
        if ended is not None and ended not in self.statuses:
            raise AssertionError(f'{self.title()} ended with status {ended}')
        if self.err:
            raise AssertionError(f'{self.title()} said: {self.err[0]}')


class Case(harness.Case):
    """A test with programs that have windows; leaves a picture and the trees where it fails."""

    tells_leaks = False  # under LeakSanitizer

    def setUp(self):
        super().setUp()
        self.desktop = Desktop.get()
        self.apps = []

    def start_app(self, *arguments, home='home', is_new=True, kind=App, **options):
        """Starts a program for the person whose home is called that; its App. Unless it is to be
        new, it hands over to one that runs already."""
        new = ['--new-instance'] if is_new else []
        app = self.own(kind(self.desktop, self.folder / home, *new, *arguments,
                            tells_leaks=self.tells_leaks, **options))
        self.apps.append(app)
        return app

    def set_clipboard(self, text):
        self.own(self.desktop.set_clipboard(text))

    def _callTestMethod(self, method):  # noqa: N802 (unittest's)
        try:
            return method()
        except Exception:
            self.leave_traces()
            raise

    def leave_traces(self):
        name = self.id().removeprefix('__main__.')
        OUTPUT.mkdir(parents=True, exist_ok=True)
        picture, tree = OUTPUT / f'{name}.png', OUTPUT / f'{name}.txt'
        run('import', '-silent', '-window', 'root', picture)
        lines = []
        for app in self.apps:
            lines.append(f'{app.title()} (status {app.child.poll()})')
            if app.running():
                with contextlib.suppress(AssertionError):
                    lines += app.root().dump()
        tree.write_text('\n'.join(lines) + '\n', encoding='utf-8')
        print(f'# {name}: {picture} and {tree}', file=sys.stderr, flush=True)


class Share:
    """Some of a file's tests in a process of their own, with a display and a bus of its own."""

    def __init__(self, names):
        self.child = subprocess.Popen([sys.executable, sys.argv[0], *names], text=True,
                                      stdout=subprocess.PIPE, env={**os.environ, AT_A_TIME: '1'})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        """Passes the results on, in the order in which they come."""
        for line in self.child.stdout:
            match = re.match(r'((?:not )?ok) \d+(.*)', line)
            if match is not None:
                with harness.TapResult.lock:
                    harness.TapResult.ended += 1
                    print(f'{match.group(1)} {harness.TapResult.ended}{match.group(2)}', flush=True)

    def wait(self):
        self.reader.join()
        return self.child.wait()


def test_names():
    """All tests of the calling file, or those named."""
    loader, module = unittest.defaultTestLoader, sys.modules['__main__']
    suite = loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else \
        loader.loadTestsFromModule(module)
    return [test.id().removeprefix('__main__.') for test in harness.flatten(suite)]


def main(at_a_time=1, alone=True):
    """Runs the tests of the calling file, or those named. There is one keyboard a display: more at
    a time have a display each. If `alone`, they have a network of their own where it can be had:
    what else listens on this machine comes and goes in the lists, and moves what is about to be
    clicked. It has loopback only, which the window may speak of where it says what is wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if alone:
        with contextlib.suppress(OSError):
            harness.own_network()
    names = test_names()
    at_a_time = min(int(os.environ.get(AT_A_TIME, at_a_time)), len(names))
    if at_a_time <= 1:
        harness.main()
    print(f'1..{len(names)}', flush=True)
    shares = [Share(names[number::at_a_time]) for number in range(at_a_time)]
    try:
        failed = [share for share in shares if share.wait() != 0]
    finally:
        for share in shares:
            share.child.terminate()
    sys.exit(1 if failed else 0)
