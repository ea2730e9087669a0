#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""porthole-signal as the unit in data/ runs it: under a real systemd that this test boots in
namespaces of its own, with a network of its own, as a user of its own and with all hardening on.

Needs root and systemd; nothing of the machine's own systemd, units, network or cgroups is touched.
"""

import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess

import callers
import harness
import services

SYSTEMD = 'lib/systemd/systemd'
UNIT = os.environ.get('PORTHOLE_SIGNAL_UNIT',
                      str(harness.ROOT / 'build/data/porthole-signal.service'))
INSTALLED = pathlib.Path('/lib/systemd/system/porthole-signal.service')
UNSHARE = ['unshare', '--fork', '--kill-child', '--pid', '--mount', '--mount-proc', '--cgroup',
           '--uts', '--ipc']

# What PID 1 of the namespaces does before it becomes systemd. $1: a folder with our units and the
# program; $2: a terminal to log to; $3: the tree of files to be in; the rest: cgroup hierarchies as
# type:options:place.
BOOT = r'''
set -e
folder=$1 tty=$2 root=$3; shift 3
mount --make-rprivate /
mount --bind "$tty" /dev/console
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nForwardToWall=no\n' \
  >/run/systemd/journald.conf.d/test.conf
cp -rP "$folder/units" "$folder/program" /run
umount -l /sys/fs/cgroup
[ $# = 1 ] || mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for hierarchy; do
  type=${hierarchy%%:*} rest=${hierarchy#*:}
  mkdir -p "/sys/fs/cgroup/${rest#*:}"
  mount -t "$type" -o "${rest%%:*}" cgroup "/sys/fs/cgroup/${rest#*:}"
done
if [ "$root" = / ]; then # nothing is left where a service had a /tmp of its own
  mount -t tmpfs tmpfs /tmp
  mount -t tmpfs tmpfs /var/tmp
else
  mount --bind "$root" "$root"
  for place in dev proc run sys; do mount --rbind "/$place" "$root/$place"; done
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
fi
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/run/units \
  /lib/systemd/systemd --system --unit=porthole-signal.service --show-status=0 --log-level=info \
  --log-target=console --log-color=no
'''

# Targets that every unit depends on by default; here there is nothing behind them.
TARGETS = ('sysinit', 'basic', 'shutdown', 'network-online', 'umount', 'multi-user')


def read_hierarchies():
    """This process's cgroups, as (type, options, place below /sys/fs/cgroup, folder)."""
    mounts = [line.split() for line in pathlib.Path('/proc/self/mounts').read_text().splitlines()]
    places = {}  # controllers, as /proc/self/cgroup has them -> where they are mounted
    for _, place, kind, options, *_ in mounts:
        if kind == 'cgroup2':
            places[''] = place
        elif kind == 'cgroup':
            for option in options.split(','):
                places[option] = place
    found = []
    for line in pathlib.Path('/proc/self/cgroup').read_text().splitlines():
        _, controllers, path = line.split(':', 2)
        place = places.get(controllers.split(',')[0])
        if place is None:
            continue
        kind = 'cgroup' if controllers else 'cgroup2'
        options = f'none,{controllers}' if controllers.startswith('name=') else controllers or 'rw'
        name = '' if place == '/sys/fs/cgroup' else pathlib.Path(place).name
        found.append((kind, options, name, pathlib.Path(place) / path.lstrip('/')))
    return found


def why_not(root='/'):
    """What is missing to boot the systemd of this tree of files, or None."""
    if os.geteuid() != 0:
        return 'needs root'
    if callers.has_sanitizer():
        return 'a sanitizer needs what the unit takes away'
    for program in (os.path.join(root, SYSTEMD), '/usr/bin/unshare', '/usr/bin/nsenter'):
        if not os.access(program, os.X_OK):
            return f'{program} is missing'
    if not any(os.access(folder, os.W_OK) for _, _, _, folder in read_hierarchies()):
        return 'no cgroup can be made here'
    probe = subprocess.run([*UNSHARE, 'true'], capture_output=True, text=True, check=False)
    if probe.returncode != 0:  # in a chroot, say
        return f'no namespaces can be made here: {probe.stderr.strip()}'
    return None


class System:
    """A booted systemd that runs our unit: this machine's systemd and the unit as it is built, or,
    with a tree of files as root, that tree's and the unit that is installed there."""

    url = 'http://127.0.0.1:8080'
    port = 8080

    def __init__(self, folder, *options, root='/'):
        self.options = options
        self.root = root
        self.hierarchies = read_hierarchies()
        self.fill(folder)
        self.terminal, tty = pty.openpty()
        places = [f'{kind}:{options}:{name}' for kind, options, name, _ in self.hierarchies]
        self.child = subprocess.Popen(
            [*UNSHARE, 'bash', '-c', BOOT, 'boot', folder, os.ttyname(tty), root, *places],
            preexec_fn=self.enter_groups, stdin=tty, stdout=tty, stderr=tty)
        os.close(tty)
        os.set_blocking(self.terminal, False)
        self.log = b''

    def fill(self, folder):
        units, program = folder / 'units', folder / 'program'
        units.mkdir()
        program.mkdir()
        if self.root == '/':
            shutil.copy(harness.SIGNAL, program / 'porthole-signal')
            self.unit = re.sub(r'^ExecStart=\S+/(.*)', lambda m: ' '.join(
                ['ExecStart=/run/program/' + m.group(1), *self.options]),
                pathlib.Path(UNIT).read_text(), flags=re.MULTILINE)
            (units / 'porthole-signal.service').write_text(self.unit)
        else:
            (units / INSTALLED.name).symlink_to(INSTALLED)
        for target in TARGETS:
            (units / f'{target}.target').write_text('[Unit]\nDefaultDependencies=no\n')
        for name in ('service', 'socket'):
            shutil.copy(os.path.join(self.root, f'lib/systemd/system/systemd-journald.{name}'),
                        units)
        (units / 'sysinit.target').write_text('[Unit]\nDefaultDependencies=no\n'
                                              'Wants=systemd-journald.socket\n')

    def enter_groups(self):
        """In the child: cgroups of its own, which become the root of what it sees."""
        for _, _, _, folder in self.hierarchies:
            group = folder / f'porthole-test-{os.getppid()}'
            group.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):  # cpusets have to be filled first; not needed
                (group / 'cgroup.procs').write_text('0')

    def read_log(self):
        with contextlib.suppress(OSError):
            while part := os.read(self.terminal, 65536):
                self.log += part
        return self.log.decode(errors='replace').replace('\r\n', '\n')

    def pid(self):
        """PID 1 of the namespaces, as it is called out here."""
        children = pathlib.Path(f'/proc/{self.child.pid}/task/{self.child.pid}/children')
        return int(children.read_text().split()[0])

    def control(self, *words):
        """systemctl, inside."""
        done = subprocess.run(['nsenter', '-t', str(self.pid()), '-m', '-p', 'systemctl', *words],
                              capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def journal(self):
        """What the unit has said, as journalctl's JSON."""
        done = subprocess.run(['nsenter', '-t', str(self.pid()), '-m', '-p', 'journalctl', '-o',
                               'json', '-u', 'porthole-signal'],
                              capture_output=True, text=True, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def main_pid(self):
        """The daemon's, out here; None while it does not run."""
        for entry in pathlib.Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                if (entry / 'comm').read_text().strip() == 'porthole-signal' and \
                        int(re.search(r'^PPid:\s+(\d+)', (entry / 'status').read_text(),
                                      re.MULTILINE).group(1)) == self.pid():
                    return int(entry.name)
        return None

    def close(self):
        self.child.kill()  # and with it all that runs inside
        self.child.wait()
        os.close(self.terminal)
        for _, _, _, folder in self.hierarchies:
            top = folder / f'porthole-test-{os.getpid()}'
            for group in sorted(top.rglob('*/'), reverse=True) + [top]:
                harness.until(lambda group=group: remove_group(group), f'{group} to be free')


def remove_group(group):
    try:
        if group.is_dir():
            group.rmdir()
        return True
    except OSError:
        return False


def answers(daemon):
    with contextlib.suppress(OSError):
        return callers.Caller(daemon).call('GET', '/healthz')[0] == 200
    return False


class Unit(harness.Case):
    def boot(self, *options):
        reason = why_not()
        if reason is not None:
            self.skipTest(reason)
        harness.own_network()
        system = System(self.folder, *options)
        self.addCleanup(system.close)
        try:
            harness.until(lambda: answers(system), 'the unit to serve', 60)
        except AssertionError:
            raise AssertionError(f'systemd said:\n{system.read_log()}') from None
        return system

    def status_of(self, pid):
        text = pathlib.Path(f'/proc/{pid}/status').read_text()
        return dict(line.split(':\t', 1) for line in text.splitlines() if ':\t' in line)

    def test_sessions(self):
        """The unit serves sessions; restarted, killed and stopped it does what units should"""
        system = self.boot()
        echo = services.start_service(self, services.echo)
        host = self.start_host('--signal', system.url, '--yes', '--allow', echo.endpoint)
        client = self.join_for(system, host, echo)
        address = client.local(echo.endpoint)
        self.assert_carries(address, echo)
        for number in range(20):
            callers.exchange(system, number)

        first = system.main_pid()
        os.kill(first, signal.SIGKILL)  # Restart=on-failure
        harness.until(lambda: system.main_pid() not in (None, first) and answers(system),
                      'the unit to be back', 60)
        self.assert_carries(address, echo)  # nothing is felt

        harness.until(lambda: callers.read_metrics(system)['sessions'] == 1,
                      'the Host to be back', 90)
        self.start_join(host.code, '--signal', system.url).expect('connected')
        complaints = [line for line in system.read_log().splitlines()
                      if 'porthole' in line and re.search('Unknown|Failed to|ignoring', line)]
        self.assertEqual(complaints, [])
        system.control('stop', 'porthole-signal')
        self.assertEqual(system.control('show', '-P', 'Result', 'porthole-signal'), 'success')
        self.assertEqual(system.control('show', '-P', 'ExecMainStatus', 'porthole-signal'), '0')

    def test_hardening(self):
        """It runs as a user of its own, with no rights, no files to write and few system calls"""
        system = self.boot()
        pid = system.main_pid()
        status = self.status_of(pid)
        uids = set(status['Uid'].split())
        self.assertEqual(len(uids), 1)
        self.assertTrue(61184 <= int(uids.pop()) <= 65519, status['Uid'])  # DynamicUser
        for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status['NoNewPrivs'], status['Seccomp']), ('1', '2'))
        for space in ('user', 'mnt', 'uts'):
            self.assertNotEqual(os.readlink(f'/proc/{pid}/ns/{space}'),
                                os.readlink(f'/proc/{system.pid()}/ns/{space}'), space)
        mounts = [line.split() for line in
                  pathlib.Path(f'/proc/{pid}/mountinfo').read_text().splitlines()]
        options = {mount[4]: mount[5].split(',') for mount in mounts}
        for place in ('/', '/sys', '/sys/fs/cgroup', '/home', '/root', '/dev'):
            with self.subTest(place=place):
                self.assertIn('ro', options[place])
        self.assertFalse(pathlib.Path(f'/proc/{pid}/root/proc/sys').exists())  # ProcSubset
        self.assertEqual(os.listdir(f'/proc/{pid}/root/tmp'), [])
        limits = pathlib.Path(f'/proc/{pid}/limits').read_text()
        self.assertGreaterEqual(int(re.search(r'Max open files\s+(\d+)', limits).group(1)), 4096)
        for name in ('MemoryMax', 'TasksMax'):
            wanted = re.search(rf'^{name}=(\d+)(M?)', system.unit, re.MULTILINE).groups()
            shown = int(system.control('show', '-P', name, 'porthole-signal'))
            self.assertEqual(shown, int(wanted[0]) << (20 if wanted[1] else 0))

    def test_journal(self):
        """What it logs is in the journal, field by field: the hardening lets it get there"""
        system = self.boot('--log-level', 'info')
        harness.until(lambda: any(entry.get('PORTHOLE_URL') == system.url
                                  for entry in system.journal()), 'the journal to have its URL')

    def test_exposure(self):
        """systemd itself knows the unit's words, and finds little exposed"""
        program = shutil.which('systemd-analyze')
        if program is None:
            self.skipTest('systemd-analyze is missing')
        unit = self.folder / 'porthole-signal.service'
        unit.write_text(re.sub(r'^ExecStart=\S+', f'ExecStart={harness.SIGNAL}',
                               pathlib.Path(UNIT).read_text(), flags=re.MULTILINE))
        done = subprocess.run([program, 'verify', '--man=no', '--recursive-errors=no', unit],
                              capture_output=True, text=True, check=False, env=self.env)
        self.assertNotIn(unit.name, done.stderr)
        done = subprocess.run([program, 'security', '--offline=true', '--threshold=15', unit],
                              capture_output=True, text=True, check=False, env=self.env)
        self.assertEqual(done.returncode, 0, done.stdout[-500:])


if __name__ == '__main__':
    harness.main()
