#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""porthole-signal in a crowd of callers that mean no good (abuser.py): honest ones still meet."""

import json
import os
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import sys
import warnings

import callers
import harness
import services

ABUSER = pathlib.Path(__file__).with_name('abuser.py')

# Nearly everything at once. What is held or lies about is bounded by each caller's own share.
CROWD = [
    'silent:150', 'silent@1:250', 'slow_head:60', 'slow_body:60', 'half:30', 'reset:30',
    'endless_head:20', 'endless_line:10', 'endless_chunks:10', 'endless_extension:10',
    'pipeline:20', 'noise:20', 'smuggle:20', 'path:20', 'body:20', 'guess:20', 'create@2:30',
    'create:20', 'join:10', 'hold:60', 'poll@3:100', 'never_read:60',
]

# What one connection may cost, buffers of libraries and the allocator's waste included: a head of
# 8 KiB, a body and an answer of 64 KiB each.
CONNECTION_KIB = 160


class Crowd(harness.Case):
    def start_abuser(self, daemon, *words, ready=True):
        process = self.start(sys.executable, '-B', ABUSER, daemon.port, *words)
        if ready:
            process.expect_line('^ready$', seconds=60)
        return process

    def end_abuser(self, process):
        """Ends it in order; what it counted."""
        process.close_input()
        self.expect_exit(process, 0)
        self.assertEqual(process.err, [])
        return json.loads(process.out[-1])

    def open_files(self, process):
        return len(os.listdir(f'/proc/{process.child.pid}/fd'))

    def cpu_ticks_while_idle(self, daemon):
        """What the daemon's processor time is for two seconds of its own clock with one poll."""
        host = callers.Caller(daemon)
        session = host.create(auth=True)

        def ticks():
            stat = pathlib.Path(f'/proc/{daemon.child.pid}/stat').read_text()
            return sum(map(int, stat.rsplit(')', 1)[1].split()[11:13]))

        before = ticks()
        self.assertEqual(host.call('GET', f'/session/{session}?for=join&wait=2')[0], 200)
        used = ticks() - before
        self.assertEqual(host.call('DELETE', f'/session/{session}')[0], 204)
        return used

    def expect_quiet(self, daemon, files):
        """That all connections of a crowd go when it goes, and with them what they took."""
        def is_quiet():
            metrics = callers.read_metrics(daemon)
            return metrics['connections'] == 1 and metrics['held_polls'] == 0 and \
                metrics['buffered_bytes'] == 0 and self.open_files(daemon) <= files + 2

        harness.until(is_quiet, 'the connections to go', 60)


class Everything(Crowd):
    def wait_for_crowd(self, daemon, limited):
        """Until all kinds have come to what they do; how many connections that makes."""
        def has_come():
            metrics = callers.read_metrics(daemon)
            return metrics['held_polls'] >= 120 and metrics['limited_total'] >= limited + 30 and \
                metrics['connections'] > 300 and metrics['connections']

        return harness.until(has_come, 'the crowd', 120)

    def test_honest_callers_meet(self):
        """In a crowd of a thousand abusers all honest sessions connect; memory stays bounded"""
        daemon = self.start_daemon()
        echo = services.start_service(self, services.echo)
        idle = self.cpu_ticks_while_idle(daemon)
        files, before = self.open_files(daemon), daemon.resident_kib()[0]
        target = callers.Caller(daemon, '127.66.0.1').create(auth=False)
        peaks = []
        for wave in range(2):
            limited = callers.read_metrics(daemon)['limited_total']
            abuser = self.start_abuser(daemon, f'--session={target}', *CROWD)
            connections = self.wait_for_crowd(daemon, limited)
            for number in range(15):
                callers.exchange(daemon, 15 * wave + number)
            host = self.start_host('--signal', daemon.url, '--yes', '--allow', echo.endpoint)
            client = self.join_for(daemon, host, echo)
            self.assert_carries(client.local(echo.endpoint), echo)
            client.finish()
            host.finish()
            peaks.append(daemon.resident_kib()[0])
            counts = self.end_abuser(abuser)
            for status in ('200', '201', '400', '404', '429'):
                self.assertGreater(counts.get(status, 0), 0, counts)
            self.assertNotIn('without Retry-After', counts)
            self.expect_quiet(daemon, files)
        left = callers.read_metrics(daemon)['sessions']  # until they expire, with their offers
        print(f'# resident KiB {before} -> {peaks}, connections {connections}, {counts}')
        self.assertLessEqual(self.cpu_ticks_while_idle(daemon), idle + 20)
        if not callers.has_sanitizer():
            self.assertLess(peaks[0] - before, 1200 * CONNECTION_KIB)
            self.assertLess(peaks[1] - peaks[0], 10 * 1024 + 64 * left)

    def start_tls_daemon(self):
        cert, key = self.folder / 'cert.pem', self.folder / 'key.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-days',
                        '9', '-keyout', key, '-out', cert], check=True, capture_output=True)
        return self.start_daemon('--tls-cert', cert, '--tls-key', key)

    def test_tls_versions(self):
        """With TLS of its own it speaks 1.2 and 1.3; who speaks less is told so"""
        daemon = self.start_tls_daemon()
        spoken = {}
        for version in ('TLSv1', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'):
            context = ssl._create_unverified_context()
            context.set_ciphers('ALL:@SECLEVEL=0')
            with warnings.catch_warnings():
                warnings.simplefilter('ignore', DeprecationWarning)
                context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
            try:
                with socket.create_connection(('127.0.0.1', daemon.port), 30) as plain, \
                        context.wrap_socket(plain) as inside:
                    spoken[version] = inside.version()
            except ssl.SSLError as error:
                spoken[version] = error.reason
        self.assertEqual(spoken, {'TLSv1': 'TLSV1_ALERT_PROTOCOL_VERSION',
                                  'TLSv1_1': 'TLSV1_ALERT_PROTOCOL_VERSION',
                                  'TLSv1_2': 'TLSv1.2', 'TLSv1_3': 'TLSv1.3'})

    def test_over_tls(self):
        """With TLS of its own: rubbish, plain HTTP and slow callers, and honest ones meet"""
        daemon = self.start_tls_daemon()
        files = self.open_files(daemon)
        plain = self.start_abuser(daemon, 'silent:100', 'noise:10', 'path:10', 'reset:10',
                                  'endless_chunks:5', 'slow_head:30')
        inside = self.start_abuser(daemon, '--tls', 'silent:15', 'slow_head:15', 'slow_body:15',
                                   'smuggle:5', 'body:5', 'hold:5', 'endless_chunks:3')
        for number in range(5):
            callers.exchange(daemon, number)
        counts = self.end_abuser(inside)
        self.assertGreater(counts.get('400', 0), 0, counts)
        self.end_abuser(plain)
        self.expect_quiet(daemon, files)


class Shares(Crowd):
    def test_forwarded(self):
        """Behind a proxy each forwarded address has its own share, and no more"""
        daemon = self.start_daemon('--trust-forwarded')
        target = callers.Caller(daemon).create(auth=False)
        abuser = self.start_abuser(daemon, '--forwarded', f'--session={target}', 'poll@1:300',
                                   'create@2:10', 'never_read:40')
        harness.until(lambda: callers.read_metrics(daemon)['held_polls'] >= 64, 'the polls', 60)
        host = callers.Caller(daemon)
        for number in range(40):  # all from one connection's address, as a proxy's are
            status, text = host.call('POST', '/session', {'host': 'berta'},
                                     {'X-Forwarded-For': f'127.127.0.1, 192.0.2.{number}'})
            self.assertEqual(status, 201, text)
        self.assertLessEqual(callers.read_metrics(daemon)['held_polls'], 64)
        counts = self.end_abuser(abuser)
        self.assertGreater(counts['429'], 0)
        self.assertNotIn('without Retry-After', counts)

    def test_counted_right(self):
        """/metrics counts what callers were answered, under load as well"""
        daemon = self.start_daemon('--max-sessions', '40')
        abuser = self.start_abuser(daemon, '--turns=5', 'create:12', 'create@1:20', 'join:10',
                                   'guess:20', 'path:10', 'smuggle:10', 'body:10', ready=False)
        self.expect_exit(abuser, 0)
        counts = json.loads(abuser.out[-1])
        metrics = callers.read_metrics(daemon)
        self.assertEqual(metrics['created_total'], counts['201'])
        self.assertEqual((counts['201'], metrics['sessions']), (40, 40))
        self.assertEqual(metrics['limited_total'], counts.get('429', 0) + counts['503'])
        self.assertEqual(metrics['answers_total{status="2xx"}'], counts['201'])
        answered = sum(number for status, number in counts.items() if status.startswith('4'))
        # One that was still sending when it was refused may find its connection reset instead.
        self.assertGreaterEqual(metrics['answers_total{status="4xx"}'], answered)
        self.assertLessEqual(metrics['answers_total{status="4xx"}'],
                             answered + counts.get('cut', 0))
        self.assertEqual(metrics['answers_total{status="5xx"}'], counts['503'])

    def test_few_descriptors(self):
        """Out of descriptors, who has not asked yet makes room for who asks"""
        daemon = self.start_daemon()
        files = self.open_files(daemon)
        resource.prlimit(daemon.child.pid, resource.RLIMIT_NOFILE, (100, 100))
        abuser = self.start_abuser(daemon, 'silent:300', 'slow_head:100', 'slow_body:100')
        for number in range(20):
            callers.exchange(daemon, number)
        self.assertGreaterEqual(self.open_files(daemon), 90)
        self.end_abuser(abuser)
        self.expect_quiet(daemon, files)
        callers.exchange(daemon, 99)


class Endings(Crowd):
    def test_thousands_of_held_polls(self):
        """SIGTERM answers each of two thousand held polls, and the daemon ends with 0"""
        daemon = self.start_daemon()
        target = callers.Caller(daemon).create(auth=False)
        abuser = self.start_abuser(daemon, f'--session={target}', 'poll:2000')
        harness.until(lambda: callers.read_metrics(daemon)['held_polls'] == 2000,
                      'the polls to be held', 60)
        daemon.send_signal(signal.SIGTERM)
        self.expect_exit(daemon, 0)
        self.expect_exit(abuser, 0)
        counts = json.loads(abuser.out[-1])
        print(f'# {counts}')
        self.assertEqual(counts['200'], 2000)


if __name__ == '__main__':
    harness.main()
