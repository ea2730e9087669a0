# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes through a real Host and a real Client over a line, both ways at once, and held against what
was sent; and the same without Porthole, to compare with."""

import contextlib
import hashlib
import os
import socket
import struct
import threading
import time

import lab
import harness
import services

TCP_CONGESTION = 13
TOTAL_RETRANSMISSIONS = 100  # offset of tcpi_total_retrans in struct tcp_info
SECONDS = 60


class Flow:
    """What one direction came to."""

    def __init__(self, size, seconds, retransmissions=0):
        self.size, self.seconds, self.retransmissions = size, seconds, retransmissions

    @property
    def mbps(self):
        return self.size * 8 / self.seconds / 1e6


def retransmissions(connection):
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return struct.unpack_from('=I', info, TOTAL_RETRANSMISSIONS)[0]


class Services:
    """A service that sends `data` and ends, and one that reads to the end and answers with the
    SHA-256 of what came."""

    def __init__(self, case, data, control=None):
        self.data, self.control, self.sent = data, control, []
        self.source = services.start_service(case, self.send)
        self.sink = services.start_service(case, self.receive)

    def send(self, connection):
        choose_control(connection, self.control)
        connection.settimeout(None)
        connection.sendall(self.data)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        self.sent.append(retransmissions(connection))
        connection.close()

    def receive(self, connection):
        connection.settimeout(None)
        digest = hashlib.sha256()
        while part := connection.recv(1 << 18):
            digest.update(part)
        connection.sendall(digest.digest())
        connection.close()


def choose_control(connection, control):
    if control is not None:
        connection.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, control.encode())


def digest_of_all(connection):
    digest, size = hashlib.sha256(), 0
    while part := connection.recv(1 << 18):
        digest.update(part)
        size += len(part)
    return digest.digest(), size


def download(space, address, data, seconds):
    began = time.monotonic()
    with connected(space, address, seconds) as connection:
        digest, size = digest_of_all(connection)
    if digest != hashlib.sha256(data).digest():
        raise AssertionError(f'{size} of {len(data)} bytes came down, or others')
    return Flow(size, time.monotonic() - began)


def upload(space, address, data, seconds, control=None):
    began = time.monotonic()
    with connected(space, address, seconds) as connection:
        choose_control(connection, control)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        digest = harness.receive_exactly(connection, 32)
        again = retransmissions(connection)
    if digest != hashlib.sha256(data).digest():
        raise AssertionError(f'others than the {len(data)} bytes sent arrived')
    return Flow(len(data), time.monotonic() - began, again)


@contextlib.contextmanager
def connected(space, address, seconds):
    with space.inside():
        connection = socket.create_connection(address, timeout=seconds * harness.SCALE)
    with connection:
        yield connection


def at_once(*calls):
    """Runs the calls on a thread each, and returns what each returned."""
    results, errors = [None] * len(calls), []

    def run(i):
        try:
            results[i] = calls[i]()
        except Exception as error:  # told to the caller below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


class Session:
    """A Host in pair.a and a Client in pair.b, connected; the Host is its own signaling server, so
    that even this goes over the line. It took the Client `seconds` to get there."""

    def __init__(self, case, pair, *shared, seconds=60):
        self.pair = pair
        allow = [part for service in shared for part in ('--allow', service.endpoint)]
        maps = [part for service in shared for part in ('-L', f'0:{service.endpoint}')]
        with pair.a.inside():
            self.host = case.start_host('--yes', *allow)
        link = self.host.session['link']
        began = time.monotonic()
        with pair.b.inside():
            self.client = case.start_join(link, *maps)
        self.client.expect('connected', seconds=seconds)
        self.seconds = time.monotonic() - began
        self.host.expect('connected', seconds=seconds)

    def address(self, service):
        return self.client.local(service.endpoint)


def through_porthole(case, pair, data, seconds=SECONDS):
    """Sends `data` down and up at once; the two flows."""
    with pair.a.inside():
        shared = Services(case, data)
    session = Session(case, pair, shared.source, shared.sink, seconds=seconds)
    flows = at_once(
        lambda: download(pair.b, session.address(shared.source), data, seconds),
        lambda: upload(pair.b, session.address(shared.sink), data, seconds))
    return session, flows


def without_porthole(case, pair, data, control, seconds=SECONDS):
    """The same over TCP alone, with the congestion control of this name."""
    with pair.a.inside():
        shared = Services(case, data, control)
        for service in (shared.source, shared.sink):
            expose(case, service)
    flows = at_once(
        lambda: download(pair.b, shared.source.public, data, seconds),
        lambda: upload(pair.b, shared.sink.public, data, seconds, control))
    harness.until(lambda: shared.sent, 'the sender to end')
    flows[0].retransmissions = shared.sent[0]
    return flows


def expose(case, service):
    """Lets a service listen on the space's outer address, too."""
    outer = services.Service(service.handle, '10.77.0.1')
    case.addCleanup(outer.close)
    service.public = (outer.address, outer.port)
