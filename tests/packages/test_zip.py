#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The portable zip, unpacked in a Debian that has nothing of what Porthole needs.

    PORTHOLE_ZIP      the zip; without it everything is skipped
    PORTHOLE_MINIMAL  see minimal.py
"""

import atexit
import functools
import gettext
import http.server
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'gui'))

import desktop  # noqa: E402
import harness  # noqa: E402
import minimal  # noqa: E402
import people  # noqa: E402

ZIP = os.environ.get('PORTHOLE_ZIP')
PROGRAMS = ('porthole', 'porthole-gtk', 'porthole-signal')
UNPACKED = "/opt/Ann's programs ♥"  # spaces, quotes and more, as people have them
POOR = '/nowhere'  # PATH
MIB = 1 << 20

# Where nothing can be kept and there is no graphics driver, libraries note that and go on.
NOTED = re.compile('Fontconfig error: No writable cache|Failed to realize renderer of type .Gsk')


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Window(desktop.App):
    """The window of the zip, which has nothing of the environment of other tests."""

    def __init__(self, case, *arguments, env=(), launcher=None, **options):
        line = case.tree.command(launcher or f'{case.unpacked}/porthole-gtk', *arguments,
                                 env={**case.display_environment(), **dict(env)}, **options)
        super().__init__(case.desktop, case.folder / 'unused', *line[1:], program=line[0])

    def finish(self):
        self.err = [line for line in self.err if not NOTED.search(line)]
        super().finish()


@unittest.skipUnless(ZIP, 'PORTHOLE_ZIP does not say where the zip is')
@unittest.skipUnless(os.geteuid() == 0, 'it takes root to enter a tree')
class Zip(people.Case):
    tree = None  # one for all tests

    def setUp(self):
        super().setUp()
        if Zip.tree is None:
            Zip.tree = minimal.Tree([self.desktop.folder])
            atexit.register(Zip.tree.remove)
        self.unpack(UNPACKED)
        self.before = self.tree.look(self.unpacked)

    def unpack(self, where, user=0):
        folder = self.tree.path(where)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.chown(folder, user, user)
        subprocess.run(['setpriv', f'--reuid={user}', f'--regid={user}', '--clear-groups', 'unzip',
                        '-q', ZIP, '-d', folder], check=True)
        self.unpacked = f'{where}/{next(folder.iterdir()).name}'
        self.files = self.look_inside()

    def look_inside(self):
        """The files of the zip itself, which nothing changes."""
        folder = self.tree.path(self.unpacked)
        return {path: minimal.described(path) for path in sorted(folder.rglob('*'))
                if path.is_file() and folder / 'data' not in path.parents}

    def assert_untouched(self):
        """That nothing has changed but what is in `data`."""
        now = self.tree.look(self.unpacked)
        changed = sorted(path for path in now.keys() | self.before.keys()
                         if now.get(path) != self.before.get(path))
        self.assertEqual(changed, [])
        self.assertEqual(self.look_inside(), self.files)

    def data(self, name=''):
        return self.tree.path(self.unpacked) / 'data' / name

    # --- what is run ---------------------------------------------------------------------------

    def display_environment(self):
        names = ('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR')
        return {'PATH': POOR, 'PORTHOLE_STUN': 'none', **{name: self.desktop.env[name]
                                                          for name in names}}

    def set_up_window(self, user=0, **settings):
        """What is in `data` before: nothing that moves, and this test's server."""
        values = {'signal': self.daemon.url, 'name': 'Ann', 'first-run': False, **settings}
        lines = [f'{key}={people.spell(value)}' for key, value in values.items()]
        for name, text in (('gtk-4.0/settings.ini', desktop.GTK_SETTINGS),
                           ('glib-2.0/settings/keyfile',
                            '\n'.join([f'[{people.GROUP}]', *lines, '']))):
            file = self.data('config') / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding='utf-8')
        for path in [self.data(), *self.data().rglob('*')]:
            os.chown(path, user, user)

    def start_window(self, *arguments, **options):
        app = self.own(Window(self, *arguments, **options))
        self.apps.append(app)
        return app

    def line(self, program, *arguments, **options):
        """The command line that runs a program of the zip in the tree."""
        env = {'PATH': POOR, 'PORTHOLE_STUN': 'none', **options.pop('env', {})}
        return self.tree.command(f'{self.unpacked}/{program}', *arguments, env=env, **options)

    def say(self, program, *arguments, **options):
        """Runs a program of the zip to its end: (status, output, errors)."""
        done = subprocess.run(self.line(program, *arguments, **options), capture_output=True,
                              text=True, check=False, timeout=60 * harness.SCALE)
        return done.returncode, done.stdout, done.stderr

    def start_zip_daemon(self, *options):
        daemon = self.own(harness.Program(
            self.line('porthole-signal', '--listen', '127.0.0.1:0', '--json', *options), None))
        daemon.url = daemon.expect('listening')['url']
        return daemon

    def share_files(self):
        """A web server with a large file in it; (endpoint, the file's SHA-256)."""
        folder = self.folder / 'shared'
        folder.mkdir()
        digest = harness.write_random(folder / 'file', 4 * MIB)
        server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return harness.endpoint(*server.server_address), digest

    def assert_fetches(self, address, digest):
        fetched = self.folder / 'fetched'
        subprocess.run(['curl', '-sSf', '-o', fetched, f'http://{harness.endpoint(*address)}/file'],
                       check=True, timeout=120 * harness.SCALE)
        self.assertEqual(harness.sha256(fetched), digest)

    # --- the tests -----------------------------------------------------------------------------

    def test_session(self):
        """The window shares, the command line joins and fetches a file; nothing else changed"""
        self.daemon = self.start_zip_daemon()
        endpoint, digest = self.share_files()
        self.set_up_window()
        app = self.start_window('--new-instance')
        window = self.create(app, endpoint)
        self.keep(window, True)
        link = self.copy_link(window)
        client = self.own(harness.Client(
            self.line('porthole', 'join', '--json', link, '--name', 'Ben', '-L', f'0:{endpoint}'),
            None))
        self.answer(app, 'Approve', '“Ben” Wants to Join')
        client.expect('connected')
        self.assert_fetches(client.local(endpoint), digest)
        client.finish()
        self.assertEqual(app.quit(), 0)
        self.assert_untouched()
        kept = {str(path.relative_to(self.data())) for path in self.data().rglob('*')
                if path.is_file()}
        self.assertIn('config/glib-2.0/settings/keyfile', kept)
        self.assertIn('porthole.log', kept)
        self.assertTrue(any(name.startswith('cache/fontconfig/') for name in kept), kept)
        self.assertTrue(all(re.match('(config|share|cache|state)/|porthole.log$', name)
                            for name in kept), kept)

    def test_window_joins(self):
        """The command line shares, the window joins, maps and fetches a file"""
        endpoint, digest = self.share_files()
        self.set_up_window()
        host = self.own(harness.Host(
            self.line('porthole', 'host', '--json', '--signal', self.daemon.url, '--yes', '--allow',
                      endpoint), None))
        app = self.start_window('--new-instance')
        window = app.window()
        window.entry('Code or link').set_text(host.session['link'])
        window.button('Join').click()
        host.expect('connected')
        window.button(f'Use {endpoint}').click()
        label = window.label(re.compile(r'^Now at localhost:\d+$'))
        self.assert_fetches(harness.split_endpoint(label.name.split()[-1]), digest)
        self.assertEqual(app.quit(), 0)
        host.finish()
        self.assert_untouched()

    def test_versions(self):
        """Each program, from another folder, by a symbolic link and with an empty environment"""
        version = re.search(r'porthole-(\d[^/]*)-', pathlib.Path(ZIP).name).group(1)
        for program in PROGRAMS:
            link = self.tree.path(f'{minimal.HOME}/{program} link')
            link.symlink_to(f'{self.unpacked}/{program}')
            self.addCleanup(link.unlink)
            for line in (self.line(program, '--version'),
                         self.line(program, '--version', folder='/tmp'),
                         self.tree.command('./' + link.name, '--version', folder=minimal.HOME)):
                with self.subTest(line=shlex.join(line[-3:])):
                    done = subprocess.run(line, capture_output=True, text=True, check=True)
                    self.assertEqual((done.stdout, done.stderr), (f'{program} {version}\n', ''))

    def test_moved(self):
        """Moved elsewhere, it has its settings, and starts by a symbolic link"""
        self.set_up_window()
        app = self.start_window()
        app.resize(app.window(), 700, 650)
        self.assertEqual(app.quit(), 0)
        moved = '/srv/x "y" $z'
        self.tree.path(self.unpacked).rename(self.tree.path(moved))
        self.addCleanup(shutil.rmtree, self.tree.path(moved))
        link = self.tree.path('/usr/local/bin/porthole-gtk')
        link.symlink_to(f'{moved}/porthole-gtk')
        self.addCleanup(link.unlink)
        self.unpacked = moved
        app = self.start_window(launcher='/usr/local/bin/porthole-gtk')
        self.assertEqual(app.window().extents()[2:], (700, 650))
        self.assertEqual(app.quit(), 0)

    def test_another_user(self):
        """Somebody without any rights unpacks it, shares, joins and opens the window"""
        self.unpack('/srv/nobody', minimal.NOBODY)
        self.addCleanup(shutil.rmtree, self.tree.path('/srv/nobody'))
        self.before = self.tree.look(self.unpacked)
        endpoint, digest = self.share_files()
        host = self.own(harness.Host(
            self.line('porthole', 'host', '--json', '--signal', self.daemon.url, '--yes', '--allow',
                      endpoint, user=minimal.NOBODY), None))
        client = self.own(harness.Client(
            self.line('porthole', 'join', '--json', host.session['link'], '-L', f'0:{endpoint}',
                      user=minimal.NOBODY), None))
        client.expect('connected')
        self.assert_fetches(client.local(endpoint), digest)
        self.set_up_window(minimal.NOBODY)
        # The bus and what is on it let nobody in but whose it is.
        env = {'DISPLAY': self.desktop.env['DISPLAY'], 'PATH': POOR, 'GTK_A11Y': 'none'}
        window = self.start(*self.tree.command(f'{self.unpacked}/porthole-gtk', env=env,
                                               user=minimal.NOBODY))
        harness.until(lambda: self.x_titles(window.child.pid), 'a window')
        self.assertEqual(self.x_titles(window.child.pid), ['Porthole'])
        window.finish()
        self.assert_untouched()
        self.assertTrue(self.data('porthole.log').exists())

    def x_titles(self, pid):
        numbers = desktop.run('xdotool', 'search', '--onlyvisible', '--pid', pid).split()
        return [desktop.run('xdotool', 'getwindowname', number) for number in numbers]

    def test_read_only(self):
        """On a medium that cannot be written to a dialog says so, and all else works"""
        app = self.start_window(read_only=self.unpacked)
        dialog = app.window('Nothing Will Be Kept')
        dialog.label(re.compile('cannot write to “.*/data”.*Move its folder to where you can'))
        dialog.button('Continue').click()
        app.until(lambda: len(app.windows()) == 1, 'the dialog to close')
        self.create(app)
        self.assertEqual(app.quit(), 0)
        self.assertEqual(self.say('porthole', 'services', read_only=self.unpacked)[0], 0)
        self.assert_untouched()
        self.assertFalse(self.data().exists())

    def test_old_glibc(self):
        """Where glibc is older, or cannot be found at all, a sentence says what it needs"""
        check = self.tree.path(self.unpacked) / 'lib/check'
        program = check.read_bytes()
        for name, old, new in (('older', b'GLIBC_2.36', b'GLIBC_9.36'),
                               ('musl', b'/lib64/ld-linux', b'/lib64/no-linux')):
            with self.subTest(name):
                check.write_bytes(program.replace(old, new))
                for program_name in PROGRAMS:
                    status, out, err = self.say(program_name, '--version')
                    self.assertEqual((status, out), (1, ''))
                    self.assertRegex(err, '^Porthole needs a Linux system with glibc 2.36 or newer')
                    self.assertEqual(err.count('\n'), 1)
        self.assert_shown()

    def assert_shown(self):
        """That the window's launcher shows the sentence, if nobody sees its standard error."""
        tool, shown = self.tree.path('/usr/local/bin/kdialog'), self.tree.path('/tmp/shown')
        tool.write_text('#!/bin/sh\necho "$@" >/tmp/shown\n', encoding='utf-8')
        tool.chmod(0o755)
        self.addCleanup(tool.unlink)
        env = {'PATH': '/usr/local/bin', 'DISPLAY': ':99'}
        self.assertEqual(self.say('porthole', env=env)[0], 1)
        self.assertFalse(shown.exists())
        self.assertEqual(self.say('porthole-gtk', env=env)[0], 1)
        self.assertRegex(shown.read_text(encoding='utf-8'), '^--error Porthole needs a Linux')
        shown.unlink()

    def test_not_allowed(self):
        """Where no program may be run from, a sentence says what to do"""
        for path in self.tree.path(self.unpacked).rglob('*'):
            if path.is_file():
                path.chmod(0o644)
        done = subprocess.run(
            self.tree.command('/bin/sh', f'{self.unpacked}/porthole', '--version'),
            capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertRegex(done.stderr, '^Porthole cannot be run from .* Unpack the zip with')

    def test_colon(self):
        """In a folder whose name lists of folders cannot have, the window says so"""
        self.unpack('/srv/a:b')
        self.addCleanup(shutil.rmtree, self.tree.path('/srv/a:b'))
        for env in ({}, {'LD_LIBRARY_PATH': '/mine'}):
            self.assertEqual(self.say('porthole', '--version', env=env)[0], 0)
        status, out, err = self.say('porthole-gtk')
        self.assertEqual((status, out), (1, ''))
        self.assertRegex(err, '^The window of Porthole cannot be opened from /srv/a:b/.* a colon ')

    def test_other_libraries(self):
        """Libraries of the same names that the person has set do not take the place of its own"""
        theirs = self.tree.path('/opt/theirs')
        theirs.mkdir()
        self.addCleanup(shutil.rmtree, theirs)
        for name in ('libglib-2.0.so.0', 'libgdk_pixbuf-2.0.so.0'):
            (theirs / name).write_bytes(b'no library')
        env = {'LD_LIBRARY_PATH': '/opt/theirs'}
        for program in PROGRAMS:
            self.assertEqual(self.say(program, '--version', env=env)[::2], (0, ''))

    def test_licences(self):
        """What licences name that other systems than Debian do not have is there"""
        licences = self.tree.path(self.unpacked) / 'licences'
        named = {name for path in licences.glob('*.txt')
                 for name in re.findall(r'common-licenses/(L?GPL-[\d.]*\d)\b',
                                        path.read_text(encoding='utf-8', errors='replace'))}
        self.assertIn('LGPL-2.1', named)
        for name in named - {'GPL-2.0'}:  # as one of them calls GPL-2
            self.assertTrue((licences / f'common/{name}.txt').is_file(), name)

    def test_language(self):
        """Words are in the person's language: ours, and those of the libraries"""
        self.set_up_window()
        folder = self.tree.path(self.unpacked) / 'share/locale/zh_TW/LC_MESSAGES'
        ours, gtk = (gettext.GNUTranslations((folder / f'{name}.mo').open('rb'))
                     for name in ('porthole', 'gtk40'))
        app = self.start_window(env={'LANGUAGE': 'zh_TW'})
        window = app.window()
        for translation, word in ((ours, 'Create Session'), (gtk, 'Minimize')):
            self.assertNotEqual(translation.gettext(word), word)
            window.button(translation.gettext(word))

    def test_children(self):
        """What the window starts gets the environment that it was started with, and no other"""
        self.set_up_window()
        tools = self.tree.path('/usr/local/bin')
        (tools / 'xdg-open').write_text(f'#!/bin/sh\n/usr/bin/env -0 >{minimal.HOME}/env\n'
                                        f'echo "$1" >{minimal.HOME}/uri\n', encoding='utf-8')
        (tools / 'xdg-open').chmod(0o755)
        self.addCleanup((tools / 'xdg-open').unlink)
        given = {'PATH': '/usr/local/bin', 'XDG_DATA_DIRS': '/usr/share', 'GIO_MODULE_DIR': '/mine',
                 'GTK_PATH': '/mine', 'LD_LIBRARY_PATH': '/mine:/yours'}
        app = self.start_window(env=given)
        window = app.window()
        window.find('push button', 'Main Menu').click()
        window.find('menu item', re.compile('About')).click()
        about = app.window('About')
        about.find('list item', 'Details').click()
        about.find('list item', 'Website').click()
        uri = self.tree.path(minimal.HOME) / 'uri'
        harness.until(lambda: uri.exists() and uri.read_text(encoding='utf-8').endswith('\n'),
                      'the browser')
        text = (uri.parent / 'env').read_text(encoding='utf-8')
        found = dict(word.split('=', 1) for word in text.split('\0') if word)
        found.pop('PWD', None)  # the shell's
        self.assertEqual(found, {'HOME': minimal.HOME, 'LC_ALL': 'C.UTF-8',
                                 **self.display_environment(), **given})
        for name in ('uri', 'env'):
            (uri.parent / name).unlink()

    def test_https(self):
        """A server with a certificate is trusted where this host trusts who vouches for it"""
        key, certificate = self.folder / 'key.pem', self.folder / 'certificate.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key,
                        '-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext',
                        'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True,
                       capture_output=True)
        inside = self.tree.path(minimal.HOME)
        for path in (key, certificate):
            shutil.copy(path, inside)
            self.addCleanup((inside / path.name).unlink)
        daemon = self.start_zip_daemon('--tls-cert', f'{minimal.HOME}/certificate.pem',
                                       '--tls-key', f'{minimal.HOME}/key.pem')
        status, out, _ = self.say('porthole', 'test', '--json', daemon.url)
        self.assertNotEqual(status, 0, out)
        for place in ('/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/ca-bundle.pem',
                      '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem'):
            with self.subTest(place):
                trusted = self.tree.path(place)
                trusted.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(certificate, trusted)
                self.addCleanup(trusted.unlink, missing_ok=True)
                status, out, err = self.say('porthole', 'test', '--json', daemon.url)
                self.assertEqual(status, 0, (out, err))
                trusted.unlink()


if __name__ == '__main__':
    desktop.main()
