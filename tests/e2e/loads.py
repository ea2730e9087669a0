# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads: applications by the thousand, the service they talk to, and what they leave behind."""

import os
import pathlib
import re

import harness

FOLDER = pathlib.Path(os.environ.get('LOAD_PROGRAMS', harness.ROOT / 'build/tests/loads'))


class Echo(harness.Process):
    """An echo for thousands of connections; an endpoint like those of services.py."""

    def __init__(self):
        super().__init__([FOLDER / 'load-echo'])
        self.address, self.port = '127.0.0.1', int(self.expect_line(r'^\d+$').group())
        self.endpoint = harness.endpoint(self.address, self.port)

    def count(self):
        """How many connections are open, how many ever came, and how many of them were reset."""
        asked = len(self.out)
        self.command('count')
        line = self.wait_for(lambda: self.out[asked] if len(self.out) > asked else None,
                             'a count', 60)
        return tuple(map(int, re.findall(r'\d+', line)))


class Applications(harness.Process):
    """Connections by the thousand to `address`, each with bytes that are checked."""

    def __init__(self, address):
        super().__init__([FOLDER / 'load', *address],
                         dict(os.environ, LOAD_PATIENCE=str(int(60 * harness.SCALE))))

    def do(self, command, seconds=120):
        """Gives a command (load-linux.c has them) and returns the seconds it took."""
        asked = len(self.out)
        self.command(command)
        line = self.wait_for(lambda: self.out[asked] if len(self.out) > asked else None,
                             f'“{command}”', seconds)
        if not line.startswith('ok '):
            raise AssertionError(f'“{command}”: {line}')
        return float(line.split()[1])


def descriptors(process):
    return len(os.listdir(f'/proc/{process.child.pid}/fd'))


def memory_kib(process):
    """What is in memory for this process alone, programs and libraries aside."""
    status = pathlib.Path(f'/proc/{process.child.pid}/status').read_text(encoding='ascii')
    return int(re.search(r'RssAnon:\s+(\d+) kB', status).group(1))
