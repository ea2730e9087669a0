# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that are not ours: other WebRTC stacks with the plain protocol of tests/peers, in node or
in a browser. A test gives them tasks (tests/peers/tasks.mjs) and meets them with real programs."""

import concurrent.futures
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import struct
import threading

import harness
import services

FOLDER = harness.ROOT / 'tests/peers'
TYPES = {'.html': 'text/html', '.mjs': 'text/javascript'}
DIGEST_SIZE = 32
LARGEST_MESSAGE = 65535
DEADLINE = 240

CHROMIUM_OPTIONS = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    # The page talks to the signaling server, which is another origin.
    '--disable-web-security',
]


class Tasks:
    """What a peer has been asked and what it has answered."""

    def __init__(self):
        self.numbers = itertools.count()
        self.waiting = {}
        self.ready = concurrent.futures.Future()

    def start(self, task, **options):
        """Gives a task and returns a Future."""
        number, result = next(self.numbers), concurrent.futures.Future()
        self.waiting[number] = result
        self.send({'id': number, 'task': task, **options})
        return result

    def ask(self, task, **options):
        """Gives a task, and returns its result."""
        result = self.start(task, **options)
        for _ in range(int(DEADLINE * harness.SCALE)):
            with contextlib.suppress(TimeoutError):
                return result.result(1)
            if not self.running():
                raise AssertionError(f'the peer is gone: {task} has no answer')
        raise AssertionError(f'{task} has no answer')

    def send(self, order):
        raise NotImplementedError

    def on_answer(self, answer):
        if 'ready' in answer:
            self.ready.set_result(True)
        elif 'error' in answer:
            self.waiting.pop(answer['id']).set_exception(AssertionError(answer['error']))
        else:
            self.waiting.pop(answer['id']).set_result(answer['result'])


class Node(harness.Process, Tasks):
    def __init__(self, stack, env):
        Tasks.__init__(self)
        super().__init__(['node', FOLDER / 'node.mjs', stack], env)
        self.ready.result(60 * harness.SCALE)

    def send(self, order):
        self.command(json.dumps(order))

    def stop(self):
        self.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.send_signal(signal.SIGCONT)

    def on_out(self, line):
        super().on_out(line)
        self.on_answer(json.loads(line))


class Site:
    """Serves the page, gives it its orders and takes its answers."""

    def __init__(self, on_answer):
        self.orders = queue.Queue()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def reply(self, body, media_type='application/json'):
                self.send_response(200)
                self.send_header('Content-Type', media_type)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == '/order':
                    self.give_order()
                    return
                path = FOLDER / os.path.basename(self.path)
                if path.suffix in TYPES and path.is_file():
                    self.reply(path.read_bytes(), TYPES[path.suffix])
                else:
                    self.send_error(404)

            def give_order(self):
                order = site.orders.get()
                if order is None:
                    self.close_connection = True
                    site.orders.put(None)  # for whoever asks next
                else:
                    self.reply(json.dumps(order).encode())

            def do_POST(self):
                on_answer(json.loads(self.rfile.read(int(self.headers['Content-Length']))))
                self.reply(b'{}')

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self.server.server_port}/page.html'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.orders.put(None)
        self.server.shutdown()
        self.server.server_close()


def descendants(pid):
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        for child in map(int, (task / 'children').read_text().split()):
            yield child
            yield from descendants(child)


class Chromium(harness.Process, Tasks):
    def __init__(self, folder, env, *options):
        Tasks.__init__(self)
        self.site = Site(self.on_answer)
        super().__init__([shutil.which('chromium'), *CHROMIUM_OPTIONS, *options,
                          f'--user-data-dir={folder}/browser', self.site.url], env)
        self.ready.result(120 * harness.SCALE)

    def send(self, order):
        self.site.orders.put(order)

    def signal_page(self, number):
        """Signals the process that the page runs in."""
        pages = [pid for pid in descendants(self.child.pid)
                 if '--type=renderer' in pathlib.Path(f'/proc/{pid}/cmdline').read_text()]
        if not pages:
            raise AssertionError('no process of a page')
        for pid in pages:
            os.kill(pid, number)

    def stop(self):
        self.signal_page(signal.SIGSTOP)

    def go_on(self):
        self.signal_page(signal.SIGCONT)

    def finish(self):
        self.site.close()
        super().finish()


# --- the other end of an exchange: see tasks.mjs ---

def send_checked(connection, size):
    data = os.urandom(size)
    connection.sendall(data + hashlib.sha256(data).digest())


def receive_checked(connection, size):
    data = harness.receive_exactly(connection, size)
    if hashlib.sha256(data).digest() != harness.receive_exactly(connection, DIGEST_SIZE):
        raise AssertionError(f'{size} bytes came, and not those that were sent')


def both_ways(connection, size):
    sender = threading.Thread(target=send_checked, args=(connection, size), daemon=True)
    sender.start()
    receive_checked(connection, size)
    sender.join(DEADLINE * harness.SCALE)


def serve_exchange(connection):
    size, = struct.unpack('!I', harness.receive_exactly(connection, 4))
    both_ways(connection, size)
    connection.close()


def exchange(address, size, half_close=False):
    """Opens an exchange, and waits for the service to end it."""
    with socket.create_connection(address, timeout=DEADLINE * harness.SCALE) as connection:
        connection.sendall(struct.pack('!I', size))
        if half_close:
            send_checked(connection, size)
            connection.shutdown(socket.SHUT_WR)
            receive_checked(connection, size)
        else:
            both_ways(connection, size)
        if connection.recv(1):
            raise AssertionError('something followed the end of the exchange')


def stay_silent(connection):
    """A service that reads nothing, until its listener is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    threading.Event().wait(DEADLINE * harness.SCALE)


class Case(harness.Case):
    """A session between a plain peer and `porthole`, in both roles."""

    SECRETIVE_HOST = False  # offers no candidates, and waits for ours

    def start_peer(self):
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        self.peer = self.own(self.start_peer())

    def peer_joins(self, *endpoints, bare=True):
        """A Host of ours, and the peer as its Client; the number of the peer's line."""
        self.daemon = self.start_daemon('--create-rate', '0')
        rules = [part for endpoint in endpoints for part in ('--allow', endpoint)]
        how = ['--allow-unverified'] if bare else []
        host = self.start_host('--signal', self.daemon.url, '--yes', *how, *rules)
        code = host.session['id'] if bare else host.code
        joined = self.peer.ask('join', signal=self.daemon.url, code=code)
        self.assertTrue(host.expect('connected')['peer'])
        return host, joined['line']

    def peer_hosts(self, *ports, bare=True):
        """The peer as Host, and a Client of ours with a mapping to each port; the peer's line."""
        self.daemon = self.start_daemon('--create-rate', '0')
        hosted = self.peer.ask('host', signal=self.daemon.url, verified=not bare,
                               secretive=self.SECRETIVE_HOST)
        maps = [part for port in ports for part in ('-L', f'0:127.0.0.1:{port}')]
        how = ['--allow-unverified'] if bare else []
        client = self.start_join(hosted['code'], '--signal', self.daemon.url, *how, *maps)
        self.peer.ask('joined', line=hosted['line'])
        client.expect('connected')
        return client, hosted['line']

    def start_service(self, handle):
        return services.start_service(self, handle)

    def assert_clean(self, line):
        """That nothing went wrong at the peer's end, and that it knows no connection any more."""
        harness.until(lambda: self.peer.ask('state', line=line)['connections'] == 0,
                      'the peer to have no connections')
        state = self.peer.ask('state', line=line)
        self.assertEqual((state['wrong'], state['failures']), ([], []))
        self.assertLessEqual(state['largest'], LARGEST_MESSAGE)
