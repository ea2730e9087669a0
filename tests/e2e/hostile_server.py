# SPDX-License-Identifier: GPL-3.0-or-later
"""A signaling server to be afraid of: it stands before the real one, sees and changes everything.

A proxy is given an attack: a function that takes a Call and returns what is sent back.

    Answer        a proper HTTP answer
    bytes, or an iterable of bytes    just these, then the connection is closed
    None          nothing: the connection is closed
    RESET         nothing: the connection is reset
    HOLD          nothing, and it stays open until the caller goes away

`call.forward()` passes the call on to the real server as it stands by then; it returns an Answer.
"""

import base64
import collections
import contextlib
import hashlib
import http.client
import json
import os
import socket
import socketserver
import threading
import urllib.parse

import harness

HOLD, RESET = object(), object()


def encode(data):
    """base64url without padding"""
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


def decode(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def draw_id():
    """A session id, as a server might draw it"""
    return 'Z' + encode(os.urandom(15))[:20]


class Answer:
    def __init__(self, status, body=b'', headers=()):
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {'Content-Type': 'application/json', **dict(headers)}

    @property
    def json(self):
        with contextlib.suppress(ValueError):
            return json.loads(self.body)
        return None

    def changed(self, change):
        """The same with `change` applied to its JSON."""
        content = self.json
        change(content)
        return Answer(self.status, content)

    def to_bytes(self):
        lines = [f'HTTP/1.1 {self.status} Whatever']
        lines += [f'{name}: {value}' for name, value in self.headers.items()]
        if 'Content-Length' not in self.headers and self.status != 204:
            lines.append(f'Content-Length: {len(self.body)}')
        return '\r\n'.join(lines).encode() + b'\r\n\r\n' + self.body


def error(status, headers=()):
    """A refusal in the signaling API's own form."""
    return Answer(status, {'error': {'code': 'hostile', 'message': 'Because I can'}}, headers)


class Call:
    """One HTTP request; what an attack writes into it is what the real server gets."""

    def __init__(self, proxy, method, path, headers, body):
        self.proxy = proxy
        self.method, self.path, self.body = method, path, body
        self.token = headers.get('authorization')
        self.json = None
        with contextlib.suppress(ValueError):
            self.json = json.loads(body)
        self.kind = self.find_kind()
        self.number = 0  # of this kind, from 1

    def find_kind(self):
        parts = urllib.parse.urlsplit(self.path).path.strip('/').split('/')
        if self.method == 'POST' and len(parts) == 1:
            return 'create'
        if self.method == 'POST' and len(parts) == 2:
            return 'join'
        if parts[-1] == 'signal':
            return self.json['type'] if self.json else 'malformed'
        return {'GET': 'poll', 'DELETE': 'delete'}[self.method]

    @property
    def session(self):
        return urllib.parse.urlsplit(self.path).path.split('/')[2]

    def change(self, change):
        change(self.json)
        self.body = json.dumps(self.json).encode()

    def forward(self):
        """Raises OSError where the real server does not answer, or this one is being closed."""
        headers = {'Content-Type': 'application/json'} if self.body else {}
        if self.token:
            headers['Authorization'] = self.token
        with contextlib.closing(self.proxy.connect()) as connection:
            connection.request(self.method, self.path, self.body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())


class Proxy:
    """Listens on a port of its own in front of the server at `target`."""

    def __init__(self, case, target, attack):
        self.target = urllib.parse.urlsplit(target).netloc
        self.attack = attack
        self.lock = threading.Lock()
        self.counts = collections.Counter()  # calls by kind
        self.tokens = set()
        self.problems = []  # faults of the attacks themselves
        self.closing = threading.Event()
        self.server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), self.make_handler())
        self.server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}'
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        case.addCleanup(self.close)

    def make_handler(self):
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    while proxy.serve(self):
                        pass

        return Handler

    def connect(self):
        return http.client.HTTPConnection(self.target, timeout=60)

    def serve(self, handler):
        """Serves one request; whether the connection goes on."""
        call = read_call(self, handler.rfile)
        if call is None or self.closing.is_set():
            return False
        with self.lock:
            self.counts[call.kind] += 1
            call.number = self.counts[call.kind]
            self.tokens.add(call.token)
        if call.kind == 'malformed':
            self.problems.append(f'{call.method} {call.path} with {call.body[:200]!r}')
        try:
            answer = self.attack(call)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as fault:
            self.problems.append(f'{call.kind} {call.number}: {fault!r}')
            return False
        return self.send(handler, answer)

    def send(self, handler, answer):
        if isinstance(answer, Answer):
            handler.wfile.write(answer.to_bytes())
            return True
        if answer is HOLD:
            handler.connection.settimeout(0.2)
            while not self.closing.is_set():
                with contextlib.suppress(TimeoutError):
                    if not handler.connection.recv(1):
                        break
            return False
        if answer is RESET:
            harness.reset(handler.connection)
            return False
        for part in [answer] if isinstance(answer, bytes) else answer or ():
            if self.closing.is_set():
                break
            handler.wfile.write(part)
        return False

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        if self.problems:
            raise AssertionError(f'an attack failed by itself: {self.problems[0]}')


def read_call(proxy, stream):
    """The next request of a connection; None at its end."""
    line = stream.readline(8192).decode('latin-1').split()
    if len(line) != 3:
        return None
    headers = http.client.parse_headers(stream)
    size = int(headers.get('content-length', 0))
    body = stream.read(size)
    if len(body) < size:
        return None
    return Call(proxy, line[0], line[1], headers, body)


def pass_on(call):
    """No attack at all"""
    return call.forward()


# --- What can be done to an offer or an answer: each takes {"sdp": …, "candidate": […]} ----------

def on_description(change):
    """Applies `change` to the JSON inside of "sdp"."""
    def change_half(half):
        description = json.loads(half['sdp'])
        change(description)
        half['sdp'] = json.dumps(description)
    return change_half


def on_sdp(old, new):
    """Replaces what is written in the SDP."""
    def change(description):
        before = description['sdp']
        description['sdp'] = before.replace(old, new, 1)
        if description['sdp'] == before:
            raise ValueError(f'no “{old}” in the SDP')
    return on_description(change)


def on_porthole(change):
    return on_description(lambda description: change(description['porthole']))


def on_candidates(change):
    def change_half(half):
        half['candidate'] = change(half['candidate'])
    return change_half


def set_fingerprint(half, fingerprint):
    """Writes 32 bytes as the fingerprint into the SDP."""
    def change(description):
        lines = description['sdp'].split('\r\n')
        place = next(i for i, line in enumerate(lines) if line.startswith('a=fingerprint:'))
        lines[place] = 'a=fingerprint:sha-256 ' + fingerprint.hex(':').upper()
        description['sdp'] = '\r\n'.join(lines)
    on_description(change)(half)


def get_fingerprint(half):
    sdp = json.loads(half['sdp'])['sdp']
    line = next(line for line in sdp.split('\r\n') if line.startswith('a=fingerprint:'))
    return bytes.fromhex(line.split()[1].replace(':', ''))


OTHER_CANDIDATE = json.dumps({'candidate': 'candidate:9 1 UDP 2130706431 127.0.0.1 9 typ host',
                              'sdpMid': '0', 'sdpMLineIndex': 0})

FORGED_HALVES = {
    'fingerprint': lambda half: set_fingerprint(half, os.urandom(32)),
    'ICE password': on_sdp('a=ice-pwd:', 'a=ice-pwd:x'),
    'DTLS role': on_sdp('a=setup:act', 'a=setup:pass'),
    'another line in the SDP': on_sdp('s=-', 's=?'),
    'candidate': on_candidates(lambda all: all[:-1] + [OTHER_CANDIDATE]),
    'spelling of a candidate': on_candidates(lambda all: all[:-1] + [all[-1] + ' ']),
    'candidate added': on_candidates(lambda all: all + [OTHER_CANDIDATE]),
    'candidate doubled': on_candidates(lambda all: all + all[-1:]),
    'candidate removed': on_candidates(lambda all: all[:-1]),
    'order of candidates': on_candidates(lambda all: all[1:] + all[:1] if len(all) > 1 else []),
    'no candidates': on_candidates(lambda all: []),
    'extension removed': on_porthole(lambda ours: ours['ext'].pop()),
    'extension added': on_porthole(lambda ours: ours['ext'].append('more')),
    'no extensions': on_porthole(lambda ours: ours['ext'].clear()),
    'MAC': on_porthole(lambda ours: ours.update(mac=encode(os.urandom(32)))),
    'no MAC': on_porthole(lambda ours: ours.pop('mac')),
    'short MAC': on_porthole(lambda ours: ours.update(mac=ours['mac'][:20])),
    'a number instead of a MAC': on_porthole(
        lambda ours: ours.update(mac=None, r=encode(os.urandom(16)))),
    'plain description': on_description(lambda description: description.pop('porthole')),
    'a description that is no object': on_description(
        lambda description: description.update(porthole=[])),
    'the wrong type': on_description(lambda description: description.update(type='pranswer')),
    'no SDP': on_description(lambda description: description.update(sdp='')),
    'SDP that is none': on_description(lambda description: description.update(sdp='v=1\r\n')),
    'a description that is no JSON': lambda half: half.update(sdp='v=0'),
    'an empty description': lambda half: half.update(sdp='{}'),
}


def forge_offer(change):
    """Changes every offer that the caller is shown."""
    def attack(call):
        answer = call.forward()
        content = answer.json or {}
        if 'offer' not in content.get('signal', {}):
            return answer
        return answer.changed(lambda session: change(session['signal']['offer']))
    return attack


def forge_answer(change):
    """Changes the answer that the caller sends."""
    def attack(call):
        if call.kind == 'answer':
            call.change(change)
        return call.forward()
    return attack


def forge_join(change):
    """Changes the join that the caller sends."""
    def attack(call):
        if call.kind == 'join':
            call.change(change)
        return call.forward()
    return attack


def forge_sessions(change, kinds=('create', 'join', 'poll')):
    """Changes what the caller is told of sessions; `change` takes the session and the Call."""
    def attack(call):
        answer = call.forward()
        if call.kind not in kinds or answer.status >= 300:
            return answer
        return answer.changed(lambda session: change(session, call))
    return attack


# --- Between two people who compare a number -----------------------------------------------------

def commit_to(fingerprint, random):
    return hashlib.sha256(fingerprint + random).digest()


def number_of(host_fingerprint, client_fingerprint, host_random, client_random):
    """The twelve digits, computed here on our own."""
    digest = hashlib.sha256(b'porthole number' + host_fingerprint + client_fingerprint
                            + host_random + client_random).digest()
    return f'{int.from_bytes(digest, "big") % 10 ** 12:012}'


class Middle:
    """Plays the Host to a Client and a Client to the Host, with a key of its own.

    Call it as an attack. It changes nothing by itself; a strategy overrides what it forwards: the
    commit in the join, the offer's fingerprint and random value, and those of the answer.
    """

    def __init__(self):
        self.fingerprint, self.random = os.urandom(32), os.urandom(16)
        self.commit = None  # the Client's
        self.host = self.client = None  # (fingerprint, random) as each really is
        self.shown_client = self.shown_host = None  # who the Client, and the Host, are shown

    def join(self, commit):
        return commit

    def offer(self, fingerprint, random):
        return fingerprint, random

    def answer(self, fingerprint, random):
        return fingerprint, random

    def __call__(self, call):
        if call.kind == 'join':
            self.commit = decode(call.json['commit'])
            call.change(lambda join: join.update(commit=encode(self.join(self.commit))))
        elif call.kind == 'answer':
            self.client = read_number_half(call.json)
            self.shown_host = self.answer(*self.client)
            call.change(lambda half: write_number_half(half, *self.shown_host))
        answer = call.forward()
        offer = (answer.json or {}).get('signal', {}).get('offer')
        if offer is None:
            return answer
        if self.host is None:
            self.host = read_number_half(offer)
            self.shown_client = self.offer(*self.host)
        return answer.changed(
            lambda session: write_number_half(session['signal']['offer'], *self.shown_client))

    def numbers(self):
        """What the Host and the Client must show, after all was said."""
        return (number_of(self.host[0], self.shown_host[0], self.host[1], self.shown_host[1]),
                number_of(self.shown_client[0], self.client[0], self.shown_client[1],
                          self.client[1]))


def read_number_half(half):
    return get_fingerprint(half), decode(json.loads(half['sdp'])['porthole']['r'])


def write_number_half(half, fingerprint, random):
    set_fingerprint(half, fingerprint)
    on_porthole(lambda ours: ours.update(r=encode(random)))(half)
