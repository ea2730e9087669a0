#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flatpak, installed without any remote for one user, run in its sandbox, and removed.

    PORTHOLE_FLATPAK   the bundle of the app
    PORTHOLE_RUNTIME   the bundle of the runtime it needs
    PORTHOLE_ZIP       the portable zip, which meets the Flatpak where it is there
"""

import atexit
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/gui'))

import desktop  # noqa: E402
import harness  # noqa: E402
import people  # noqa: E402
import services  # noqa: E402

APP = 'io.github.porthole.Porthole'
PLATFORM = 'io.github.porthole.Platform'
BUNDLE, RUNTIME, ZIP = (os.environ.get(name) for name in
                        ('PORTHOLE_FLATPAK', 'PORTHOLE_RUNTIME', 'PORTHOLE_ZIP'))
VERSION = re.search(r"version: '(.*)'", (ROOT / 'meson.build').read_text(encoding='utf-8')).group(1)
SIZE = 16 * harness.MIB
MARK = 'PORTHOLE_TEST_APP'


class Installation:
    """What `flatpak --user` has for a person with this home. The system's own is not looked at."""

    def __init__(self, home):
        self.folder = home / 'installed'
        self.env = {'HOME': str(home), 'FLATPAK_USER_DIR': str(self.folder),
                    'FLATPAK_SYSTEM_DIR': str(home / 'system'),
                    'FLATPAK_CONFIG_DIR': str(home / 'etc')}

    def __call__(self, *arguments):
        """Runs flatpak to its end; what it printed."""
        base = harness.clean_environment(pathlib.Path(self.env['HOME']))
        done = subprocess.run(['flatpak', *arguments], env={**base, **self.env}, text=True,
                              capture_output=True, timeout=300 * harness.SCALE, check=False)
        if done.returncode != 0:
            raise AssertionError(f'flatpak {arguments}: {done.stdout}{done.stderr}')
        return done.stdout

    def install(self):
        """As the README says, one after the other."""
        for bundle in filter(None, (RUNTIME, BUNDLE)):
            self('--user', 'install', '--noninteractive', bundle)

    def listed(self):
        return self('--user', 'list', '--columns=application').split()


def below(pid):
    """The processes that come from a process, it itself first."""
    found = [pid]
    for parent in found:
        for children in pathlib.Path(f'/proc/{parent}/task').glob('*/children'):
            found += [int(child) for child in children.read_text(encoding='ascii').split()]
    return found


def unpack(path, folder):
    """A zip, with the modes of its files, which zipfile leaves out."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            mode, written = entry.external_attr >> 16, pathlib.Path(archive.extract(entry, folder))
            if stat.S_ISLNK(mode):
                target = written.read_text(encoding='utf-8')
                written.unlink()
                written.symlink_to(target)
            elif stat.S_ISREG(mode):
                written.chmod(stat.S_IMODE(mode))


def write_gtk_settings(folder):
    settings = folder / 'gtk-4.0' / 'settings.ini'
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(desktop.GTK_SETTINGS, encoding='utf-8')


class Sandboxed:
    """A program that `flatpak run` starts. It waits for it, and hands no signal on."""

    def send_signal(self, number):
        os.kill(below(self.child.pid)[-1], number)


class Host(Sandboxed, harness.Host):
    pass


class Client(Sandboxed, harness.Client):
    pass


class App(Sandboxed, desktop.App):
    """The window. It has the environment that a desktop would give it, so that nothing here makes
    up for what the sandbox lacks."""

    def own_environment(self, home):
        env = super().own_environment(home)
        write_gtk_settings(home / '.var/app' / APP / 'config')
        self.mark = f'{MARK}={id(self)}'.encode()
        return {**{name: value for name, value in env.items()
                   if not name.startswith(('GDK', 'GSK', 'GTK', 'GSETTINGS', 'GIO', 'ADW'))},
                MARK: str(id(self))}

    def has_process(self, pid):
        """A proxy speaks for it on the buses, which is nobody's child but has our environment."""
        try:
            return self.mark in pathlib.Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
        except OSError:
            return False

    def x_windows(self):
        """Processes have numbers of their own in there; but windows that are no dialogs tell a name
        on the bus, and all windows of a program the same leader."""
        found = desktop.run('xdotool', 'search', '--onlyvisible', '--name', '.').split()
        told = {number: desktop.run('xprop', '-id', number, 'WM_CLIENT_LEADER',
                                    '_GTK_UNIQUE_BUS_NAME') for number in found}
        leaders = {number: told[number].partition('\n')[0] for number in found}
        own = {leaders[number] for number in found if self.has_name(told[number])}
        return [number for number in found if leaders[number] in own]

    def has_name(self, told):
        name = re.search('"(:.*)"', told)
        return name and self.has_process(people.Case.notifications.process(name.group(1)))


@unittest.skipUnless(BUNDLE, 'PORTHOLE_FLATPAK names no bundle')
class Case(people.Case):
    """One installation for all tests; each person in them has a home."""

    flatpak = None

    def setUp(self):
        super().setUp()
        if Case.flatpak is None:
            home = pathlib.Path(tempfile.mkdtemp(prefix='porthole-flatpak-'))
            atexit.register(shutil.rmtree, home, ignore_errors=True)
            Case.flatpak = Installation(home)
            Case.flatpak.install()
        self.env.update(self.flatpak.env, HOME=str(self.folder))
        for name in ('CONFIG', 'DATA', 'STATE', 'CACHE'):
            self.env.pop(f'XDG_{name}_HOME')
        self.env['XDG_RUNTIME_DIR'] = self.desktop.env['XDG_RUNTIME_DIR']

    def command(self, *arguments, program='porthole'):
        return ['flatpak', 'run', f'--command={program}', APP, *arguments]

    def start_sandboxed(self, name, *arguments, is_new=True, language='C.UTF-8'):
        """Somebody who has the Flatpak."""
        self.write_settings(name)
        keyfile = self.folder / name / '.var/app' / APP / 'config/glib-2.0/settings/keyfile'
        keyfile.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(people.keyfile(self.folder / name), keyfile)
        env = {**self.flatpak.env, 'HOME': str(self.folder / name), 'LC_ALL': language}
        return self.start_app(*arguments, home=name, is_new=is_new, kind=App, env=env,
                              program=('flatpak', 'run', APP))

    def host_sandboxed(self, name, *rules):
        app = self.start_sandboxed(name)
        window = self.create(app, *rules)
        return app, window, self.copy_link(window)

    def site(self):
        """A web server with a file; (server, SHA-256)."""
        folder = self.folder / 'site'
        folder.mkdir()
        digest = harness.write_random(folder / 'file', SIZE)
        return services.start_web_server(self, folder), digest

    def assert_fetches(self, address, digest):
        with urllib.request.urlopen(f'http://{address}/file',
                                    timeout=120 * harness.SCALE) as answer:
            data = answer.read()
        self.assertEqual(len(data), SIZE)
        self.assertEqual(hashlib.sha256(data).hexdigest(), digest)

    def use(self, window):
        """Uses the only thing that the Host offers; where it is now."""
        window.button(re.compile('^Use ')).click()
        words = window.label(re.compile(r'^Now at localhost:')).name
        return '127.0.0.1:' + words.rsplit(':', 1)[1]


class Windows(Case):
    def test_file(self):
        """Two windows of the Flatpak: created, joined, approved, used, and a file comes through"""
        web, digest = self.site()
        app, window, link = self.host_sandboxed('Ann', web.endpoint)
        other_app = self.start_sandboxed('Ben')
        other = other_app.window()
        other.entry('Code or link').set_text(link)
        other.button('Join').click()
        self.answer(app, 'Approve', '“Ben” Wants to Join')
        window.label('Connected with Ben')
        other.label('Connected with Ann')
        self.assert_fetches(self.use(other), digest)
        for program in (other_app, app):
            self.assertEqual(program.quit(), 0)

    def test_kept(self):
        """A kept session has its link again, and all that is kept is in the sandbox's folder"""
        app, window, link = self.host_sandboxed('Ann')
        self.keep(window, True)
        self.assertEqual(app.quit(), 0)
        secret = link.partition('#')[2].encode()
        files = [path for path in (self.folder / 'Ann').rglob('*')
                 if path.is_file() and secret in path.read_bytes()]
        self.assertTrue(files)
        for path in files:
            self.assertIn(self.folder / 'Ann/.var/app' / APP, path.parents)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

        window = self.start_sandboxed('Ann').window()
        window.find('list', 'Saved').find('list item').click()
        window.label('Waiting for someone to join')
        self.assertEqual(self.copy_link(window), link)

    def test_link(self):
        """A link that is opened goes to the window that runs, which speaks its person's language"""
        app = self.start_sandboxed('Ann', is_new=False, language='zh_TW.UTF-8')
        entry = app.window().entry('分享碼或連結')
        link = f'porthole+http://127.0.0.1:9/{"a" * 21}#{"b" * 22}'
        self.assertEqual(self.start_sandboxed('Ann', link, is_new=False).wait(), 0)
        app.until(lambda: entry.text == link, 'the link')


class CommandLine(Case):
    def test_version(self):
        """--version of both programs is that of meson.build; the server is not inside"""
        for program in ('porthole', 'porthole-gtk'):
            done = self.start(*self.command('--version', program=program), env=self.env)
            self.assertEqual(done.wait(), 0)
            self.assertEqual(done.out, [f'{program} {VERSION}'])

    @unittest.skipUnless(os.path.isdir('/usr/share/zoneinfo'), 'this computer knows no time zones')
    def test_time_zone(self):
        """Times are those of the computer's time zone: the sandbox has it"""
        done = self.start(*self.command('-c', 'test -f /etc/localtime', program='sh'), env=self.env)
        self.assertEqual(done.wait(), 0)

    def test_file(self):
        """The command line of the Flatpak hosts and joins, and a file comes through"""
        web, digest = self.site()
        host = self.own(Host(self.command('host', '--json', '--yes', '--signal', self.daemon.url,
                                          '--allow', web.endpoint), self.env))
        client = self.own(Client(self.command('join', '--json', host.session['link'], '-L',
                                              f'0:{web.endpoint}'), self.env))
        client.expect('connected')
        self.assert_fetches('%s:%d' % client.local(web.endpoint), digest)

    def test_keep(self):
        """--keep takes a file in a folder that was let in, and none that goes with the sandbox"""
        kept = self.folder / 'codes' / 'code'
        kept.parent.mkdir()
        arguments = ('host', '--json', '--signal', self.daemon.url, '--keep')
        host = self.own(Host(self.command(*arguments, '/code'), self.env))
        self.expect_error(host, harness.STATUS_USAGE, 'invalid')
        command = self.command(*arguments, kept)
        command.insert(2, f'--filesystem={kept.parent}')
        secret = self.own(Host(command, self.env)).code.partition('.')[2]
        self.assertIn(secret, kept.read_text(encoding='utf-8'))


class Meeting(Case):
    @unittest.skipUnless(ZIP, 'PORTHOLE_ZIP names no zip')
    def test_zip(self):
        """The window of the Flatpak shares, that of the portable zip joins: a file comes through"""
        web, digest = self.site()
        app, window, link = self.host_sandboxed('Ann', web.endpoint)
        unpack(ZIP, self.folder)
        program = next(self.folder.glob('porthole-*/porthole-gtk'))
        write_gtk_settings(program.parent / 'data/config')
        other = self.start_app(home='Ben', program=program).window()
        other.entry('Code or link').set_text(link)
        other.button('Join').click()
        self.answer(app, 'Approve')
        window.label(re.compile('^Connected with '))
        other.label('Connected with Ann')
        self.assert_fetches(self.use(other), digest)


class Removal(unittest.TestCase):
    def setUp(self):
        if not BUNDLE:
            self.skipTest('PORTHOLE_FLATPAK names no bundle')
        self.home = pathlib.Path(tempfile.mkdtemp(prefix='porthole-flatpak-'))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.flatpak = Installation(self.home)
        self.flatpak.install()
        self.data = self.home / '.var/app' / APP / 'data' / 'kept'
        self.data.parent.mkdir(parents=True)
        self.data.touch()

    def left(self):
        """The files of Porthole and of what it runs on, outside of its data. Flatpak's repository
        has them under names of its own."""
        files = [path for path in self.home.rglob('*') if not path.is_dir() or path.is_symlink()]
        return [path for path in files if '.var' not in path.parts
                and ('objects' in path.parts or 'porthole' in str(path.relative_to(self.home)))]

    def test_uninstall(self):
        """Uninstalled, nothing is left but the person's data"""
        self.assertEqual(sorted(self.flatpak.listed()), [PLATFORM, APP])
        self.assertTrue(self.left())
        self.flatpak('--user', 'uninstall', '--noninteractive', APP)
        self.flatpak('--user', 'uninstall', '--noninteractive', PLATFORM)
        self.assertEqual(self.left(), [])
        self.assertEqual(self.flatpak('--user', 'remotes', '--show-disabled').strip(), '')
        self.assertTrue(self.data.exists())

    def test_delete_data(self):
        """Uninstalled with --delete-data, the data is gone as well"""
        self.flatpak('--user', 'uninstall', '--noninteractive', '--delete-data', APP)
        self.assertEqual(list((self.home / '.var/app').iterdir()), [])


if __name__ == '__main__':
    desktop.main()
