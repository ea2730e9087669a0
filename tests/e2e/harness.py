# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests stand on: the real programs, started, spoken to and ended in order.

Every wait has a deadline and waits for a condition; nothing sleeps for a fixed time and no test
passes or fails by a clock. Only processes started here are ever ended.

    PORTHOLE, PORTHOLE_SIGNAL_PROGRAM  the programs (default: those in build/)
    E2E_SCALE                          stretches every deadline (sanitizers, slow machines)
    E2E_MIB                            size of the large transfers (default 256)
"""

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORTHOLE = os.environ.get('PORTHOLE', str(ROOT / 'build/src/cli/porthole'))
SIGNAL = os.environ.get('PORTHOLE_SIGNAL_PROGRAM', str(ROOT / 'build/src/server/porthole-signal'))
SCALE = float(os.environ.get('E2E_SCALE', '1'))
MIB = 1024 * 1024
LARGE = int(os.environ.get('E2E_MIB', '256')) * MIB

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

RUN_WITH = []  # what stands before every command line; for the laboratory

STATUS_ENDED = 0
STATUS_FAILED = 1
STATUS_USAGE = 2
STATUS_UNREACHABLE = 3
STATUS_UNKNOWN = 4
STATUS_DECLINED = 5
STATUS_NO_PATH = 6
STATUS_LISTEN = 7
STATUS_NOT_VERIFIED = 8
STATUS_PEER_LOST = 9

ID = r'[A-Za-z0-9][A-Za-z0-9_-]{20}'
SECRET = r'[A-Za-z0-9_-]{22}'

# What the programs may print with --json: the members each event must have, and may have.
EVENTS = {
    'session': ({'id': str, 'code': str, 'link': str, 'signal': str}, {}),
    'offer': ({'block': str}, {}),
    'answer': ({'block': str}, {}),
    'join-request': ({'client': str, 'verified': bool}, {}),
    'verify': ({'peer': str, 'number': str}, {}),
    'connected': ({'peer': str, 'path': str, 'local': str, 'remote': str}, {}),
    'mapping': ({'local': str, 'remote': str, 'state': str}, {'message': str}),
    'services': ({'services': list}, {}),
    'connection': ({'state': str, 'serial': int, 'peer': str, 'src': str, 'dst': str},
                   {'reason': str, 'message': str, 'lasted_us': int, 'bytes_in': int,
                    'bytes_out': int}),
    'disconnected': ({'peer': str, 'reason': str}, {}),
    'warning': ({'code': str, 'message': str}, {}),
    'error': ({'code': str, 'message': str}, {}),
    'listening': ({'url': str}, {}),
    'clients': ({'clients': list}, {}),
    'rules': ({'rules': list}, {}),
    'server': ({'server': str, 'works': bool, 'message': str}, {}),
    'service': ({'address': str, 'kind': str, 'system': bool}, {'title': str, 'program': str}),
}
VALUES = {
    ('connected', 'path'): {'lan', 'nat', 'relayed'},
    ('mapping', 'state'): {'listening', 'failed', 'removed'},
    ('connection', 'state'): {'open', 'closed'},
    ('connection', 'reason'): {'done', 'not-allowed', 'refused', 'unreachable', 'timed-out',
                               'name-not-found', 'reset', 'too-many', 'protocol-error', 'too-slow',
                               'session-ending'},
}

# What no program may write to its standard error, whatever it is put through.
ALARMS = re.compile(r'AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|'
                    r'-CRITICAL \*\*|ERROR \*\*|assertion.*failed|Segmentation fault')


def until(condition, what, seconds=30):
    """Waits for condition() to become true and returns what it returned."""
    deadline = time.monotonic() + seconds * SCALE
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'waited in vain for {what}')
        pause.wait(0.02)


def clean_environment(folder):
    """The environment of a user who has configured nothing and whose home is `folder`."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(('PORTHOLE', 'XDG_', 'G_MESSAGES'))
           and 'proxy' not in name.lower()}
    env.update(HOME=str(folder), LC_ALL='C.UTF-8', PORTHOLE_STUN='none')
    for name in ('CONFIG', 'DATA', 'STATE', 'CACHE'):
        env[f'XDG_{name}_HOME'] = str(folder / name.lower())
    return env


class Process:
    """A program with pipes on all three streams, each read by its own thread."""

    def __init__(self, arguments, env=None, stdin=subprocess.PIPE, ends_with=None):
        self.arguments = [str(argument) for argument in arguments]
        self.ends_with = ends_with  # statuses that finish() takes after SIGTERM; None: any
        self.news = threading.Condition()
        self.out, self.err = [], []
        self.child = subprocess.Popen([*RUN_WITH, *self.arguments], env=env, stdin=stdin,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.readers = [self.start_reader(self.child.stdout, self.on_out),
                        self.start_reader(self.child.stderr, self.err.append)]

    def start_reader(self, stream, take):
        thread = threading.Thread(target=self.read, args=(stream, take), daemon=True)
        thread.start()
        return thread

    def read(self, stream, take):
        for line in stream:
            with self.news:
                take(line.decode('utf-8', 'backslashreplace').rstrip('\n'))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def on_out(self, line):
        self.out.append(line)

    def wait_for(self, look, what, seconds):
        """Waits for look() to find something in what the program has printed so far."""
        deadline = time.monotonic() + seconds * SCALE
        with self.news:
            while True:
                found = look()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f'waited in vain for {what} from {self.title()}')
                if self.ended():
                    raise AssertionError(f'{self.title()} ended with status '
                                         f'{self.child.returncode} before {what}')
                self.news.wait(min(left, 0.5))

    def ended(self):
        """Whether it has ended and everything it printed has been read."""
        return self.child.poll() is not None and not any(r.is_alive() for r in self.readers)

    def expect_line(self, pattern, seconds=20, stream='out'):
        """Waits for a line that matches; the match is returned."""
        lines = getattr(self, stream)
        return self.wait_for(
            lambda: next((m for m in map(re.compile(pattern).search, lines) if m), None),
            f'/{pattern}/', seconds)

    def command(self, line):
        self.child.stdin.write(line.encode() + b'\n')
        self.child.stdin.flush()

    def close_input(self):
        self.child.stdin.close()

    def send_signal(self, number):
        self.child.send_signal(number)

    def kill(self):
        """Ends it as a power cut would."""
        self.child.kill()
        self.wait()

    def wait(self, seconds=20):
        """Waits for its end and returns the exit status."""
        try:
            status = self.child.wait(seconds * SCALE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'{self.title()} did not end') from None
        for reader in self.readers:
            reader.join(10 * SCALE)
        return status

    def running(self):
        return self.child.poll() is None

    def finish(self):
        """Ends it if it still runs, and says whether it behaved to its end."""
        if self.running():
            self.send_signal(signal.SIGTERM)
            try:
                status = self.wait(15)
            except AssertionError:
                self.kill()
                raise
            if self.ends_with is not None and status not in self.ends_with:
                raise AssertionError(f'{self.title()} ended with status {status} on SIGTERM')
        if self.child.stdin is not None:
            with contextlib.suppress(OSError):
                self.child.stdin.close()
        self.child.stdout.close()
        self.child.stderr.close()
        alarm = next(filter(ALARMS.search, self.err), None)
        if alarm is not None:
            raise AssertionError(f'{self.title()}: {alarm}')

    def title(self):
        return ' '.join([pathlib.Path(self.arguments[0]).name] + self.arguments[1:2])

    def resident_kib(self):
        """Resident memory, and the share of it that is its own."""
        sizes = {}
        for name in ('status', 'smaps_rollup'):
            for line in pathlib.Path(f'/proc/{self.child.pid}/{name}').read_text().splitlines():
                match = re.match(r'(VmRSS|Pss):\s+(\d+) kB', line)
                if match:
                    sizes[match.group(1)] = int(match.group(2))
        return sizes['VmRSS'], sizes['Pss']

    def report(self):
        """What it was and said, for the reader of a failure."""
        yield f'{" ".join(self.arguments)}  (status {self.child.poll()})'
        for name, lines in (('out', self.out), ('err', self.err)):
            yield from (f'  {name}: {line}' for line in lines[-40:])


class Program(Process):
    """porthole or porthole-signal with --json: every line of its output is an event."""

    def __init__(self, arguments, env, **options):
        self.events = []
        self.wrong = []
        super().__init__(arguments, env, ends_with={STATUS_ENDED}, **options)

    def on_out(self, line):
        super().on_out(line)
        try:
            event = json.loads(line)
            check_event(event)
            self.events.append(event)
        except ValueError as error:
            self.wrong.append(f'{error}: {line}')

    def expect(self, name, seconds=40, **members):
        """Waits for an event with these members and takes it: the next call looks for another."""
        wanted = dict(members, event=name)

        def look():
            for event in self.events:
                if not event.get('taken') and wanted.items() <= event.items():
                    event['taken'] = True
                    return event
            return None

        return self.wait_for(look, f'the event {wanted}', seconds)

    def has(self, name, **members):
        """Whether such an event has come, taken or not."""
        wanted = dict(members, event=name)
        with self.news:
            return any(wanted.items() <= event.items() for event in self.events)

    def finish(self):
        super().finish()
        if self.wrong:
            raise AssertionError(f'{self.title()} printed {self.wrong[0]}')


def check_event(event):
    """Raises ValueError unless `event` is one of EVENTS, member by member."""
    if not isinstance(event, dict) or event.get('event') not in EVENTS:
        raise ValueError('no known event')
    needed, optional = EVENTS[event['event']]
    known = {**needed, **optional}
    for name, value in event.items():
        if name == 'event':
            continue
        if name not in known or type(value) is not known[name]:
            raise ValueError(f'member {name}')
        allowed = VALUES.get((event['event'], name))
        if allowed is not None and value not in allowed:
            raise ValueError(f'{name} is “{value}”')
    missing = needed.keys() - event.keys()
    if missing:
        raise ValueError(f'without {missing}')


class Daemon(Program):
    """porthole-signal on a port of its own choice, or on a given one."""

    def __init__(self, env, *options, port=0):
        super().__init__([SIGNAL, '--listen', f'127.0.0.1:{port}', '--json', *options], env)
        self.url = self.expect('listening')['url']

    @property
    def port(self):
        return int(self.url.rsplit(':', 1)[1])


class Host(Program):
    @property
    def session(self):
        return self.wait_for(
            lambda: next((e for e in self.events if e['event'] == 'session'), None),
            'the event session', 40)

    @property
    def code(self):
        return self.session['code']


class Client(Program):
    def local(self, remote):
        """Where the mapping to `remote` listens, as (address, port)."""
        mapping = self.wait_for(
            lambda: next((e for e in self.events if e['event'] == 'mapping'
                          and e['remote'] == remote and e['state'] == 'listening'), None),
            f'a mapping to {remote}', 40)
        return split_endpoint(mapping['local'])


def split_endpoint(text):
    address, port = text.rsplit(':', 1)
    return address.strip('[]'), int(port)


def endpoint(address, port):
    return f'[{address}]:{port}' if ':' in address else f'{address}:{port}'


class Case(unittest.TestCase):
    """A test with a folder of its own and helpers that end whatever they start."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='porthole-e2e-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)  # nginx's workers may be another user
        self.env = clean_environment(self.folder)
        self.processes = []

    def own(self, process):
        self.processes.append(process)
        self.addCleanup(process.finish)
        return process

    def start(self, *arguments, **options):
        return self.own(Process(arguments, **options))

    def start_daemon(self, *options, port=0):
        return self.own(Daemon(self.env, *options, port=port))

    def start_host(self, *options, **keywords):
        return self.own(Host([PORTHOLE, 'host', '--json', *options], self.env, **keywords))

    def start_join(self, *options, **keywords):
        return self.own(Client([PORTHOLE, 'join', '--json', *options], self.env, **keywords))

    def run_to_end(self, *arguments, seconds=60):
        """Runs `porthole` with these arguments to its end; nothing is added to them."""
        process = self.own(Process([PORTHOLE, *arguments], self.env, stdin=subprocess.DEVNULL))
        process.wait(seconds)
        return process

    def host_for(self, *services, options=()):
        """A daemon and a Host that allows `services` and asks nobody."""
        daemon = self.start_daemon()
        rules = [part for service in services for part in ('--allow', service.endpoint)]
        return daemon, self.start_host('--signal', daemon.url, '--yes', *rules, *options)

    def join_for(self, daemon, host, *services, options=()):
        """A connected Client with a mapping to each of `services`."""
        maps = [part for service in services for part in ('-L', f'0:{service.endpoint}')]
        client = self.start_join(host.code, '--signal', daemon.url, *maps, *options)
        client.expect('connected')
        return client

    def pair(self, *services, host_options=(), join_options=()):
        """A connected Host and Client with a mapping to each of `services`."""
        daemon, host = self.host_for(*services, options=host_options)
        client = self.join_for(daemon, host, *services, options=join_options)
        host.expect('connected')
        return host, client

    def connect(self, address):
        """A TCP connection, closed at the latest when the test ends."""
        connection = socket.create_connection(address, timeout=60 * SCALE)
        self.addCleanup(connection.close)
        return connection

    def exchange(self, address, data):
        """Sends `data`, ends that direction, and returns all that comes back."""
        with socket.create_connection(address, timeout=60 * SCALE) as connection:
            sender = threading.Thread(target=send_and_end, args=(connection, data), daemon=True)
            sender.start()
            received = receive_all(connection)
            sender.join(60 * SCALE)
        return received

    def assert_carries(self, address, service, size=100000):
        """That bytes go to an echo behind `address` and come back."""
        data = os.urandom(size)
        received = self.exchange(address, data)
        self.assertTrue(received == data, f'{len(received)} of {len(data)} bytes came back, or '
                        f'others, through {address} to {service}')

    def assert_reset(self, connection):
        """That the connection ends by a reset, and not as if all were well."""
        with self.assertRaises((ConnectionResetError, BrokenPipeError)):
            while connection.recv(65536):
                pass
            raise AssertionError('the connection ended in order')

    def assert_refused(self, address, data=b''):
        """That a connection to `address` is reset, which can happen before it seems to be there."""
        try:
            connection = self.connect(address)
            connection.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            return
        self.assert_reset(connection)

    def ask(self, process, command):
        """Gives a command that cannot be carried out, and returns the answer."""
        before = len(process.events)
        process.command(command)
        return process.wait_for(
            lambda: next((event for event in process.events[before:]
                          if event.get('code') == 'invalid'), None),
            f'an answer to “{command}”', 20)

    def settle(self, process):
        """Waits until the commands given so far have been carried out: they are in order."""
        self.ask(process, 'no-such-command')

    def expect_exit(self, process, status, seconds=60):
        self.assertEqual(process.wait(seconds), status)

    def expect_error(self, process, status, code, seconds=60):
        """That it ends with `status` and says which kind of error it was."""
        error = process.expect('error', seconds=seconds, code=code)
        self.expect_exit(process, status)
        return error


def send_and_end(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def receive_all(connection):
    parts = []
    while part := connection.recv(1 << 18):
        parts.append(part)
    return b''.join(parts)


def receive_exactly(connection, size):
    parts = []
    while size > 0:
        part = connection.recv(min(size, 1 << 18))
        if not part:
            raise AssertionError(f'{size} bytes are missing')
        parts.append(part)
        size -= len(part)
    return b''.join(parts)


def reset(connection):
    """Closes a socket with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    connection.close()


def sha256(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as stream:
        while part := stream.read(MIB):
            digest.update(part)
    return digest.hexdigest()


def write_random(path, size):
    """Writes a file that no compression and no repetition can stand in for; its SHA-256."""
    digest = hashlib.sha256()
    with open(path, 'wb') as stream:
        while size > 0:
            part = os.urandom(min(size, MIB))
            digest.update(part)
            stream.write(part)
            size -= len(part)
    return digest.hexdigest()


def free_port(family=socket.AF_INET):
    """A TCP port that nobody listens on just now, for programs that cannot pick one."""
    with socket.socket(family) as probe:
        probe.bind(('127.0.0.1' if family == socket.AF_INET else '::1', 0))
        return probe.getsockname()[1]


def own_network():
    """Takes this process, and all that it starts from now on, into a network of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack('16sh14x', b'lo', IFF_UP))


def has_ipv6():
    try:
        free_port(socket.AF_INET6)
        return True
    except OSError:
        return False


class TapResult(unittest.TestResult):
    """The result of one test among some that run at once: printed as a line of TAP when it ends,
    numbered in that order, with what its programs said if it failed."""

    lock = threading.Lock()
    ended = 0

    def __init__(self):
        super().__init__()
        self.problems = []
        self.skip_reason = None

    def addError(self, test, err):
        super().addError(test, err)
        self.problems.append(self._exc_info_to_string(err, test))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.problems.append(f'{subtest}\n{self._exc_info_to_string(err, test)}')

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skip_reason = reason

    def stopTest(self, test):
        super().stopTest(test)
        name = test.id().removeprefix('__main__.')
        about = (test.shortDescription() or '').replace('#', 'no. ')
        skip = f' # SKIP {self.skip_reason}' if self.skip_reason and not self.problems else ''
        with TapResult.lock:
            TapResult.ended += 1
            print(f'{"not ok" if self.problems else "ok"} {TapResult.ended} - {name}: '
                  f'{about}{skip}', flush=True)
            if self.problems:
                self.explain(test)

    def explain(self, test):
        lines = [line for problem in self.problems for line in problem.splitlines()]
        for process in getattr(test, 'processes', []):
            lines += process.report()
        for line in lines:
            print(f'# {line}', file=sys.stderr)
        sys.stderr.flush()


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def run_tests(tests, at_a_time=1, result_class=TapResult):
    """Runs the tests, so many at a time, and returns whether all went well."""
    waiting = queue.SimpleQueue()
    failed = threading.Event()
    for test in tests:
        waiting.put(test)

    def work():
        with contextlib.suppress(queue.Empty):
            while True:
                result = result_class()
                waiting.get_nowait().run(result)
                if not result.wasSuccessful():
                    failed.set()

    workers = [threading.Thread(target=work) for _ in range(at_a_time - 1)]
    for worker in workers:
        worker.start()
    work()
    for worker in workers:
        worker.join()
    return not failed.is_set()


def main(at_a_time=1):
    """Runs the tests of the calling file, or those named: Class or Class.test_name. Tests that wait
    more than they work can do it together."""
    module = sys.modules['__main__']
    loader = unittest.defaultTestLoader
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, module) if names else \
        loader.loadTestsFromModule(module)
    tests = list(flatten(suite))
    print(f'1..{len(tests)}', flush=True)
    sys.exit(0 if run_tests(tests, at_a_time) else 1)
