#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real programs under valgrind: made, used, ended and killed. Nothing is lost, nothing is left
open, and nothing is touched that is not there."""

import pathlib
import shlex
import signal
import sys
import unittest

import harness
import services

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import memory  # pylint: disable=wrong-import-position


@unittest.skipUnless(memory.available(), 'valgrind is not installed')
class Memory(harness.Case):
    def setUp(self):
        super().setUp()
        self.reports = self.folder / 'reports'
        self.reports.mkdir()
        self.addCleanup(self.check)  # once all processes have ended
        self.wrap('PORTHOLE')
        self.wrap('SIGNAL')

    def wrap(self, name):
        """Lets the harness start a program under valgrind."""
        real = getattr(harness, name)
        script = self.folder / pathlib.Path(real).name
        words = ' '.join(map(shlex.quote, memory.command(self.reports) + [real]))
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding='utf-8')
        script.chmod(0o755)
        setattr(harness, name, str(script))
        self.addCleanup(setattr, harness, name, real)

    def check(self):
        self.assertEqual(memory.faults(self.reports), [])

    def test_session(self):
        """A session from its beginning to its end, with connections; and the daemon's"""
        echo = services.start_service(self, services.echo)
        daemon, host = self.host_for(echo)
        client = self.join_for(daemon, host, echo)
        address = client.local(echo.endpoint)
        self.assertEqual(self.exchange(address, b'x' * 100000), b'x' * 100000)
        busy = self.connect(address)
        busy.sendall(b'y')
        self.assertEqual(busy.recv(1), b'y')
        client.command('quit')
        self.expect_exit(client, harness.STATUS_ENDED)
        host.expect('disconnected')
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)
        daemon.finish()

    def test_killed(self):
        """One side is killed in the middle of it, and the other ended before it has noticed"""
        echo = services.start_service(self, services.echo)
        for side in ('host', 'client'):
            with self.subTest(killed=side):
                host, client = self.pair(echo)
                connection = self.connect(client.local(echo.endpoint))
                connection.sendall(b'x')
                self.assertEqual(connection.recv(1), b'x')
                killed, other = (host, client) if side == 'host' else (client, host)
                killed.kill()
                other.send_signal(signal.SIGTERM)
                self.expect_exit(other, harness.STATUS_ENDED)


if __name__ == '__main__':
    harness.main()
