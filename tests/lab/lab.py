# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of our own making on this machine, and lines between them that are as bad as one likes.

A Space is a network namespace without a name: it exists while somebody holds it, which is this
process and what was started inside, so that nothing is left behind however a test ends, and any
number of them run at once. A Line joins two spaces through a program that loses, delays, reorders,
duplicates, limits and cuts (line-linux.c). Programs started in a space die with the thread that
started them.

    LAB_LINE  the program (default: the one in build/)
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))

import harness  # noqa: E402

LINE = os.environ.get('LAB_LINE', str(harness.ROOT / 'build/tests/lab/line'))
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000

harness.RUN_WITH = ['setpriv', '--pdeathsig', 'KILL', '--']


def own_network():
    return os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Space:
    """A network of its own, with loopback. Without IPv6 nothing is on its devices but what a test
    sends: IPv6 speaks up by itself."""

    def __init__(self, ipv6=True):
        home = own_network()
        try:
            check(LIBC.unshare(CLONE_NEWNET))
            self.network = own_network()
            check(LIBC.setns(home, CLONE_NEWNET))
        finally:
            os.close(home)
        self.path = f'/proc/{os.getpid()}/fd/{self.network}'
        if not ipv6:
            with self.inside():
                pathlib.Path('/proc/sys/net/ipv6/conf/all/disable_ipv6').write_text('1')
                pathlib.Path('/proc/sys/net/ipv6/conf/default/disable_ipv6').write_text('1')
        self.ip('link', 'set', 'lo', 'up')

    @contextlib.contextmanager
    def inside(self):
        """In here, the calling thread makes its sockets and starts its programs in this space."""
        home = own_network()
        try:
            check(LIBC.setns(self.network, CLONE_NEWNET))
            yield self
        finally:
            check(LIBC.setns(home, CLONE_NEWNET))
            os.close(home)

    def run(self, *command):
        """Runs a command in here to its end and returns what it printed."""
        with self.inside():
            return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def ip(self, *arguments):
        return self.run('ip', *arguments)

    def add_address(self, device, address):
        """Adds `address` (with its prefix), and waits until it can be used."""
        self.ip('address', 'add', address, 'dev', device)
        harness.until(lambda: not self.tentative(device), f'{address} to be usable')

    def tentative(self, device):
        shown = json.loads(self.ip('-j', 'address', 'show', 'dev', device))
        return any(entry.get('tentative') for entry in shown[0]['addr_info'])

    def close(self):
        os.close(self.network)


class Line:
    """A line between the spaces a and b; a device in each, of the name `device`.

    Settings are those of ph-line.h: delay_us, rate_bps, queue_bytes, loss_ppm, duplicate_ppm,
    reorder_ppm, late_us; a way is 'ab', 'ba' or 'both'."""

    def __init__(self, a, b, device='line0', seed=1, **settings):
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [*harness.RUN_WITH, LINE, a.path, b.path, device, device, str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != 'ready\n':
            raise AssertionError('the line could not be made')
        self.set('both', **settings)

    def command(self, text):
        with self.lock:
            self.process.stdin.write(f'{text}\n')
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        if not answer or answer.startswith('error'):
            raise AssertionError(f'the line answers “{text}” with “{answer.strip()}”')
        return answer

    def set(self, way, **settings):
        if settings:
            self.command(f'set {way} ' + ' '.join(f'{k}={v}' for k, v in settings.items()))

    def down(self, way='both'):
        self.command(f'down {way}')

    def up(self, way='both'):
        self.command(f'up {way}')

    def outage(self, seconds, way='both'):
        """Lets nothing through for so long: a time is what this is about."""
        self.down(way)
        threading.Event().wait(seconds)
        self.up(way)

    def counters(self):
        """PhLineCounters of both ways."""
        return json.loads(self.command('count'))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(20)


class Pair:
    """Two spaces and a line between: 10.77.0.1 and fd77::1 on one side, .2 and ::2 on the other."""

    def __init__(self, case, **options):
        self.a, self.b = Space(), Space()
        case.addCleanup(self.a.close)
        case.addCleanup(self.b.close)
        self.line = Line(self.a, self.b, **options)
        case.addCleanup(self.line.close)
        for number, space in ((1, self.a), (2, self.b)):
            space.add_address('line0', f'10.77.0.{number}/24')
            space.add_address('line0', f'fd77::{number}/64')


def why_not():
    """What the laboratory lacks here, or None."""
    if not sys.platform.startswith('linux'):
        return 'the laboratory needs Linux'
    if os.geteuid() != 0:
        return 'the laboratory needs root'
    if not os.path.exists('/dev/net/tun'):
        return 'there is no /dev/net/tun'
    missing = [name for name in ('ip', 'setpriv', LINE) if shutil.which(name) is None]
    if missing:
        return f'there is no {missing[0]}'
    try:
        Space().close()
    except OSError as error:
        return f'no network namespace can be made: {error}'
    return None
