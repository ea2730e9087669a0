#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""porthole-signal as any HTTP client sees it."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import threading

import callers
import harness
import services
from callers import ANSWER, OFFER, Caller


class Api(harness.Case):
    def setUp(self):
        super().setUp()
        self.daemon = self.start_daemon()
        self.host, self.client = Caller(self.daemon), Caller(self.daemon)
        self.stranger = Caller(self.daemon)

    def refused(self, status, *call):
        """That a call of nobody in particular gets this status, in the form of every error."""
        got, answer = self.stranger.call(*call)
        self.assertEqual(got, status, answer)
        self.assertEqual(sorted(answer['error']), ['code', 'message'])
        return answer['error']

    def test_whole_exchange(self):
        """Create, join, offer, answer: each side sees the other's half"""
        session = self.host.create(auth=True)
        self.assertRegex(session, f'^{harness.ID}$')
        self.assertEqual(self.client.join(session, auth=True), session)
        put = f'/session/{session}/signal'
        self.assertEqual(self.host.call('PUT', put, OFFER)[0], 204)
        status, seen = self.client.call('GET', f'/session/{session}?for=offer')
        self.assertEqual((status, seen['signal']['offer']['sdp']), (200, OFFER['sdp']))
        self.assertEqual(self.client.call('POST', put, ANSWER)[0], 204)
        status, seen = self.host.call('GET', f'/session/{session}?for=answer')
        self.assertEqual((status, seen['signal']['answer']['sdp']), (200, ANSWER['sdp']))
        self.assertEqual((seen['host'], seen['client']), ('berta', 'anna'))
        self.assertEqual(self.host.call('DELETE', f'/session/{session}')[0], 204)
        self.assertEqual(self.client.call('GET', f'/session/{session}?for=offer')[0], 404)

    def test_one_code_for_many(self):
        """Each join of a `multi` session is a session of its own, told to the Host"""
        session = self.host.create(auth=True, multi=True)
        children = {Caller(self.daemon).join(session, auth=True) for _ in range(3)}
        self.assertEqual(len(children | {session}), 4)
        status, seen = self.host.call('GET', f'/session/{session}?for=join')
        self.assertEqual((status, {join['id'] for join in seen['joins']}), (200, children))

    def test_own_token(self):
        """A Host that brings its token has the id that belongs to it, again and again"""
        while True:
            secret = os.urandom(32)
            digest = hashlib.sha256(secret).digest()
            expected = base64.urlsafe_b64encode(digest).decode()[:21]
            if expected[0] not in '-_':
                break
        token = base64.urlsafe_b64encode(secret).decode().rstrip('=')
        for _ in range(2):
            self.host.token = token
            self.assertEqual(self.host.create(auth=True, multi=True), expected)

    def test_write_once(self):
        """A signal may be repeated to the letter and not changed"""
        session = self.host.create(auth=True)
        self.client.join(session, auth=True)
        put = f'/session/{session}/signal'
        for _ in range(2):
            self.assertEqual(self.host.call('PUT', put, OFFER)[0], 204)
        self.assertEqual(self.host.call('PUT', put, dict(OFFER, sdp='{}'))[0], 409)

    def test_roles(self):
        """Without the right token a locked session lets nobody look, signal or delete"""
        session = self.host.create(auth=True)
        self.client.join(session, auth=True)
        for call in (('GET', f'/session/{session}?for=answer'), ('DELETE', f'/session/{session}'),
                     ('PUT', f'/session/{session}/signal', OFFER),
                     ('GET', f'/session/{session}?for=offer')):
            self.refused(403, *call)
        self.stranger.token = self.client.token
        self.refused(403, 'GET', f'/session/{session}?for=answer')
        self.refused(403, 'PUT', f'/session/{session}/signal', OFFER)

    def test_joined_once(self):
        """A session that is not `multi` is joined once; the second one learns nothing"""
        session = self.host.create(auth=True)
        self.client.join(session, auth=True, nonce='A' * 22)
        self.refused(404, 'POST', f'/session/{session}', {'client': 'carla', 'auth': True})
        self.refused(404, 'POST', f'/session/{"A" * 21}', {'client': 'carla', 'auth': True})

    def test_reject(self):
        """A rejection ends the Client's held poll at once, with its reason"""
        session = self.host.create(auth=True)
        self.client.join(session, auth=True)
        answers = []
        poll = threading.Thread(target=lambda: answers.append(
            self.client.call('GET', f'/session/{session}?for=offer&wait=30')))
        poll.start()
        reject = {'type': 'reject', 'reason': 'declined'}
        self.assertEqual(self.host.call('PUT', f'/session/{session}/signal', reject)[0], 204)
        poll.join(60 * harness.SCALE)
        status, seen = answers[0]
        self.assertEqual((status, seen['status'], seen['reason']), (200, 'rejected', 'declined'))

    def test_malformed(self):
        """What cannot be understood: 400, and the member it is about"""
        bodies = [
            (b'', ''), (b'{', ''), (b'[]', ''), (b'null', ''), (b'"x"', ''), (b'\xff\xfe', ''),
            (b'{}', 'host'), (b'{"host":1}', 'host'), (b'{"host":null}', 'host'),
            (b'{"host":"a","multi":1}', 'multi'), (b'{"host":"a","auth":"yes"}', 'auth'),
            (json.dumps({'host': 'x' * 65}).encode(), 'host'),
            (json.dumps({'host': 'a\x1bb'}).encode(), 'host'),
            (b'{"host":""}', 'host'), (json.dumps({'host': '\u3000 '}).encode(), 'host'),
            (json.dumps({'host': 'a\u202eb'}).encode(), 'host'),
            (b'[' * 60000, ''), (b'{"host":' * 5000, ''), (b'{"host":"a"} {"host":"b"}', ''),
        ]
        for body, member in bodies:
            with self.subTest(body=body[:60]):
                error = self.refused(400, 'POST', '/session', body)
                self.assertIn(member, error['message'])
        self.assertEqual(self.stranger.call('GET', '/healthz')[0], 200)

    def test_malformed_signals(self):
        """Signals are held to their limits"""
        session = self.host.create(auth=True)
        self.client.join(session, auth=True)
        bad = [{'type': 'maybe'}, {'type': 'offer'}, {'type': 'offer', 'sdp': 1, 'candidate': []},
               {'type': 'offer', 'sdp': 'x', 'candidate': [1]},
               {'type': 'offer', 'sdp': 'x', 'candidate': ['c'] * 65},
               {'type': 'offer', 'sdp': 'x', 'candidate': ['c' * 513]},
               {'type': 'offer', 'sdp': 'x\x7f', 'candidate': []},
               {'type': 'offer', 'sdp': 'x', 'candidate': ['c\x01']},
               {'type': 'reject', 'reason': 'because'}]
        for body in bad:
            with self.subTest(body=str(body)[:60]):
                self.assertEqual(self.host.call('PUT', f'/session/{session}/signal', body)[0], 400)
        self.assertEqual(self.stranger.call('PUT', f'/session/{session}/signal', {})[0], 403)
        self.assertEqual(self.stranger.call('PUT', f'/session/{"x" * 21}/signal', {})[0], 404)
        self.assertEqual(self.host.call('PUT', f'/session/{session}/signal', OFFER)[0], 204)

    def test_too_large(self):
        """A body over 64 KiB: 413, as soon as it is known"""
        body = json.dumps({'host': 'a', 'padding': 'x' * 70000}).encode()
        self.refused(413, 'POST', '/session', body)

    def test_no_such_thing(self):
        """Paths and methods that are not there"""
        self.refused(404, 'GET', '/')
        self.refused(404, 'GET', '/session/../../etc/passwd')
        self.refused(404, 'GET', f'/session/{"A" * 21}?for=join')
        self.refused(405, 'PATCH', '/session', {'host': 'a'})
        self.refused(405, 'DELETE', '/session')

    def test_shape_of_answers(self):
        """A session has its members, a join the proof it came with, 405 what is allowed"""
        session = self.host.create(auth=True, multi=True)
        proof = {'nonce': 'A' * 22, 'mac': 'B' * 42 + 'A', 'commit': 'C' * 42 + 'A'}
        status, child = self.client.call('POST', f'/session/{session}',
                                         {'client': 'anna', 'auth': True, **proof})
        self.assertEqual(status, 200, child)
        self.assertEqual(sorted(child), ['client', 'createdAt', 'host', 'id', 'rev', 'signal',
                                         'status', 'token'])
        self.assertEqual((child['host'], child['client'], child['status'], child['signal']),
                         ('berta', 'anna', 'joined', {}))
        self.assertRegex(child['createdAt'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
        status, parent = self.host.call('GET', f'/session/{session}')
        self.assertEqual(parent['joins'], [{'id': child['id'], 'client': 'anna', **proof}])
        self.assertEqual((parent['status'], parent['client']), ('waiting', None))
        self.assertNotIn('token', parent)
        connection = self.stranger.connect()
        connection.request('PATCH', f'/session/{session}/signal')
        self.assertEqual(connection.getresponse().getheader('Allow'), 'PUT, POST')
        connection.close()

    def test_unknown_is_unknown(self):
        """Never there, joined by somebody else, ended: a stranger cannot tell one from another"""
        joined, ended = self.host.create(auth=True), Caller(self.daemon).create()
        self.client.join(joined, auth=True)
        self.assertEqual(self.stranger.call('DELETE', f'/session/{ended}')[0], 204)
        answers = [self.stranger.call('POST', f'/session/{session}', {'client': 'carla'})
                   for session in ('A' * 21, joined, ended)]
        self.assertEqual(answers, [(404, {'error': {'code': 'not-found', 'message':
                                                    'There is no such session.'}})] * 3)

    def test_health_and_metrics(self):
        """/healthz and /metrics answer in plain text"""
        self.assertEqual(self.stranger.call('GET', '/healthz')[0], 200)
        self.host.create(auth=True)
        status, text = self.stranger.call('GET', '/metrics')
        self.assertEqual(status, 200)
        self.assertRegex(text, re.compile(r'^[a-z_]+(\{[^}]*\})? \d', re.MULTILINE))


class Limits(harness.Case):
    def test_expiry(self):
        """A session nobody asks for any more is gone after --waiting-ttl"""
        daemon = self.start_daemon('--waiting-ttl', '1')
        host, client = Caller(daemon), Caller(daemon)
        session = host.create(auth=True)
        harness.until(lambda: client.call('GET', f'/session/{session}?for=offer')[0] == 404,
                      'the session to expire')

    def test_create_rate(self):
        """Past --create-rate: 429, with when to come again"""
        daemon = self.start_daemon('--create-rate', '3')
        for _ in range(3):
            Caller(daemon).create(auth=True)
        connection = http.client.HTTPConnection('127.0.0.1', daemon.port, timeout=60)
        connection.request('POST', '/session', b'{"host":"a"}')
        answer = connection.getresponse()
        self.assertEqual(answer.status, 429)
        self.assertGreater(int(answer.getheader('Retry-After')), 0)
        connection.close()

    def test_max_sessions(self):
        """Past --max-sessions: 503, with words and when to come again; what ends makes room"""
        daemon = self.start_daemon('--max-sessions', '2')
        first = Caller(daemon)
        session = first.create(auth=True)
        Caller(daemon).create(auth=True)
        connection = Caller(daemon).connect()
        connection.request('POST', '/session', b'{"host":"a"}')
        answer = connection.getresponse()
        self.assertEqual(answer.status, 503)
        self.assertGreater(int(answer.getheader('Retry-After')), 0)
        self.assertEqual(json.loads(answer.read())['error'],
                         {'code': 'full', 'message': 'There is no room for more; come again.'})
        connection.close()
        first.call('DELETE', f'/session/{session}')
        Caller(daemon).create(auth=True)

    def test_slow_hosts(self):
        """A held poll keeps a session past --waiting-ttl, and one that drips in does not"""
        daemon = self.start_daemon('--waiting-ttl', '1')
        held, slow = Caller(daemon), Caller(daemon)
        kept, lost = held.create(auth=True), slow.create(auth=True)
        dripping = self.connect(('127.0.0.1', daemon.port))
        dripping.sendall(f'GET /session/{lost}?for=join HTTP/1.1\r\nX: '.encode())
        status, seen = held.call('GET', f'/session/{kept}?for=join&wait=3')
        self.assertEqual((status, seen['id']), (200, kept))
        dripping.sendall(f'x\r\nHost: x\r\nAuthorization: Bearer {slow.token}\r\n\r\n'.encode())
        self.assertTrue(harness.receive_all(dripping).startswith(b'HTTP/1.1 404 '))

    def test_nothing_is_logged(self):
        """Nothing that opens a session is written anywhere: two lines are all it says"""
        daemon = self.start(harness.SIGNAL, '--listen', '127.0.0.1:0')
        daemon.url = daemon.expect_line(r'Listening on (http://\S+)').group(1)
        daemon.port = int(daemon.url.rsplit(':', 1)[1])
        callers.exchange(daemon, 1)
        Caller(daemon).call('POST', '/session', b'{')
        daemon.send_signal(signal.SIGTERM)
        self.expect_exit(daemon, 0)
        self.assertEqual((daemon.out, daemon.err), ([f'Listening on {daemon.url}', 'Ended.'], []))

    def test_require_auth(self):
        """--require-auth refuses sides that do not lock their role"""
        daemon = self.start_daemon('--require-auth')
        self.assertEqual(Caller(daemon).call('POST', '/session', {'host': 'a'})[0], 403)
        Caller(daemon).create(auth=True)

    def test_held_polls_end_with_the_daemon(self):
        """SIGTERM answers whoever waits"""
        daemon = self.start_daemon()
        host = Caller(daemon)
        session = host.create(auth=True)
        answers = []
        poll = threading.Thread(target=lambda: answers.append(
            host.call('GET', f'/session/{session}?for=join&wait=30')))
        poll.start()
        held = re.compile(r'^\S*poll\S* 1$', re.MULTILINE)
        harness.until(lambda: held.search(Caller(daemon).call('GET', '/metrics')[1]),
                      'the poll to be held')
        daemon.send_signal(signal.SIGTERM)
        self.expect_exit(daemon, 0)
        poll.join(20 * harness.SCALE)
        self.assertEqual(len(answers), 1)

    def test_memory_of_tiny_pieces(self):
        """Bodies in chunks of one byte, and headers of three, take no more than large ones"""
        if callers.has_sanitizer():
            self.skipTest('AddressSanitizer keeps what is freed')
        daemon = self.start_daemon()
        before = daemon.resident_kib()[0]
        for head, piece in ((b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\nx\r\n'),
                            (b'Content-Length: 65000\r\n', b'a:\r\n')):
            for _ in range(60):
                connection = self.connect(('127.0.0.1', daemon.port))
                with contextlib.suppress(OSError):
                    connection.sendall(b'POST /session HTTP/1.1\r\nHost: x\r\n' + head +
                                       piece * (65000 if b'x' in piece else 15000) + b'\r\n')
        self.assertEqual(Caller(daemon).call('GET', '/healthz')[0], 200)
        self.assertLess(daemon.resident_kib()[0] - before, 100 * 1024)

    def test_what_is_no_http(self):
        """Noise on the port hurts nobody"""
        daemon = self.start_daemon()
        noise = [b'\0' * 5000, os.urandom(20000), b'GET / HTTP/9.9\r\n\r\n', b'GET ' + b'/' * 90000,
                 b'POST /session HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
                 b'POST /session HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nx',
                 b'POST /session HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
                 b'GET /healthz HTTP/1.1\r\n' + b'A: b\r\n' * 20000 + b'\r\n']
        for data in noise:
            with socket.create_connection(('127.0.0.1', daemon.port), timeout=20) as connection:
                try:
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(100)
                except OSError:
                    pass
            self.assertEqual(Caller(daemon).call('GET', '/healthz')[0], 200)


class Restart(harness.Case):
    def test_killed_among_sessions(self):
        """Killed and started again: Hosts are back under their codes, connections feel nothing"""
        echo = services.start_service(self, services.echo)
        daemon = self.start_daemon()
        options = ['--signal', daemon.url, '--allow', echo.endpoint]
        hosts = [self.start_host('--yes', *options, '--name', f'host {n}') for n in range(3)]
        asking = self.start_host(*options)  # asks before it lets anybody in
        codes = [host.code for host in [*hosts, asking]]
        connected = self.join_for(daemon, hosts[0], echo)
        address = connected.local(echo.endpoint)
        connection = self.connect(address)
        connection.sendall(b'before')
        self.assertEqual(harness.receive_exactly(connection, 6), b'before')
        joined = self.start_join(asking.code, '--signal', daemon.url, '--name', 'anna')
        asking.expect('join-request', client='anna')

        daemon.kill()
        again = self.start_daemon(port=daemon.port)
        harness.until(lambda: callers.read_metrics(again)['sessions'] == 4, 'the Hosts', 90)
        connection.sendall(b'after')
        self.assertEqual(harness.receive_exactly(connection, 5), b'after')
        self.assert_carries(address, echo)
        # Who was joined and not let in yet is told so, and may come again by the same code.
        self.expect_error(joined, harness.STATUS_UNKNOWN, 'session-unknown')
        for host, code in zip(hosts, codes):
            client = self.start_join(code, '--signal', again.url)
            client.expect('connected')
            client.finish()
        self.start_join(codes[3], '--signal', again.url, '--name', 'berta')
        asking.expect('join-request', client='berta')
        self.assertTrue(connected.running())


if __name__ == '__main__':
    harness.main()
