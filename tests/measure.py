#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures a session on this machine; every figure is the median of several rounds, with its range.

    tests/measure.py [ROUNDS]      (normally by ./dev measure)

PORTHOLE, PORTHOLE_SIGNAL_PROGRAM and PORTHOLE_GTK name the programs. Nothing here passes or fails.
"""

import contextlib
import importlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

for name in ('e2e', 'gui'):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / name))

import harness  # noqa: E402
import services  # noqa: E402

BYTES = 1024 * harness.MIB
CONNECTIONS = 200


def source(connection):
    """Sends as much as the first eight bytes say."""
    size = int.from_bytes(harness.receive_exactly(connection, 8), 'big')
    block = bytes(1 << 18)
    while size > 0:
        connection.sendall(block[:size])
        size -= len(block)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def sink(connection):
    """Reads to the end, then says so."""
    buffer = bytearray(1 << 18)
    while connection.recv_into(buffer):
        pass
    connection.sendall(b'.')
    connection.close()


def time_down(address, size):
    with socket.create_connection(address, timeout=120) as connection:
        began = time.monotonic()
        connection.sendall(size.to_bytes(8, 'big'))
        buffer = bytearray(1 << 18)
        while connection.recv_into(buffer):
            pass
        return size * 8 / (time.monotonic() - began) / 1e6


def time_up(address, size):
    block = bytes(1 << 18)
    with socket.create_connection(address, timeout=120) as connection:
        began = time.monotonic()
        for _ in range(size // len(block)):
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        return size * 8 / (time.monotonic() - began) / 1e6


class Session:
    """A connected Host and Client with three services; `seconds` is the time from join to there."""

    def __init__(self, env, daemon, shared, options=()):
        self.echo, self.source, self.sink = shared
        allow = [part for s in shared for part in ('--allow', s.endpoint)]
        maps = [part for s in shared for part in ('-L', f'0:{s.endpoint}')]
        self.host = harness.Host([harness.PORTHOLE, 'host', '--json', '--yes', '--signal',
                                  daemon.url, *allow, *options], env)
        code = self.host.code
        began = time.monotonic()
        self.client = harness.Client([harness.PORTHOLE, 'join', code, '--json', '--signal',
                                      daemon.url, *maps, *options], env)
        self.client.expect('connected')
        self.seconds = time.monotonic() - began
        self.host.expect('connected')

    def memory(self):
        return self.host.resident_kib(), self.client.resident_kib()

    def end(self):
        self.client.finish()
        self.host.finish()


def settled_memory(session):
    """Memory once it no longer changes from one look to the next."""
    return settled_value(session.memory)


def settled_value(look):
    last = []

    def settled():
        now = look()
        last.append(now)
        return len(last) > 10 and last[-1] == last[-10] and now

    with contextlib.suppress(AssertionError):
        harness.until(settled, 'memory to settle', 5)
    return last[-1]


def memory_with_connections(session):
    address = session.client.local(session.echo.endpoint)
    connections = [socket.create_connection(address, timeout=60) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.sendall(b'hello')
    for connection in connections:
        harness.receive_exactly(connection, 5)
    memory = settled_memory(session)
    for connection in connections:
        connection.close()
    return memory


def one_round(env, daemon, shared, figures):
    session = Session(env, daemon, shared)
    try:
        def record(name, value):
            figures.setdefault(name, []).append(value)

        def record_memory(name, memory):
            for side, (rss, pss) in zip(('Host', 'Client'), memory):
                record(f'{side} {name}, resident (MiB)', rss / 1024)
                record(f'{side} {name}, own share (MiB)', pss / 1024)

        record('join to connected (s)', session.seconds)
        record_memory('idle', settled_memory(session))
        record_memory(f'with {CONNECTIONS} connections', memory_with_connections(session))
        record('down, Host to Client (Mbit/s)',
               time_down(session.client.local(session.source.endpoint), BYTES))
        record('up, Client to Host (Mbit/s)',
               time_up(session.client.local(session.sink.endpoint), BYTES))
        record_memory('after transfers', settled_memory(session))
    finally:
        session.end()


def direct(shared, figures):
    figures.setdefault('TCP alone, same programs (Mbit/s)', []).append(
        time_down((shared[1].address, shared[1].port), BYTES))


def window_round(desktop, home, figures):
    """A window on a display without a graphics card: from its start until it is laid out to be
    drawn, and its memory then."""
    began = time.monotonic()
    app = desktop.App(desktop.Desktop.get(), home, '--new-instance')
    try:
        app.until(app.windows_laid_out, 'a window')
        seconds = time.monotonic() - began
        rss, pss = settled_value(app.resident_kib)
    finally:
        app.finish()
    figures.setdefault('window: start to first frame (s)', []).append(seconds)
    figures.setdefault('window: idle, resident (MiB)', []).append(rss / 1024)
    figures.setdefault('window: idle, own share (MiB)', []).append(pss / 1024)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = pathlib.Path(tempfile.mkdtemp(prefix='porthole-measure-'))
    env = harness.clean_environment(folder)
    shared = [services.Service(handle) for handle in (services.echo, source, sink)]
    daemon = harness.Daemon(env)
    figures = {}
    try:
        for number in range(rounds):
            print(f'round {number + 1} of {rounds} …', file=sys.stderr, flush=True)
            direct(shared, figures)
            one_round(env, daemon, shared, figures)
            if 'PORTHOLE_GTK' in os.environ and shutil.which('Xvfb'):
                window_round(importlib.import_module('desktop'), folder / 'home', figures)
    finally:
        daemon.finish()
        for service in shared:
            service.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f'{os.cpu_count()} processors, {rounds} rounds, {BYTES // harness.MIB} MiB a transfer')
    for name, values in figures.items():
        print(f'{name:45} {statistics.median(values):10.2f}   '
              f'({min(values):.2f} … {max(values):.2f})')
    print(flush=True)
    subprocess.run([sys.executable, '-B', harness.ROOT / 'tests' / 'functions.py',
                    harness.ROOT / 'src'], check=True)


if __name__ == '__main__':
    main()
