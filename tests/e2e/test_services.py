#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`porthole services`: what runs here is found, and the line that is printed shares it."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import harness
import services


class Services(harness.Case):
    def listed(self, *options):
        """The services by their address, as --json tells of them."""
        program = self.own(harness.Program(
            [harness.PORTHOLE, 'services', '--json', *options], self.env))
        self.expect_exit(program, harness.STATUS_ENDED)
        return {event['address']: event for event in program.events}

    def web_server(self):
        """Python's own, as people start it; where it listens."""
        server = self.start(sys.executable, '-u', '-m', 'http.server', '0',
                            '--bind', '127.0.0.1', '--directory', self.folder)
        port = server.expect_line(r'port (\d+)').group(1)
        return f'127.0.0.1:{port}'

    def test_json(self):
        """A service is listed with its program and what that usually is"""
        address = self.web_server()
        service = self.listed()[address]
        self.assertEqual((service['title'], service['kind'], service['system']),
                         ('Web', 'web', False))
        self.assertRegex(service['program'], r'^python3[\d.]* -m http\.server$')

    def test_line_shares(self):
        """The line that is printed for a service shares it"""
        address = self.web_server()
        (self.folder / 'hello').write_text('found and shared')
        text = '\n'.join(self.run_to_end('services').out)
        line = re.search(rf'^Web \(python3.*\)\n  (porthole host --allow {address})$', text, re.M)
        self.assertIsNotNone(line, text)
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes', *shlex.split(line.group(1))[2:])
        client = self.start_join(host.code, '--signal', daemon.url, '-L', f'0:{address}')
        client.expect('connected')
        answer = self.exchange(client.local(address), b'GET /hello HTTP/1.0\r\n\r\n')
        self.assertTrue(answer.endswith(b'found and shared'), answer)

    def test_mappings_are_left_out(self):
        """What a Client's mapping listens on, and the Host's own server, are not offered again"""
        echo = services.start_service(self, services.echo)
        host = self.start_host('--yes', '--allow', echo.endpoint)
        signal = harness.split_endpoint(host.session['signal'].rstrip('/').split('//')[1])
        client = self.start_join(host.session['link'], '-L', f'0:{echo.endpoint}')
        client.expect('connected')
        mapped = client.local(echo.endpoint)
        self.assert_carries(mapped, echo)
        ports = {harness.split_endpoint(address)[1] for address in self.listed('--all')}
        self.assertIn(echo.port, ports)
        self.assertFalse({mapped[1], signal[1]} & ports)

    def test_unseen_program(self):
        """Without a look at other processes there are ports and no names"""
        if os.geteuid() != 0 or shutil.which('setpriv') is None:
            self.skipTest('needs root and setpriv, to become another user')
        echo = services.start_service(self, services.echo)
        copy = shutil.copy(harness.PORTHOLE, self.folder)  # the original may be out of its reach
        other = self.own(harness.Program(
            ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', copy, 'services',
             '--json'], self.env))
        self.expect_exit(other, harness.STATUS_ENDED)
        service = next(e for e in other.events if e['address'] == echo.endpoint)
        self.assertNotIn('program', service)

    def test_closed_output(self):
        """A full disk is an error"""
        with open('/dev/full', 'wb') as full:
            process = subprocess.run([harness.PORTHOLE, 'services', '--all'], env=self.env,
                                     stdout=full, check=False, timeout=60)
        self.assertEqual(process.returncode, harness.STATUS_FAILED)


if __name__ == '__main__':
    harness.main(at_a_time=2)
