#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser as the Client: RTCPeerConnection and the plain protocol, against a real Host."""

import hashlib
import http.server
import json
import os
import pathlib
import queue
import shutil
import threading
import urllib.parse

import harness

PAGE = pathlib.Path(__file__).with_name('browser.html')
OPTIONS = [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    # The page talks to the signaling server, which is another origin.
    '--disable-web-security',
]


class Site:
    """Serves the page and a file, and takes the page's result."""

    def __init__(self, case):
        self.file = os.urandom(5 * harness.MIB)
        self.results = queue.Queue()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, body):
                self.send_response(200)
                self.send_header('Content-Type', 'text/html')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.reply(site.file if self.path == '/file' else PAGE.read_bytes())

            def do_POST(self):
                site.results.put(json.loads(
                    self.rfile.read(int(self.headers['Content-Length']))))
                self.reply(b'')

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)


class Browser(harness.Case):
    def test_fetch(self):
        """Chromium joins as a plain peer and fetches a file through the Host, byte for byte"""
        program = shutil.which('chromium')
        if program is None:
            self.skipTest('no chromium')
        site = Site(self)
        daemon = self.start_daemon()
        host = self.start_host('--signal', daemon.url, '--yes', '--allow-unverified', '--allow',
                               f'127.0.0.1:{site.port}')
        query = urllib.parse.urlencode({'signal': daemon.url, 'id': host.session['id'],
                                        'port': site.port})
        self.start(program, *OPTIONS, f'--user-data-dir={self.folder}/browser',
                   f'http://127.0.0.1:{site.port}/?{query}')
        said = site.results.get(timeout=120 * harness.SCALE)
        self.assertNotIn('error', said)
        self.assertEqual(said['status'], 'HTTP/1.0 200 OK')
        self.assertEqual(said['sha256'], hashlib.sha256(site.file).hexdigest())
        self.assertEqual(said['states'], ['connecting', 'connected', 'connected'])
        closed = host.expect('connection', state='closed')
        self.assertEqual(closed['reason'], 'done')


if __name__ == '__main__':
    harness.main()
