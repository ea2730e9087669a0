#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callers of a signaling server that mean no good, many at a time.

    abuser.py PORT [--tls] [--forwarded] [--turns=N] [--session=ID] KIND:COUNT…

Each of COUNT callers does what its kind does, again and again from an address of its own in
127.128.0.0/9 (KIND@8:COUNT: all from 127.127.0.8), N times or until standard input ends or nobody
listens any more. When each has begun “ready” is printed; at the end one JSON object: how often each
status was answered, and how often connections were cut. `poll` polls the session ID.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import os
import random
import resource
import socket
import ssl
import struct
import sys

POST = 'POST /session HTTP/1.1\r\nHost: x\r\n'
GET = 'GET /session/{} HTTP/1.1\r\nHost: x\r\n'
PAUSE_S = 0.3  # between two turns of a caller
CREATE = b'{"host":"a"}'

# Two readers could take these for requests of two lengths.
SMUGGLED = [
    'Content-Length: 12\r\nContent-Length: 5', 'Content-Length: 5\r\nContent-Length: 12',
    'Content-Length: 12, 5', 'Content-Length: +12', 'Content-Length: 0xc',
    'Content-Length: 12\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: gzip',
    'Transfer-Encoding: chunked\r\nContent-Length: 12', 'Transfer-Encoding: \x0bchunked',
    'Transfer-Encoding : chunked', 'Content-Length: 99999999999999999999999', 'X: a\r\n y: b',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
]

TARGETS = [
    '/session/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/session/%00', '/session/%',
    '/session/%zz', '/session//signal', '//session', '/session/' + 'A' * 7000, '/' + '%41' * 2000,
    '/session/' + 'A' * 21 + '%2fsignal', '/session/' + 'A' * 21 + '?for=%00', '*', 'x:y', '?',
    '/session/' + 'A' * 21 + '?since=99999999999999999999', '/session/' + 'A' * 21 + '?wait=-1',
    '/session/' + 'A' * 21 + '?' + 'a=b&' * 1500, 'http://[::1/', 'http://x/session/\xfc',
    '/session/' + 'A' * 21 + '?wait=1e9', '/a\0b', '/a\x1bb', '/session/' + '🕳' * 20,
]

BODIES = [
    b'[' * 60000, b'{"host":' * 8000, b'[' * 100000, b'{"host":"' + b'\\u0000' * 9000 + b'"}',
    b'{"host":' + b'9' * 60000 + b'}', b'{"host":1e999999}', b'\xff' * 60000, b'\0' * 60000,
    b'{"host":"\\ud800"}', b'{' + b'"a":1,' * 9000 + b'"host":"a"}', b'"' * 60000,
]


class Caller:
    """One caller's turns."""

    def __init__(self, abuser, address):
        self.abuser, self.address = abuser, address
        self.reader = self.writer = None
        self.session = None
        self.has_begun = False

    def begin(self):
        if self.has_begun:
            return
        self.has_begun = True
        self.abuser.not_begun -= 1
        if self.abuser.not_begun == 0:
            print('ready', flush=True)

    async def open(self):
        context = self.abuser.tls
        self.reader, self.writer = await asyncio.open_connection(
            '127.0.0.1', self.abuser.port, ssl=context, local_addr=(self.address, 0),
            limit=1 << 16)
        self.writer.transport.set_write_buffer_limits(high=1 << 16)

    async def close(self):
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None

    def write(self, head, body=b''):
        if self.abuser.forwarded:
            head = head.replace('\r\n', f'\r\nX-Forwarded-For: {self.address}\r\n', 1)
        self.writer.write(head.encode() + body)

    async def answer(self):
        """Notes the status that comes, or that none does; returns the whole answer."""
        text = await self.reader.read(-1)
        status = text[9:12].decode() if text.startswith(b'HTTP/1.') else 'cut'
        self.abuser.count(status)
        if status in ('429', '503') and b'\r\nretry-after: ' not in text.lower():
            self.abuser.count('without Retry-After')
        return text

    async def ask(self, head, body=b''):
        await self.open()
        self.write(f'{head}Content-Length: {len(body)}\r\n\r\n', body)
        return await self.answer()

    async def drip(self, text):
        """A byte now and then."""
        for byte in text:
            self.writer.write(bytes([byte]))
            await self.writer.drain()
            with contextlib.suppress(asyncio.TimeoutError):
                if not await asyncio.wait_for(self.reader.read(100), 0.3):
                    return

    # ---- Those who never come to the point ----

    async def silent(self):
        await self.open()
        await self.answer()

    async def slow_head(self):
        await self.open()
        await self.drip(b'GET /healthz HTTP/1.1\r\nX: ' + b'x' * 3000)

    async def slow_body(self):
        await self.open()
        self.write(POST + 'Content-Length: 60000\r\n\r\n')
        await self.drip(b'{"host":"' + b'x' * 3000)

    async def half(self):
        await self.open()
        self.write(POST + 'Content-Length: 60000\r\n\r\n', b'x' * random.randrange(50000))
        self.writer.write_eof()
        await self.answer()

    async def reset(self):
        await self.open()
        self.write(random.choice([POST, POST + 'Content-Length: 60000\r\n\r\n{', GET, '']))
        self.writer.get_extra_info('socket').setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        await self.writer.drain()

    # ---- Those who find no end ----

    async def pour(self, head, part):
        await self.open()
        self.write(head)
        for _ in range(100000):
            self.writer.write(part)
            await self.writer.drain()

    async def endless_head(self):
        await self.pour('GET /healthz HTTP/1.1\r\n', b'A: b\r\n' * 100)

    async def endless_line(self):
        await self.pour('GET /healthz HTTP/1.1\r\n', b'A' * 4000)

    async def endless_chunks(self):
        await self.pour(POST + 'Transfer-Encoding: chunked\r\n\r\n', b'1\r\nx\r\n' * 800)

    async def endless_extension(self):
        await self.pour(POST + 'Transfer-Encoding: chunked\r\n\r\n', b'1;' + b'x' * 8000)

    async def pipeline(self):
        await self.open()
        self.write((GET.format('A' * 21) + '\r\n') * 500)
        await self.answer()

    # ---- Those who are no HTTP, or two ----

    async def noise(self):
        await self.open()
        self.writer.write(random.choice([
            b'\x16\x03\x01\x02\0\1\0\1\xfc\3\3' + os.urandom(500), os.urandom(20000), b'\0' * 5000,
            b'\x05\x01\0', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'SSH-2.0-x\r\n', b'\r\n' * 5000]))
        self.writer.write_eof()
        await self.answer()

    async def smuggle(self):
        await self.open()
        self.write(f'{POST}{random.choice(SMUGGLED)}\r\n\r\n',
                   b'c\r\n' + CREATE + b'\r\n0\r\n\r\n')
        await self.answer()

    async def path(self):
        await self.ask(f'GET {random.choice(TARGETS)} HTTP/1.1\r\nHost: x\r\n')

    async def body(self):
        await self.ask(POST, random.choice(BODIES))

    # ---- Those who speak well, and too much ----

    async def guess(self):
        await self.ask(GET.format(random.randbytes(16).hex()[:21] + '?for=join'))

    async def create(self):
        await self.ask(POST, CREATE)

    async def join(self):
        await self.ask(f'POST /session/{random.randbytes(16).hex()[:21]} HTTP/1.1\r\nHost: x\r\n',
                       b'{"client":"a"}')

    async def ensure_session(self):
        """A session of this caller's own, with an offer that is as large as may be."""
        if self.session is not None:
            return
        text = await self.ask(POST, CREATE)
        if b'"id":"' not in text:
            return
        await self.close()
        session = text.split(b'"id":"')[1][:21].decode()
        await self.ask(f'POST /session/{session} HTTP/1.1\r\nHost: x\r\n', b'{"client":"a"}')
        await self.close()
        await self.ask(f'PUT /session/{session}/signal HTTP/1.1\r\nHost: x\r\n', json.dumps(
            {'type': 'offer', 'sdp': '"' * 31000, 'candidate': []}).encode())
        await self.close()
        self.session = session

    async def hold(self):
        await self.ensure_session()
        await self.ask(GET.format(f'{self.session}?for=answer&wait=30'))

    async def poll(self):
        await self.ask(GET.format(f'{self.abuser.session}?for=join&wait=30'))

    async def never_read(self):
        """Asks for a large answer, and leaves it lying."""
        await self.ensure_session()
        await self.open()
        self.writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.writer.transport.pause_reading()
        self.write(GET.format(self.session) + '\r\n')
        await self.abuser.over.wait()


class Abuser:
    def __init__(self, options):
        self.port, self.session = options.port, options.session
        self.forwarded, self.turns = options.forwarded, options.turns
        self.tls = ssl._create_unverified_context() if options.tls else None
        self.counts = collections.Counter()
        self.over = None
        self.not_begun = 0

    def count(self, what):
        self.counts[what] += 1

    async def turn(self, caller, kind):
        """One turn, or as much of it as there is time for; False if nobody listens any more."""
        turn = asyncio.ensure_future(getattr(caller, kind)())
        over = asyncio.ensure_future(self.over.wait())
        if not caller.has_begun:  # by now it has, if only with a part of its turn
            await asyncio.wait({turn, over}, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            caller.begin()
        await asyncio.wait({turn, over}, return_when=asyncio.FIRST_COMPLETED)
        turn.cancel()
        over.cancel()
        result, _ = await asyncio.gather(turn, over, return_exceptions=True)
        await caller.close()
        if isinstance(result, OSError):
            self.count('cut')
        elif isinstance(result, Exception):
            raise result
        return not isinstance(result, ConnectionRefusedError)

    async def call(self, kind, address):
        caller = Caller(self, address)
        left = self.turns
        while not self.over.is_set() and left != 0 and await self.turn(caller, kind):
            left -= 1
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.over.wait(), PAUSE_S)

    async def run(self, kinds):
        self.over = asyncio.Event()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: EndOfInput(self.over), sys.stdin)
        tasks = []
        for word in kinds:
            kind, count = word.split(':')
            kind, _, alone = kind.partition('@')
            for _ in range(int(count)):
                address = f'127.127.0.{alone}' if alone else address_of(len(tasks))
                tasks.append(loop.create_task(self.call(kind, address)))
        self.not_begun = len(tasks)
        await asyncio.gather(*tasks)
        print(json.dumps(self.counts), flush=True)


def address_of(number):
    return f'127.{128 + (number >> 14)}.{number >> 7 & 127}.{1 + (number & 127)}'


class EndOfInput(asyncio.Protocol):
    def __init__(self, event):
        self.event = event

    def connection_lost(self, exc):
        self.event.set()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('port', type=int)
    parser.add_argument('kinds', nargs='+')
    parser.add_argument('--tls', action='store_true')
    parser.add_argument('--forwarded', action='store_true')
    parser.add_argument('--turns', type=int, default=-1)
    parser.add_argument('--session')
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(Abuser(options).run(options.kinds))


if __name__ == '__main__':
    main()
