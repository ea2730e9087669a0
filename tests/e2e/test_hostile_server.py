#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A signaling server that lies, forges, replays, breaks off and floods: it can refuse to work, and
nothing else."""

import gzip
import itertools
import os
import pathlib
import threading
import time

import harness
import hostile_server as hostile
import services

MOST_GROWTH_KIB = 8 * 1024

# What no call may be answered more often than, whatever a server does: calls a second.
MOST_CALLS_A_SECOND = 25


class Case(harness.Case):
    """A daemon without limits, and what stands before it."""

    def setUp(self):
        super().setUp()
        self.daemon = self.start_daemon('--create-rate', '0', '--poll-limit', '0')

    def proxy(self, attack):
        return hostile.Proxy(self, self.daemon.url, attack)

    def host(self, *options, attack=None):
        url = self.daemon.url if attack is None else self.proxy(attack).url
        return self.start_host('--signal', url, '--yes', *options)

    def join(self, host, attack=hostile.pass_on, name='anna', code=None, options=()):
        """A Client that reaches the server through an attack."""
        proxy = self.proxy(attack)
        client = self.start_join(code or host.code, '--signal', proxy.url, '--name', name, *options)
        client.proxy = proxy
        return client

    def assert_turned_away(self, host, client, name):
        """That both sides end with “not verified”, whoever found it, and nothing was connected."""
        self.expect_error(client, harness.STATUS_NOT_VERIFIED, 'not-verified')
        self.assertFalse(client.has('connected'))
        host.wait_for(lambda: next((e for e in host.events if e.get('code') == 'not-verified'
                                    and e['message'].startswith(name)), None),
                      f'the warning about {name}', 20)
        self.assertFalse(host.has('connected', peer=name))

    def assert_all_found(self, attacks, host):
        """That each of these attacks, on a Client of its own, is found."""
        rows = [(f'c{i}-', what, attack) for i, (what, attack) in enumerate(attacks.items())]
        while rows:
            batch = [(name, what, self.join(host, attack, name)) for name, what, attack in rows[:8]]
            for name, what, client in batch:
                with self.subTest(what):
                    self.assert_turned_away(host, client, name)
            del rows[:8]
        self.assertFalse(host.has('connected'))


class Forgeries(Case):
    """What is changed on its way is found, and the side that did not find it is told."""

    def test_nothing(self):
        """The proxy itself stands in nobody's way"""
        host = self.host(attack=hostile.pass_on)
        self.join(host).expect('connected')
        host.expect('connected')

    def test_offer(self):
        """Any change of an offer is found by the Client"""
        host = self.host()
        self.assert_all_found({what: hostile.forge_offer(change)
                               for what, change in hostile.FORGED_HALVES.items()}, host)

    def test_answer(self):
        """Any change of an answer is found by the Host"""
        host = self.host()
        self.assert_all_found({what: hostile.forge_answer(change)
                               for what, change in hostile.FORGED_HALVES.items()}, host)

    def test_join(self):
        """Any change of a request to join is found by the Host, and nobody is asked"""
        host = self.host()
        forged = {
            'MAC': lambda join: join.update(mac=hostile.encode(os.urandom(32))),
            'no MAC': lambda join: join.pop('mac'),
            'nonce': lambda join: join.update(nonce=hostile.encode(os.urandom(16))),
            'no nonce': lambda join: join.pop('nonce'),
            'neither': lambda join: (join.pop('mac'), join.pop('nonce')),
            'a commit instead': lambda join: join.update(
                mac=None, commit=hostile.encode(os.urandom(32))),
            'name': lambda join: join.update(client=join['client'] + 'x'),
        }
        self.assert_all_found({what: hostile.forge_join(change)
                               for what, change in forged.items()}, host)
        self.assertFalse(host.has('join-request'))

    def test_host_name(self):
        """The Host's name is signed, too"""
        host = self.host()
        self.assert_all_found({'name': hostile.forge_sessions(
            lambda session, call: session.update(host='somebody else'))}, host)

    def test_without_proof_where_allowed(self):
        """A Client with a code is not talked into going on without it, whatever the Host allows"""
        host = self.host('--allow-unverified')
        client = self.join(host, hostile.forge_join(lambda join: join.pop('mac')))
        self.assert_turned_away(host, client, 'anna')


class Mixed(Case):
    """What belongs to one Client given to another, and what belongs to the past given again."""

    def assert_both_turned_away(self, host, attack):
        """That two Clients behind one proxy are both turned away."""
        url = self.proxy(attack).url
        clients = {name: self.start_join(host.code, '--signal', url, '--name', name)
                   for name in ('anna', 'bert')}
        for name, client in clients.items():
            self.assert_turned_away(host, client, name)

    def test_children(self):
        """Two Clients that are given each other's child sessions"""
        exchange = Exchange()

        def attack(call):
            answer = call.forward()
            return exchange.swap(call.json['client'], answer) if call.kind == 'join' else answer

        self.assert_both_turned_away(self.host(), attack)

    def test_offers(self):
        """Two Clients that are given each other's offers"""
        exchange = Exchange()

        def attack(call):
            answer = call.forward()
            if call.kind != 'poll' or 'offer' not in answer.json['signal']:
                return answer
            offer = exchange.swap(call.session, answer.json['signal']['offer'])
            return answer.changed(lambda session: session['signal'].update(offer=offer))

        self.assert_both_turned_away(self.host(), attack)

    def test_answers(self):
        """Two Clients whose answers change places"""
        exchange = Exchange()

        def attack(call):
            if call.kind == 'answer':
                other = exchange.swap(call.session, dict(call.json))
                call.change(lambda message: message.update(other))
            return call.forward()

        self.assert_both_turned_away(self.host(), attack)

    def test_requests(self):
        """A Host that is told of two requests under each other's ids"""
        def swap(session, call):
            joins = session.get('joins', [])
            if len(joins) == 2:
                joins[0]['id'], joins[1]['id'] = joins[1]['id'], joins[0]['id']
            else:
                joins.clear()

        self.assert_both_turned_away(self.host(attack=hostile.forge_sessions(swap)),
                                     hostile.pass_on)

    def test_old_request(self):
        """A request that comes again is turned away, but not under its own id: that is no news"""
        seen, fake = {}, hostile.draw_id()

        def replay(session, call):
            joins = session.get('joins', [])
            seen.update((join['client'], join) for join in joins)
            if 'carl' in seen:
                joins += [dict(seen['anna'], id=fake), seen['anna']]

        host = self.host(attack=hostile.forge_sessions(replay))
        clients = []
        for name in ('anna', 'bert', 'carl'):
            clients.append(self.join(host, name=name))
            clients[-1].expect('connected')
        warning = host.expect('warning', code='not-verified')
        self.assertIn('came again', warning['message'])
        self.settle(host)
        self.assertEqual(len([e for e in host.events if e['event'] == 'join-request']), 3)
        self.assertEqual(len([e for e in host.events if e['event'] == 'warning'
                              and e['code'] == 'not-verified']), 1)
        self.assertTrue(clients[0].running())

    def test_old_offer_and_answer(self):
        """An offer, or an answer, of an earlier Client of the same session"""
        host = self.host()
        old = {}
        self.join(host, record_in(old)).expect('connected')
        host.expect('connected')
        for what, attack in (('offer', hostile.forge_offer(lambda half: half.update(old['offer']))),
                             ('answer', hostile.forge_answer(
                                 lambda half: half.update(old['answer'])))):
            with self.subTest(what):
                self.assert_turned_away(host, self.join(host, attack, what), what)

    def test_ids(self):
        """A Client is told of another child session than the Host"""
        host = self.host()
        real, fake = [], hostile.draw_id()

        def attack(call):
            if real:
                call.path = call.path.replace(fake, real[0])
            answer = call.forward()
            if call.kind == 'join':
                real.append(answer.json['id'])
            if answer.json is None:
                return answer
            return answer.changed(lambda session: session.update(id=fake))

        self.assert_turned_away(host, self.join(host, attack), 'anna')

    def test_id_of_another_session(self):
        """A Host does not take another id than its token's"""
        for attack in (hostile.forge_sessions(lambda s, c: s.update(id=hostile.draw_id())),
                       hostile.forge_sessions(lambda s, c: s.update(token='x' * 43))):
            host = self.start_host('--signal', self.proxy(attack).url, '--yes')
            self.expect_error(host, 1, 'protocol')
            self.assertFalse(host.has('session'))


def record_in(old):
    """Remembers the offer and the answer that pass by."""
    def attack(call):
        answer = call.forward()
        if call.kind == 'answer':
            old['answer'] = call.json
        elif call.kind == 'poll' and answer.status == 200:
            old.update(answer.json['signal'])
        return answer
    return attack


class Exchange:
    """Two threads that come here, each under a name of its own, leave with what the other brought.
    Who comes again leaves with the same."""

    def __init__(self):
        self.news = threading.Condition()
        self.brought = {}

    def swap(self, name, thing):
        with self.news:
            self.brought.setdefault(name, thing)
            self.news.notify_all()
            self.news.wait_for(lambda: len(self.brought) == 2, 60 * harness.SCALE)
            return next(other for key, other in self.brought.items() if key != name)


class Refusals(Case):
    """All that a server can do is not to work; then the words say so."""

    def expect_words(self, client, status, code, words):
        self.assertIn(words, self.expect_error(client, status, code)['message'])

    def test_rejections(self):
        """A forged rejection ends the Client as a real one does"""
        for reason, status, code in (('declined', harness.STATUS_DECLINED, 'declined'),
                                     ('full', harness.STATUS_DECLINED, 'full'),
                                     ('not-verified', harness.STATUS_NOT_VERIFIED, 'not-verified')):
            host = self.host()
            client = self.join(host, hostile.forge_sessions(
                lambda session, call: session.update(status='rejected', reason=reason), ['poll']))
            self.expect_error(client, status, code)
            self.assertFalse(client.has('connected'))
            host.command('quit')
            self.expect_exit(host, harness.STATUS_ENDED)

    def test_statuses(self):
        """Other statuses than the true ones change nothing"""
        host = self.host()
        for status in ('waiting', 'joined', 'signaling'):
            self.join(host, hostile.forge_sessions(
                lambda session, call: session.update(status=status))).expect('connected')

    def test_at_the_door(self):
        """What answers a Client's first call in another way than a signaling server"""
        host = self.host()
        elsewhere = self.proxy(hostile.pass_on)
        table = {
            'is not JSON': hostile.Answer(200, b'<html>'),
            'there is nothing': hostile.Answer(204),
            'nested too deep': hostile.Answer(200, b'[' * 100000),
            '“id” must': hostile.Answer(200, {'id': '../../etc', 'host': 'x'}),
            '“host” must': hostile.Answer(200, {'id': 'A' * 21, 'host': 'x\u202e'}),
            'leads on to': hostile.Answer(307, headers={'Location': elsewhere.url + '/session'}),
            'nowhere': hostile.Answer(302),
            'is too large': hostile.Answer(200, b' ' * 600000),
            'not UTF-8': hostile.Answer(200, gzip.compress(b' ' * 100000000),
                                        {'Content-Encoding': 'gzip'}),
            'answers 418': hostile.Answer(418, b'teapot'),
        }
        clients = {words: self.join(host, lambda call, answer=answer: answer)
                   for words, answer in table.items()}
        for words, client in clients.items():
            with self.subTest(words):
                self.expect_words(client, harness.STATUS_UNREACHABLE, 'signal-unreachable', words)
                self.assertEqual(sum(client.proxy.counts.values()), 1)
        self.assertFalse(elsewhere.counts)

    def test_redirects(self):
        """No call follows a redirect to another server, with the token least of all"""
        elsewhere = self.proxy(hostile.pass_on)

        def redirect(status):
            return lambda call: call.forward() if call.kind == 'join' or call.number > 1 else \
                hostile.Answer(status, headers={'Location': elsewhere.url + call.path})

        host = self.host()
        for client in [self.join(host, redirect(s)) for s in (301, 302, 303, 307, 308)]:
            client.expect('connected')
        self.assertFalse(elsewhere.counts)

    def test_refused(self):
        """Refusals in the API's own form, in the middle of everything"""
        host = self.host()
        for kind, status, code, exit_status in (
                ('join', 404, 'session-unknown', harness.STATUS_UNKNOWN),
                ('poll', 404, 'session-unknown', harness.STATUS_UNKNOWN),
                ('answer', 404, 'session-unknown', harness.STATUS_UNKNOWN),
                ('join', 403, 'refused', 1), ('poll', 403, 'refused', 1),
                ('answer', 409, 'refused', 1), ('join', 400, 'refused', 1)):
            with self.subTest(f'{status} to {kind}'):
                client = self.join(host, lambda call: hostile.error(status) if call.kind == kind
                                   else call.forward())
                self.expect_error(client, exit_status, code)

    def test_host_refused(self):
        """A Host whose session is denied to it says so, and goes on trying, slowly"""
        for status in (404, 403):
            with self.subTest(status):
                proxy = self.proxy(lambda call: hostile.error(status) if call.kind == 'poll'
                                   else call.forward())
                host = self.start_host('--signal', proxy.url, '--yes')
                host.expect('warning', code='session-unknown' if status == 404 else 'refused')
                host.command('quit')
                self.expect_exit(host, harness.STATUS_ENDED)
                self.assertEqual(proxy.counts['create'], 1)


def first(calls, attack):
    """`attack` on the first so many calls of each kind, then nothing."""
    return lambda call: attack(call) if call.number <= calls else call.forward()


def only(kind, attack, count=1):
    """`attack` on the first calls of one kind, then nothing."""
    return lambda call: attack(call) if call.kind == kind and call.number <= count \
        else call.forward()


def after(answer):
    """The call reaches the server, and then this is sent instead of its answer."""
    def attack(call):
        call.forward()
        return answer
    return attack


CUT = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"id":'

LOSSES = {
    'closed before it arrived': lambda call: None,
    'closed after it arrived': after(None),
    'reset before it arrived': lambda call: hostile.RESET,
    'reset after it arrived': after(hostile.RESET),
    'half a status line': after(b'HTTP/1.1 2'),
    'half the headers': after(b'HTTP/1.1 200 OK\r\nContent-Le'),
    'closed in the middle of the body': after(CUT),
    'closed in the middle of a chunk': after(
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"id"'),
    'no HTTP': after(bytes(range(256)) * 8),
    'a page instead of an answer': after(hostile.Answer(502, b'<html>Bad Gateway')),
    'an error of its own': after(hostile.error(500)),
    'unavailable': lambda call: hostile.error(503, {'Retry-After': '-1'}),
    'too many': lambda call: hostile.error(429, {'Retry-After': 'tomorrow'}),
    'a header without end': after(b'HTTP/1.1 200 OK\r\nX: ' + b'x' * 200000),
}


class Losses(Case):
    """What gets lost is tried again, and they connect."""

    def test_each_call(self):
        """The first call of each kind, on both sides, is lost; each time in another way"""
        pairs = {}
        for what, attack in LOSSES.items():
            proxy = self.proxy(first(1, attack))
            pairs[what] = self.start_host('--signal', proxy.url, '--yes'), proxy
        clients = {what: self.start_join(host.code, '--signal', proxy.url)
                   for what, (host, proxy) in pairs.items()}
        for what, client in clients.items():
            with self.subTest(what):
                client.expect('connected')
                pairs[what][0].expect('connected')

    def test_gone_after_a_lost_answer(self):
        """An answer that arrived unnoticed, and whose session is gone when it is sent again"""
        host = self.host()

        def attack(call):
            if call.kind == 'answer':
                if call.number == 1:
                    return None
                call.forward()
                return hostile.error(404)
            return call.forward()

        self.join(host, attack).expect('connected')

    def test_late(self):
        """Answers that come too late, or never, or are put off for years, or make no sense"""
        busy = {'Retry-After': '9999999999'}
        revived, old = self.lose_session()
        patient = self.host()
        clients = [self.join(patient, attack) for attack in (
            only('join', after(hostile.HOLD)), only('answer', lambda call: hostile.HOLD),
            only('answer', after(hostile.HOLD)),
            only('join', lambda call: hostile.error(503, busy)),
            only('poll', lambda call: hostile.error(429, busy)))]
        senseless = only('poll', lambda call: hostile.Answer(200, b'[]'), count=1000)
        misled = self.join(patient, senseless)
        hosts = [self.host(attack=attack) for attack in (
            senseless, only('offer', lambda call: hostile.HOLD),
            only('create', lambda call: hostile.HOLD))]
        clients += [self.join(host) for host in hosts[1:]]
        for client in clients:
            client.expect('connected', seconds=60)
        self.assertIn('makes no sense', self.expect_error(misled, 1, 'protocol')['message'])
        self.assertEqual(misled.proxy.counts['poll'], 5)
        hosts[0].expect('warning', code='protocol', seconds=60)
        self.assertTrue(hosts[0].running())
        harness.until(lambda: revived.proxy.counts['create'] == 2, 'the session to be there again')
        again = self.join(revived, hostile.forge_offer(lambda half: half.update(old)), 'bert')
        self.assert_turned_away(revived, again, 'bert')

    def lose_session(self):
        """A Host that soon creates its session again, with its token; and an offer from before."""
        lost, old = threading.Event(), {}

        def attack(call):
            if call.kind != 'poll':
                return call.forward()
            if lost.is_set() and call.proxy.counts['create'] == 1:
                return hostile.error(404)
            call.path = call.path.split('?')[0]
            return call.forward()

        proxy = self.proxy(attack)
        host = self.start_host('--signal', proxy.url, '--yes')
        host.proxy = proxy
        self.join(host, record_in(old)).expect('connected')
        host.expect('connected')
        lost.set()
        return host, old['offer']


NONSENSE = {
    'nothing': hostile.Answer(200),
    'no content': hostile.Answer(204),
    'a page': hostile.Answer(200, b'<html>Please log in', {'Content-Type': 'text/html'}),
    'an array': hostile.Answer(200, b'[]'),
    'nesting': hostile.Answer(200, b'{"a":' * 10000),
    'a bomb': hostile.Answer(200, gzip.compress(b' ' * 50000000), {'Content-Encoding': 'gzip'}),
    'not UTF-8': hostile.Answer(200, b'{"id":"\xff"}'),
}
WRONG_MEMBERS = {'rev': [0, -1, 1.5, 2 ** 64, '1', [], None], 'id': ['', '../x', 5, None],
                 'status': ['rejected', '', 7, {}], 'signal': [[], 'x'],
                 'joins': ['x', [1], [{}], [{'id': 'A' * 21, 'client': ''}] * 300],
                 'host': ['', '\x1b[2J', 'x' * 65]}


def lie_about(name, values):
    """Every second poll is answered with one of the values in that member."""
    turns, lies = itertools.count(), list(values)

    def attack(call):
        answer = call.forward()
        if call.kind != 'poll' or next(turns) % 2 or not lies:
            return answer
        value = lies.pop()
        return answer.changed(lambda session: session.update({name: value}))

    return attack


class Nonsense(Case):
    """Answers that make no sense."""

    def test_for_a_while(self):
        """A few in a row are passed over: a portal may stand in between for a moment"""
        host = self.host()
        clients = [self.join(host, only('poll', lambda call, answer=answer: answer, count=2))
                   for answer in NONSENSE.values()]
        for client in clients:
            client.expect('connected')

    def test_wrong_members(self):
        """Every member as it must not be, to Client and Host"""
        pairs = []
        for name, values in WRONG_MEMBERS.items():
            proxy = self.proxy(lie_about(name, values))
            pairs.append((self.start_host('--signal', proxy.url, '--yes'), proxy))
        clients = [self.start_join(host.code, '--signal', proxy.url) for host, proxy in pairs]
        for client in clients:
            client.expect('connected')

    def test_content_type(self):
        """What is said to be something else is still read as what it is"""
        host = self.host()

        def attack(call):
            answer = call.forward()
            answer.headers['Content-Type'] = 'application/x-tar; charset=utf-7'
            return answer

        self.join(host, attack).expect('connected')


def endless(head, part):
    def attack(call):
        yield head
        while True:
            yield part
    return attack


HEAD = b'HTTP/1.1 200 OK\r\n'
CHUNKED = HEAD + b'Transfer-Encoding: chunked\r\n\r\n'


def count_up(call):
    """The truth, except that every answer says that something has changed, and at once."""
    call.path = call.path.split('?')[0]
    answer = call.forward()
    if answer.json is None:
        return answer
    return answer.changed(lambda session: session.update(rev=call.number))


def unchanged(call):
    """The truth as the caller knows it already, at once."""
    call.path, since = call.path.split('?since=')
    since = int(since.split('&')[0]) or 1
    answer = call.forward()
    return answer.changed(lambda session: session.update(rev=since, signal={}, joins=[],
                                                         status='joined'))


FLOODS = {
    'unchanged, at once': unchanged,
    'always new': count_up,
    'errors': lambda call: hostile.error(500),
    'refusals': lambda call: hostile.error(429, {'Retry-After': '0'}),
    'redirects': lambda call: hostile.Answer(302, headers={'Location': '/elsewhere'}),
    'closed': lambda call: None,
    'wait': endless(b'', b'HTTP/1.1 102 Processing\r\n\r\n' * 500),
    'switch': endless(b'', b'HTTP/1.1 101 Switching Protocols\r\n\r\n' * 500),
    'headers': endless(HEAD, b'X: y\r\n' * 500),
    'a body': endless(HEAD + b'\r\n', b'x' * 65536),
    'a chunk': endless(CHUNKED + b'fffffffff\r\n', b'x' * 65536),
    'small chunks': endless(CHUNKED, b'1\r\n \r\n' * 1000),
    'trailers': endless(CHUNKED + b'0\r\n', b'X: y\r\n' * 500),
    'drops': endless(HEAD + b'Content-Length: 100\r\n\r\n', b''),
}


def seconds_of_work(process):
    """The time that a process has kept a processor busy."""
    fields = pathlib.Path(f'/proc/{process.child.pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def assert_bounded(before_kib, after_kib):
    """That memory has not grown; AddressSanitizer keeps for a while what was freed."""
    if 'ASAN_OPTIONS' not in os.environ and after_kib - before_kib > MOST_GROWTH_KIB:
        raise AssertionError(f'grown from {before_kib} KiB to {after_kib} KiB')


class Floods(Case):
    """Nothing hangs, runs hot or grows."""

    def test_polls(self):
        """Whatever polls are answered, both sides ask at a bounded rate and obey `quit`"""
        host, began, sides = self.host(), time.monotonic(), {}
        for what, attack in FLOODS.items():
            attack = only('poll', attack, count=10 ** 9)
            sides[what + ', to a Client'] = client = self.join(host, attack, what)
            proxy = self.proxy(attack)
            sides[what + ', to a Host'] = self.start_host('--signal', proxy.url, '--yes')
            sides[what + ', to a Host'].proxy = proxy
        slowest = sides['unchanged, at once, to a Client'].proxy
        harness.until(lambda: slowest.counts['poll'] >= 20, 'polls')
        for what, side in sides.items():
            with self.subTest(what):
                self.assertLessEqual(sum(side.proxy.counts.values()),
                                     10 + MOST_CALLS_A_SECOND * (time.monotonic() - began))
                if side.running():
                    self.assertLess(seconds_of_work(side), 0.3 * harness.SCALE)
                    side.command('quit')
                    self.expect_exit(side, harness.STATUS_ENDED)

    def test_made_up_requests(self):
        """Ever new requests to join, whose rejections are never answered, do not pile up"""
        def make_up(session, call):
            session.update(rev=call.number, joins=[
                {'id': hostile.draw_id(), 'client': f'x{i}'} for i in range(256)])

        def attack(call):
            if call.kind == 'reject':
                return hostile.HOLD if call.number > 1000 else hostile.error(404)
            if call.kind == 'poll':
                call.path = call.path.split('?')[0]
            answer = call.forward()
            return answer.changed(lambda session: make_up(session, call)) \
                if call.kind == 'poll' else answer

        proxy = self.proxy(attack)
        host = self.start_host('--signal', proxy.url, '--yes')
        harness.until(lambda: proxy.counts['reject'] > 250, 'rejections')
        before = host.resident_kib()[0]
        harness.until(lambda: proxy.counts['reject'] > 1060, 'rejections')
        assert_bounded(before, host.resident_kib()[0])
        host.expect('warning', code='many-requests')
        self.assertEqual(len([e for e in host.events if e.get('code') == 'not-verified']), 60)
        host.command('quit')
        self.expect_exit(host, harness.STATUS_ENDED)

    def test_large_answers(self):
        """Answers as large as they may be, all new, are not kept"""
        large = {'offer': {'sdp': 'x' * 60000, 'candidate': ['y' * 512] * 64}}

        def attack(call):
            if call.kind != 'poll':
                return call.forward()
            call.path = call.path.split('?')[0]
            answer = call.forward()
            return answer.changed(lambda session: session.update(
                rev=call.number, signal={'answer': large['offer']}, padding=['z'] * 20000))

        proxy = self.proxy(attack)
        host = self.start_host('--signal', proxy.url)
        client = self.start_join(host.code, '--signal', proxy.url)
        harness.until(lambda: proxy.counts['poll'] > 10, 'polls')
        before = [side.resident_kib()[0] for side in (host, client)]
        harness.until(lambda: proxy.counts['poll'] > 35, 'polls')
        after = [side.resident_kib()[0] for side in (host, client)]
        for was, now in zip(before, after):
            assert_bounded(was, now)


class OwnCommit(hostile.Middle):
    """Commits to its own key towards the Host, and shows the Client the same key."""

    def join(self, commit):
        return hostile.commit_to(self.fingerprint, self.random)

    def offer(self, fingerprint, random):
        return self.fingerprint, random

    def answer(self, fingerprint, random):
        return self.fingerprint, self.random


class OwnEverything(OwnCommit):
    def offer(self, fingerprint, random):
        return self.fingerprint, os.urandom(16)


class OnlyTheOffer(hostile.Middle):
    def offer(self, fingerprint, random):
        return self.fingerprint, random


class OnlyTheKeys(OnlyTheOffer):
    """Leaves commit and random values alone."""

    def answer(self, fingerprint, random):
        return self.fingerprint, random


class OldCommit(OnlyTheOffer):
    """Passes the Client's own commit on, with another random value later."""

    def answer(self, fingerprint, random):
        return fingerprint, os.urandom(16)


class LateChoice(OwnCommit):
    """Commits to something, and chooses when it has seen all: so that the last digits agree."""

    def answer(self, fingerprint, random):
        key, host_random = self.shown_client
        wanted = hostile.number_of(key, fingerprint, host_random, random)
        for _ in range(100000):
            choice = os.urandom(16)
            number = hostile.number_of(self.host[0], self.fingerprint, self.host[1], choice)
            if number[-2:] == wanted[-2:]:
                break
        return self.fingerprint, choice


class Numbers(Case):
    """Bare ids: two people compare twelve digits, and no server makes them agree."""

    def pair(self, attack, host=None, name='anna'):
        host = host or self.host('--allow-unverified')
        return host, self.join(host, attack, name, host.session['id'],
                               options=['--allow-unverified'])

    def assert_no_connection(self, host, client, name='anna'):
        """That DTLS finds that the keys are not those that were announced."""
        client.wait_for(lambda: next((e for e in client.events if e['event'] == 'error'), None),
                        'an end', 60)
        self.assertFalse(client.has('connected') or host.has('connected', peer=name))

    def test_honest(self):
        """With nobody in between both numbers are the one that is computed here"""
        middle = hostile.Middle()
        host, client = self.pair(middle)
        shown = [side.expect('verify')['number'] for side in (host, client)]
        client.expect('connected')
        self.assertEqual(tuple(shown), middle.numbers())
        self.assertEqual(shown[0], shown[1])

    def test_strategies(self):
        """With somebody in between the numbers differ, or a broken commitment is found"""
        for strategy in (OwnCommit, OwnEverything, OnlyTheOffer):
            with self.subTest(strategy.__name__):
                middle = strategy()
                host, client = self.pair(middle)
                shown = [side.expect('verify')['number'] for side in (host, client)]
                self.assertEqual(tuple(shown), middle.numbers())
                self.assertNotEqual(shown[0], shown[1])
                self.assert_no_connection(host, client)
        for strategy in (OnlyTheKeys, OldCommit, LateChoice):
            with self.subTest(strategy.__name__):
                host, client = self.pair(strategy())
                self.assert_turned_away(host, client, 'anna')
                self.assertFalse(host.has('verify'))

    def test_many_tries(self):
        """Trying again and again shows other numbers again and again"""
        host = self.host('--allow-unverified')
        numbers = []
        for i in range(6):
            middle = OwnEverything()
            self.pair(middle, host, f'try {i}')
            numbers += [host.expect('verify', peer=f'try {i}')['number']]
            numbers += [self.processes[-1].expect('verify')['number']]
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_without_random_value(self):
        """An offer that lost its random value shows the Client no number: the Host finds it"""
        host, client = self.pair(hostile.forge_offer(hostile.on_porthole(
            lambda ours: ours.pop('r'))))
        client.expect('warning', code='unverified')
        self.assert_turned_away(host, client, 'anna')

    def test_without_commitment(self):
        """Where the server takes the number away, both people read that it could be in between"""
        host, client = self.pair(hostile.forge_join(lambda join: join.pop('commit')))
        for side in (host, client):
            self.assertIn('between you', side.expect('warning', code='unverified')['message'])
            self.assertFalse(side.has('verify'))

    def test_forged_halves(self):
        """What cannot be the answer that was committed to is not verified"""
        host = self.host('--allow-unverified')
        for what in ('fingerprint', 'plain description', 'the wrong type', 'an empty description'):
            with self.subTest(what):
                _, client = self.pair(hostile.forge_answer(hostile.FORGED_HALVES[what]), host, what)
                self.assert_turned_away(host, client, what)

    def test_held_until_confirmed(self):
        """Until the Host's person says that the number is the same, nothing reaches the service"""
        for word in ('y', 'n'):
            echo = services.start_service(self, services.echo)
            host = self.start_host('--signal', self.daemon.url, '--allow-unverified',
                                   '--allow', echo.endpoint)
            client = self.start_join(host.session['id'], '--signal', self.daemon.url,
                                     '--allow-unverified', '-L', f'0:{echo.endpoint}')
            host.expect('join-request', verified=False)
            host.command('y')
            host.expect('verify')
            client.expect('connected')
            host.expect('connected')
            connection = self.connect(client.local(echo.endpoint))
            connection.sendall(b'hello')
            self.wait_for_connection(host)
            self.assertEqual(echo.connections, [])
            host.command(word)
            if word == 'y':
                self.assertEqual(harness.receive_exactly(connection, 5), b'hello')
            else:
                self.assert_reset(connection)
                self.expect_exit(client, harness.STATUS_ENDED)
                self.assertEqual(echo.connections, [])

    def wait_for_connection(self, host):
        """Waits until the Host holds a connection of its Client."""
        def is_held():
            host.command('clients')
            return host.expect('clients')['clients'][0].get('connections') == 1
        harness.until(is_held, 'the connection')


if __name__ == '__main__':
    harness.main()
