# SPDX-License-Identifier: GPL-3.0-or-later
"""Well-behaved callers of a signaling server."""

import http.client
import json
import pathlib
import re
import ssl

import harness

OFFER = {'type': 'offer', 'sdp': '{"type":"offer","sdp":"v=0"}', 'candidate': []}
ANSWER = {'type': 'answer', 'sdp': '{"type":"answer","sdp":"v=0"}', 'candidate': []}


def has_sanitizer():
    """AddressSanitizer keeps what is freed, and at the end looks at the process from outside."""
    return b'__asan_init' in pathlib.Path(harness.SIGNAL).read_bytes()


class Caller:
    """One side's way to the daemon, with its token once it has one, from an address of 127/8."""

    def __init__(self, daemon, address='127.0.0.1'):
        self.daemon, self.address = daemon, address
        self.port = daemon.port
        self.token = None

    def connect(self):
        options = {'timeout': 60 * harness.SCALE, 'source_address': (self.address, 0)}
        if self.daemon.url.startswith('https:'):
            return http.client.HTTPSConnection('127.0.0.1', self.port, **options,
                                               context=ssl._create_unverified_context())
        return http.client.HTTPConnection('127.0.0.1', self.port, **options)

    def call(self, method, path, body=None, headers=None):
        """(status, the answer's JSON or text)"""
        connection = self.connect()
        headers = dict(headers or {})
        if self.token is not None:
            headers['Authorization'] = f'Bearer {self.token}'
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            kind = answer.getheader('Content-Type', '')
            return answer.status, json.loads(text) if 'json' in kind else text
        finally:
            connection.close()

    def create(self, **members):
        status, session = self.call('POST', '/session', {'host': 'berta', **members})
        assert status == 201, (status, session)
        self.token = session.get('token')
        return session['id']

    def join(self, session, **members):
        status, joined = self.call('POST', f'/session/{session}', {'client': 'anna', **members})
        assert status == 200, (status, joined)
        self.token = joined.get('token')
        return joined['id']


def exchange(daemon, number):
    """A whole meeting of two honest sides, each at an address of its own; raises if it fails."""
    host = Caller(daemon, f'127.64.{number >> 7}.{1 + (number & 127)}')
    client = Caller(daemon, f'127.65.{number >> 7}.{1 + (number & 127)}')
    session = client.join(host.create(auth=True, multi=True), auth=True)
    for caller, signal, other, role in ((host, OFFER, client, 'offer'),
                                        (client, ANSWER, host, 'answer')):
        status, text = caller.call('PUT', f'/session/{session}/signal', signal)
        assert status == 204, (status, text)
        status, seen = other.call('GET', f'/session/{session}?for={role}&wait=30')
        assert (status, seen['signal'][role]['sdp']) == (200, signal['sdp']), (status, seen)
    status, text = host.call('DELETE', f'/session/{session}')
    assert status == 204, (status, text)


def read_metrics(daemon):
    """What /metrics counts, name -> number."""
    status, text = Caller(daemon).call('GET', '/metrics')
    assert status == 200, text
    found = re.findall(r'^porthole_(\w+(?:\{[^}]*\})?) (\d+)$', text, re.MULTILINE)
    return {name: int(value) for name, value in found}
