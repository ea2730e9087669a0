#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages, in a Debian 12 that has what they need and nothing of ours: installed as
people do, used, removed and purged.

Needs root. All that is done to the tree is done to a copy of it, in a mount namespace and a network
of this test's own.

    PORTHOLE_DEBS   the folder with the packages
    PORTHOLE_FRESH  the tree, as `fresh_tree` in data/packages/common.sh makes it
"""

import atexit
import ctypes
import os
import pathlib
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.request

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / 'gui'), str(TESTS / 'e2e')]

from gi.repository import Gio, GLib  # noqa: E402

import callers  # noqa: E402
import desktop  # noqa: E402
import harness  # noqa: E402
import people  # noqa: E402
import services  # noqa: E402
import test_unit  # noqa: E402

APP_ID = 'io.github.porthole.Porthole'
PACKAGES = ('porthole', 'porthole-gtk', 'porthole-signal')
WANTED = '/etc/systemd/system/multi-user.target.wants/porthole-signal.service'
ARCHIVES = '/var/cache/apt/archives'  # where apt puts packages before it installs them
PLACES = ('dev', 'proc', 'tmp')  # this machine's, in the tree
NOBODY = 61999  # a user that there is not
CLONE_NEWNS = 0x20000

# What may differ after packages were installed and purged: the books that dpkg and apt keep, and
# the caches of apt and of man, which are made anew for what is there.
BOOKS = re.compile(r'/var/(lib/(dpkg|apt)|log/(dpkg\.log|apt)|cache/(apt|man))(/|$)')

# Runs a program of the tree as if it were here. What the harness says about the build is not so.
WRAPPER = '''#!/bin/sh
unset GSETTINGS_SCHEMA_DIR
exec chroot {root} /usr/bin/{name} "$@"
'''


def own_mounts():
    """Takes this process, and all that it starts from now on, into a mount namespace of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')
    subprocess.run(['mount', '--make-rprivate', '/'], check=True)


def look(root):
    """Every file of a tree: its kind and rights, its owner, and what is in it."""
    found = {}
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                holds = harness.sha256(path)
            else:
                holds = os.readlink(path) if stat.S_ISLNK(status.st_mode) else None
            found[path.removeprefix(root)] = (oct(status.st_mode), status.st_uid, status.st_gid,
                                              holds)
    return found


def differences(before, after):
    return sorted(f'{path}: {before.get(path)} → {after.get(path)}'
                  for path in before.keys() | after.keys()
                  if before.get(path) != after.get(path) and not BOOKS.match(path))


def package(name):
    found, = pathlib.Path(os.environ['PORTHOLE_DEBS']).glob(f'{name}_*.deb')
    return found


class Tree:
    """A copy of the fresh tree, with this machine's /tmp and devices in it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='porthole-deb-', dir='/var/tmp')
        os.chmod(self.folder, 0o755)
        self.mounted = []
        atexit.register(self.remove)
        self.root = self.folder + '/tree'
        subprocess.run(['cp', '-a', os.environ['PORTHOLE_FRESH'], self.root], check=True)
        # As systemd writes at the first boot of all.
        (pathlib.Path(self.root) / 'etc/machine-id').write_text('5' * 32 + '\n', encoding='ascii')
        self.before = look(self.root)
        self.mount()

    def mount(self):
        for place in PLACES:
            subprocess.run(['mount', '--rbind', f'/{place}', f'{self.root}/{place}'], check=True)
            self.mounted.append(place)

    def unmount(self):
        while self.mounted:
            subprocess.run(['umount', '-l', f'{self.root}/{self.mounted[-1]}'], check=True)
            self.mounted.pop()

    def remove(self):
        """Not with this machine's folders in it, which would be emptied too."""
        self.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)

    def changes(self):
        """How it differs from what it was copied from."""
        self.unmount()
        found = differences(self.before, look(self.root))
        self.mount()
        return found

    def run(self, *words, **env):
        """Runs a program in it to its end; what it said."""
        done = subprocess.run(['chroot', self.root, *words], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL,
                              env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8',
                                   'HOME': '/root', 'DEBIAN_FRONTEND': 'noninteractive', **env})
        if done.returncode != 0:
            raise AssertionError(f'{shlex.join(words)} ended with {done.returncode}:\n'
                                 f'{done.stdout}')
        return done.stdout

    def install(self):
        """As the README has it; what they need is there, and nothing is fetched."""
        with tempfile.TemporaryDirectory(dir='/tmp') as folder:
            os.chmod(folder, 0o755)
            for name in PACKAGES:
                shutil.copy(package(name), folder)
            files = [str(path) for path in sorted(pathlib.Path(folder).iterdir())]
            return self.run('apt-get', 'install', '-y', *files)

    def program(self, name):
        """A program out here that runs the one in there."""
        path = pathlib.Path(self.folder) / name
        path.write_text(WRAPPER.format(root=shlex.quote(self.root), name=name), encoding='utf-8')
        path.chmod(0o755)
        return str(path)

    def exec_start(self):
        unit = pathlib.Path(self.root + str(test_unit.INSTALLED)).read_text(encoding='utf-8')
        return shlex.split(re.search(r'^ExecStart=(.*)', unit, re.MULTILINE).group(1))


def skip_where_missing(case):
    for name in ('PORTHOLE_DEBS', 'PORTHOLE_FRESH'):
        if not os.environ.get(name):
            case.skipTest(f'{name} is not set')
    if os.geteuid() != 0:
        case.skipTest('needs root')


class Shared:
    """The tree in which the packages stay installed; there is one in a process."""

    one = None

    @classmethod
    def get(cls):
        if cls.one is None:
            own_mounts()
            harness.own_network()
            cls.one = Tree()
            cls.one.install()
            harness.PORTHOLE = cls.one.program('porthole')
            harness.SIGNAL = cls.one.program('porthole-signal')
        return cls.one


class Installed(people.Case):
    def setUp(self):
        skip_where_missing(self)
        self.tree = Shared.get()
        super().setUp()

    def start_app(self, *arguments, **options):
        return super().start_app(*arguments, program=self.tree.program('porthole-gtk'), **options)

    def test_version(self):
        """Each says its name and the version, as do its manual page, the package and the window"""
        meson = (harness.ROOT / 'meson.build').read_text(encoding='utf-8')
        version = re.search(r"version: '(.*?)'", meson).group(1)
        app = self.start_app()
        app.window()
        app.press('F10')
        app.windows()[0].find('menu item', 'About Porthole').click()
        app.until(lambda: len(app.windows_laid_out()) == 2, 'the window about it')
        app.windows()[1].label(version)
        for name in PACKAGES:
            with self.subTest(name=name):
                self.assertEqual(self.tree.run(name, '--version'), f'{name} {version}\n')
                said = self.tree.run('dpkg-query', '-W', '-f', '${Version}', name)
                self.assertEqual(said, version)
                self.assertRegex(self.tree.run('man', name), rf'\nPorthole {version} ')

    def test_around(self):
        """Manual pages, completion, translations, schema, icon and desktop entry are found"""
        for page in ('host', 'join', 'services', 'test'):
            self.assertIn(f'porthole-{page}', self.tree.run('man', f'porthole-{page}'))
        for name in PACKAGES:
            said = self.tree.run('bash', '-c', '. /usr/share/bash-completion/bash_completion; '
                                 '_completion_loader "$1"; complete -p "$1"', 'bash', name)
            self.assertRegex(said, f'^complete .* {name}\n$')
            self.assertNotIn('_minimal', said)  # what any word has for which there is nothing
        self.assertNotEqual(self.tree.run('porthole-gtk', '--help', LANGUAGE='zh_TW'),
                            self.tree.run('porthole-gtk', '--help'))
        share = pathlib.Path(self.tree.root) / 'usr/share'
        compiled = (share / 'glib-2.0/schemas/gschemas.compiled').read_bytes()
        self.assertIn(APP_ID.encode(), compiled)
        self.assertTrue((share / f'icons/hicolor/scalable/apps/{APP_ID}.svg').is_file())
        entry = (share / f'applications/{APP_ID}.desktop').read_text(encoding='utf-8')
        self.assertIn(f'\nIcon={APP_ID}\n', entry)
        self.assertIn('\nExec=porthole-gtk %u\n', entry)

    def test_session(self):
        """A whole session between two installed command lines, by way of the installed daemon"""
        echo = self.echo()
        _, client = self.pair(echo)
        self.assert_carries(client.local(echo.endpoint), echo)

    def test_window(self):
        """The window shares a file, which the command line fetches"""
        folder = self.folder / 'site'
        folder.mkdir()
        digest = harness.write_random(folder / 'file', 8 * harness.MIB)
        web = services.start_web_server(self, folder)
        app, window, link = self.host('Ann', web.endpoint)
        client = self.guest(app, link, web.endpoint)
        url = 'http://%s:%d/file' % client.local(web.endpoint)
        with urllib.request.urlopen(url, timeout=60 * harness.SCALE) as answer:
            (self.folder / 'fetched').write_bytes(answer.read())
        self.assertEqual(harness.sha256(self.folder / 'fetched'), digest)
        window.label('Connected with Ben')

    def call_bus(self, bus, name, method, argument):
        path = '/' + name.replace('.', '/')
        return bus.call_sync(name, path, method.rpartition('.')[0], method.rpartition('.')[2],
                             argument, None, Gio.DBusCallFlags.NONE, int(60000 * harness.SCALE),
                             None).unpack()

    def test_activated(self):
        """The desktop starts it over D-Bus, by the installed service file"""
        service = f'usr/share/dbus-1/services/{APP_ID}.service'
        text = (pathlib.Path(self.tree.root) / service).read_text(encoding='utf-8')
        path = self.desktop.folder / 'bus/services' / pathlib.Path(service).name
        path.write_text(text.replace('Exec=', f'Exec=/usr/sbin/chroot {self.tree.root} '),
                        encoding='utf-8')
        bus = self.notifications.bus
        bus_name = 'org.freedesktop.DBus'
        self.call_bus(bus, bus_name, f'{bus_name}.ReloadConfig', None)
        self.call_bus(bus, APP_ID, 'org.freedesktop.Application.Activate',
                      GLib.Variant('(a{sv})', ({},)))
        pid, = self.call_bus(bus, bus_name, f'{bus_name}.GetConnectionUnixProcessID',
                             GLib.Variant('(s)', (APP_ID,)))
        try:
            harness.until(lambda: desktop.run('xdotool', 'search', '--onlyvisible', '--pid', pid),
                          'a window')
        finally:
            os.kill(pid, signal.SIGTERM)
        harness.until(lambda: not pathlib.Path(f'/proc/{pid}').exists(), 'it to end')

    def test_command(self):
        """The daemon runs by the unit's command, as a user who owns nothing"""
        words = self.tree.exec_start()
        self.assertEqual(words[0], '/usr/bin/porthole-signal')
        daemon = self.own(harness.Program(
            ['chroot', self.tree.root, 'setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}',
             '--clear-groups', '--no-new-privs', '--bounding-set=-all', *words, '--json'],
            self.env))
        daemon.url = daemon.expect('listening')['url']
        daemon.port = test_unit.System.port
        self.assertEqual(daemon.url, test_unit.System.url)
        callers.exchange(daemon, 1)


class Removed(harness.Case):
    def boot(self, tree):
        system = test_unit.System(self.folder, root=tree.root)
        self.addCleanup(system.close)
        try:
            harness.until(lambda: test_unit.answers(system), 'the unit to serve', 60)
        except AssertionError:
            raise AssertionError(f'systemd said:\n{system.read_log()}') from None
        return system

    def inside(self, system, *words):
        return subprocess.run(['nsenter', '-t', str(system.pid()), '-m', '-p', *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout

    def test_without_traces(self):
        """The unit starts if it is told to, again after an upgrade, and ends when it is removed;
        purged, the tree is as before"""
        skip_where_missing(self)
        reason = test_unit.why_not(Shared.get().root)
        if reason is not None:
            self.skipTest(reason)
        tree = Tree()
        tree.install()
        self.assertFalse([line for line in tree.changes() if line.startswith(WANTED)])
        tree.run('systemctl', 'enable', 'porthole-signal')
        self.assertTrue([line for line in tree.changes() if line.startswith(WANTED)])
        system = self.boot(tree)
        callers.exchange(system, 1)
        first = system.main_pid()
        shutil.copy(package('porthole-signal'), tree.root + ARCHIVES)
        said = self.inside(system, 'sh', '-c', f'dpkg -i {ARCHIVES}/porthole-signal_*.deb')
        harness.until(lambda: system.main_pid() not in (None, first) and test_unit.answers(system),
                      f'it to be started again by:\n{said}')
        said = self.inside(system, 'apt-get', 'remove', '-y', *PACKAGES)
        self.assertIsNone(system.main_pid(), said)
        self.inside(system, 'dpkg', '--purge', *PACKAGES)
        self.assertEqual(tree.changes(), [])


if __name__ == '__main__':
    desktop.main()
