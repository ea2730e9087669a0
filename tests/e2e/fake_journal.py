#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for systemd's journal in a mount namespace of its own, runs a program whose standard
error leads there until its first entry has come, ends it, and prints all entries as JSON lines.

    unshare --mount fake_journal.py PROGRAM ARGUMENT…
"""

import json
import pathlib
import socket
import subprocess
import sys

RUN = pathlib.Path('/run/systemd/journal')
DEADLINE_S = 60


def fields(datagram):
    """One entry in the journal's own format: NAME=value, or NAME, a length and the value."""
    entry = {}
    while datagram:
        line, _, rest = datagram.partition(b'\n')
        if b'=' in line:
            name, _, value = line.partition(b'=')
            datagram = rest
        else:
            name, size = line, int.from_bytes(rest[:8], 'little')
            value, datagram = rest[8:8 + size], rest[8 + size + 1:]
        entry[name.decode()] = value.decode()
    return entry


def take(journal):
    entry = fields(journal.recv(1 << 16))
    print(json.dumps(entry), flush=True)
    return entry


def main():
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/run'], check=True)
    RUN.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal, \
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stderr:
        listener.bind(str(RUN / 'stdout'))
        listener.listen()
        journal.bind(str(RUN / 'socket'))
        journal.settimeout(DEADLINE_S)
        stderr.connect(str(RUN / 'stdout'))
        with subprocess.Popen(sys.argv[1:], stderr=stderr, stdout=subprocess.DEVNULL) as program:
            try:
                take(journal)
                program.terminate()
                while take(journal).get('PORTHOLE_EVENT') != 'ended':
                    pass
            finally:
                program.terminate()


if __name__ == '__main__':
    main()
