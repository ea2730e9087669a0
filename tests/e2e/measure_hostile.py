#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how fast a Host serves one Client while another attacks it, beside how fast it does
without: a download of 8 MiB/s, which is what a line of 67 Mbit/s carries, and round trips of four
bytes meanwhile. Nothing here passes or fails.

    tests/e2e/measure_hostile.py      (normally by ./dev measure hostile)
"""

import statistics
import threading
import time

import harness
import services
import test_hostile_peer as peer

RATE = 8 * harness.MIB
SECONDS = 2
PIECE = RATE // 128


def paced(connection):
    """Sends RATE bytes a second, for SECONDS, once it is asked to."""
    connection.recv(1)
    began = time.monotonic()
    for i in range(128 * SECONDS):
        threading.Event().wait(max(0, began + i / 128 - time.monotonic()))
        connection.sendall(bytes(PIECE))
    connection.close()


class Speeds(harness.Case):
    def talk(self, over, trips):
        """Round trips until the download is over, in milliseconds."""
        with self.connect(self.echo_address) as talk:
            while not over.is_set():
                began = time.monotonic()
                talk.sendall(b'ping')
                harness.receive_exactly(talk, 4)
                trips.append((time.monotonic() - began) * 1000)
                over.wait(0.01)

    def speed(self):
        """Of the download, in parts of RATE, and the round trips' median and longest."""
        over, trips = threading.Event(), []
        talker = threading.Thread(target=self.talk, args=(over, trips))
        talker.start()
        began = time.monotonic()
        with self.connect(self.paced_address) as connection:
            connection.sendall(b'x')
            size = len(harness.receive_all(connection))
        took = time.monotonic() - began
        over.set()
        talker.join()
        self.assertEqual(size, PIECE * 128 * SECONDS)
        return size / took / RATE, statistics.median(trips), max(trips)

    def attacked(self, mode):
        hostile = self.own(peer.Hostile('client', mode, self.host.session['link'],
                                        self.sink.endpoint))
        hostile.expect_line('^begun', 60)
        figures = self.speed()
        hostile.leave()
        self.host.expect('disconnected', 60)
        return figures

    def test_speeds(self):
        """Each way to attack, and what the other Client has left"""
        echo = services.start_service(self, services.echo)
        source = services.start_service(self, paced)
        self.sink = services.start_sink(self)
        daemon, self.host = self.host_for(echo, source, self.sink)
        client = self.join_for(daemon, self.host, echo, source)
        self.host.expect('connected')
        self.echo_address, self.paced_address = map(client.local, (echo.endpoint, source.endpoint))
        row = '# {:16} {:6.0%} of its speed, round trips {:6.1f} ms, at most {:6.1f}'
        alone = self.speed()
        print(row.format('(nobody)', 1, *alone[1:]), flush=True)
        for modes in (peer.CLIENT_FLOODS, peer.CLIENT_HOARDS, peer.PACKETS):
            for mode in modes:
                figures = self.attacked(mode)
                print(row.format(mode, figures[0] / alone[0], *figures[1:]), flush=True)


if __name__ == '__main__':
    harness.main()
