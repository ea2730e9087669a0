# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shared through a session in the tests: real servers, and small ones that misbehave."""

import contextlib
import os
import selectors
import shutil
import socket
import struct
import threading

import harness


class Service:
    """A TCP server on loopback that gives each connection to `handle` on a thread of its own."""

    def __init__(self, handle, address='127.0.0.1'):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.handle = handle
        self.connections = []
        self.listener = socket.create_server((address, 0), family=family, backlog=512)
        self.address, self.port = self.listener.getsockname()[:2]
        self.endpoint = harness.endpoint(self.address, self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.settimeout(120 * harness.SCALE)
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):
            self.handle(connection)

    def close(self):
        # A thread that blocks in accept() keeps a closed listener alive: wake it first.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()


class Sink:
    """A TCP server that takes whatever comes and says nothing, on one thread for thousands."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=4096)
        self.endpoint = harness.endpoint(*self.listener.getsockname())
        self.listener.setblocking(False)
        self.wake, self.wakened = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        for part in (self.listener, self.wakened):
            self.selector.register(part, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.wakened:
                    return
                with contextlib.suppress(BlockingIOError):
                    self.accept() if key.fileobj is self.listener else self.drop(key.fileobj)

    def accept(self):
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ)

    def drop(self, connection):
        with contextlib.suppress(ConnectionError):
            if connection.recv(65536):
                return
        self.selector.unregister(connection)
        connection.close()

    def close(self):
        self.wake.close()
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()


class ClosedPort:
    """An endpoint that refuses, TCP and UDP, and goes to nobody else for as long as this lives."""

    def __init__(self):
        self.stream, self.datagrams = self.hold()
        self.address, self.port = self.stream.getsockname()
        self.endpoint = harness.endpoint(self.address, self.port)

    def hold(self):
        """Two sockets on one port: one does not listen, the other has a peer already."""
        for _ in range(100):
            stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.bind(('127.0.0.1', 0))
            with contextlib.suppress(OSError):
                datagrams.bind(stream.getsockname())
                datagrams.connect(stream.getsockname())
                return stream, datagrams
            stream.close()
            datagrams.close()
        raise AssertionError('no port is free for TCP and UDP')

    def __del__(self):
        self.stream.close()
        self.datagrams.close()


def echo(connection):
    """Sends everything back, then ends."""
    while part := connection.recv(1 << 18):
        connection.sendall(part)
    connection.shutdown(socket.SHUT_WR)
    connection.close()


class Listening:
    """A program that serves on a port of this machine."""

    def __init__(self, process, port):
        self.process = process
        self.address, self.port = '127.0.0.1', port
        self.endpoint = harness.endpoint(self.address, port)
        self.url = f'http://{self.endpoint}'


def start_service(case, handle, address='127.0.0.1'):
    service = Service(handle, address)
    case.addCleanup(service.close)
    return service


def start_sink(case):
    sink = Sink()
    case.addCleanup(sink.close)
    return sink


def start_web_server(case, folder):
    """python3 -m http.server"""
    process = case.start('/usr/bin/python3' if os.path.exists('/usr/bin/python3') else 'python3',
                         '-u', '-m', 'http.server', '0', '--bind', '127.0.0.1',
                         '--directory', folder)
    return Listening(process, int(process.expect_line(r'port (\d+)').group(1)))


NGINX = '''
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr notice;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=512; root {root}; }}
}}
'''


def start_nginx(case, root):
    program = shutil.which('nginx') or shutil.which('nginx', path='/usr/sbin')
    if program is None:
        case.skipTest('no nginx')
    port = harness.free_port()
    config = case.folder / 'nginx.conf'
    config.write_text(NGINX.format(folder=case.folder, port=port, root=root))
    process = case.start(program, '-p', case.folder, '-c', config, '-e', 'stderr')
    wait_until_listening(process, port)
    return Listening(process, port)


def start_socat(case, target, *options):
    """socat that joins each connection to `target`, one of its addresses."""
    port = harness.free_port()
    process = case.start('socat', '-d', '-d', *options,
                         f'TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork', target)
    process.expect_line('listening on', stream='err')
    return Listening(process, port)


TURN_USER, TURN_PASSWORD = 'anna', 'pass-word'


def start_turn_server(case):
    """coturn on loopback, over UDP and TCP."""
    program = shutil.which('turnserver')
    if program is None:
        case.skipTest('no turnserver (coturn)')
    port = harness.free_port()
    process = case.start(
        program, '-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1',
        f'--listening-port={port}', '--lt-cred-mech', f'--user={TURN_USER}:{TURN_PASSWORD}',
        '--realm=porthole.test', '--no-tls', '--no-dtls', '--no-cli', '--allow-loopback-peers',
        '--no-rfc5780', '--log-file=stdout', '--simple-log', f'--pidfile={case.folder}/turn.pid',
        f'--userdb={case.folder}/turn.db', '--verbose')
    wait_until_listening(process, port)
    server = Listening(process, port)
    server.option = f'turn:{TURN_USER}:{TURN_PASSWORD}@127.0.0.1:{port}'
    return server


def wait_until_listening(process, port):
    def accepts():
        if not process.running():
            raise AssertionError(f'{process.title()} ended')
        with contextlib.suppress(OSError):
            socket.create_connection(('127.0.0.1', port), timeout=5).close()
            return True
        return False

    harness.until(accepts, f'{process.title()} to listen')


class StunServer:
    """Answers STUN Binding requests (RFC 8489) with the sender's own address, and counts them."""

    COOKIE = 0x2112A442

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.requests = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                message, sender = self.socket.recvfrom(2048)
                if len(message) >= 20 and message[:2] == b'\0\1':
                    self.requests += 1
                    self.socket.sendto(self.answer(message, sender), sender)

    def answer(self, message, sender):
        address = int.from_bytes(socket.inet_aton(sender[0]), 'big') ^ self.COOKIE
        mapped = struct.pack('!HHBBHI', 0x0020, 8, 0, 1, sender[1] ^ (self.COOKIE >> 16), address)
        return struct.pack('!HH', 0x0101, len(mapped)) + message[4:20] + mapped

    def close(self):
        self.socket.close()
