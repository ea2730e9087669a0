#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual pages and completion: what they say is what the programs take.

    PORTHOLE_MANUAL  the folder they were built into
    PORTHOLE_GTK     the window's program, if it is built
"""

import os
import pathlib
import re
import shutil
import subprocess

import harness

MANUAL = pathlib.Path(os.environ.get('PORTHOLE_MANUAL', harness.ROOT / 'build/src/manual'))
PAGES = {
    'porthole': [harness.PORTHOLE],
    'porthole-host': [harness.PORTHOLE, 'host'],
    'porthole-join': [harness.PORTHOLE, 'join'],
    'porthole-test': [harness.PORTHOLE, 'test'],
    'porthole-services': [harness.PORTHOLE, 'services'],
    'porthole-signal': [harness.SIGNAL],
}
if os.environ.get('PORTHOLE_GTK'):  # where the window is built
    PAGES['porthole-gtk'] = [os.environ['PORTHOLE_GTK']]
ROFF = ['groff', '-Kutf8', '-Tutf8', '-man', '-ww']

# What is typed, the last word being completed, and some of what must be offered; None: file names.
COMPLETIONS = [
    ('porthole ', {'host', 'join', 'services', 'test'}),
    ('porthole h', {'host'}),
    ('porthole --', {'--help', '--version'}),
    ('porthole host --al', {'--allow', '--allow-unverified'}),
    ('porthole host --yes --max', {'--max-clients'}),
    ('porthole join -', {'-L', '--map', '--signal'}),
    ('porthole join CODE --log-level ', {'off', 'error', 'warning', 'info', 'debug'}),
    ('porthole join CODE --log-level=d', {'debug'}),
    ('porthole host --log-file ', None),
    ('porthole host --stun n', {'none'}),
    ('porthole services --a', {'--all'}),
    ('porthole-signal --tls', {'--tls-cert', '--tls-key'}),
    ('porthole-signal --tls-cert ', None),
]

# Completes the words given as arguments the way an interactive bash does, which takes “=” for a
# word of its own.
COMPLETE = r'''
for script in porthole porthole-gtk porthole-signal; do
  [ ! -f "$1/$script" ] || source "$1/$script"
done
shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"_${1//-/_}"
printf '%s\n' "${COMPREPLY[@]}"
'''


class Manual(harness.Case):
    def help_of(self, command):
        return subprocess.run([*command, '--help'], env=self.env, capture_output=True, text=True,
                              check=True, timeout=60).stdout

    def options_of(self, command):
        return set(re.findall(r'--[a-z][a-z-]+', '\n'.join(
            line for line in self.help_of(command).splitlines()
            if re.match(r'  -', line) and '--help-' not in line)))  # GLib's own, of the window

    def test_pages(self):
        """Each page is sound, and has every option that --help has"""
        if shutil.which('groff') is None:
            self.skipTest('groff is missing')
        for page, command in PAGES.items():
            with self.subTest(page=page):
                shown = subprocess.run([*ROFF, MANUAL / f'{page}.1'], capture_output=True,
                                       text=True, check=True, timeout=60,
                                       env={**self.env, 'GROFF_NO_SGR': '1'})
                self.assertEqual(shown.stderr, '')
                text = re.sub('.\b', '', shown.stdout)
                self.assertIn(f'{page} - ', text)
                self.assertGreater(len(self.options_of(command)), 1)
                for option in self.options_of(command):
                    self.assertIn(option, text)

    def complete(self, line):
        words = re.findall(r'=|[^ =]+', line) + ([''] if line.endswith((' ', '=')) else [])
        run = subprocess.run(['bash', '-c', COMPLETE, 'complete', str(MANUAL), *words],
                             capture_output=True, text=True, check=True, timeout=60,
                             cwd=self.folder)
        self.assertEqual(run.stderr, '')
        return set(run.stdout.split())

    def test_completion(self):
        """What is offered fits what has been typed"""
        (self.folder / 'a-file').touch()
        for line, wanted in COMPLETIONS:
            with self.subTest(line=line):
                offered = self.complete(line)
                if wanted is None:
                    self.assertEqual(offered, {'a-file'})
                else:
                    self.assertLessEqual(wanted, offered)
                    last = line.rpartition(' ')[2].rpartition('=')[2]
                    self.assertEqual({word for word in offered if not word.startswith(last)},
                                     set())

    def test_completion_goes_into_folders(self):
        """What is offered for a file is marked as files' names, so that bash adds a “/”"""
        for program in ('porthole', 'porthole-signal'):
            script = (MANUAL / program).read_text(encoding='utf-8')
            self.assertEqual(script.count('compgen -f'), script.count('compopt -o filenames'))
            self.assertIn('compgen -f', script)

    def test_completion_offers_every_option(self):
        """Each subcommand completes just the options it takes"""
        for page, command in PAGES.items():
            typed = ' '.join(['porthole', *command[1:]]) if command[1:] else page
            offered = {word for word in self.complete(f'{typed} -') if word.startswith('--')}
            self.assertEqual(offered, self.options_of(command), page)


if __name__ == '__main__':
    harness.main()
