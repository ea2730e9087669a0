#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`./dev run`: a real session on this machine, told in plain lines."""

import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import harness

SIZE = 64 * harness.MIB


class Story:
    """Says what happens next, and how long the last thing took."""

    def __init__(self):
        self.began = time.monotonic()

    def tell(self, text):
        now = time.monotonic()
        print(f'  {now - self.began:6.2f} s   {text}', flush=True)
        self.began = now

    @staticmethod
    def say(text):
        print(f'             {text}', flush=True)


class Stage:
    """Starts programs, and ends them last first."""

    def __init__(self, folder):
        self.env = harness.clean_environment(folder)
        self.processes = []

    def put(self, process):
        self.processes.append(process)
        return process

    def clear(self):
        while self.processes:
            self.processes.pop().finish()


def serve_a_file(stage, story, folder):
    digest = harness.write_random(folder / 'file', SIZE)
    story.tell(f'made a file of {SIZE // harness.MIB} MiB, SHA-256 {digest[:16]}…')
    web = stage.put(harness.Process([sys.executable, '-u', '-m', 'http.server', '0', '--bind',
                                     '127.0.0.1', '--directory', str(folder)]))
    port = int(web.expect_line(r'port (\d+)').group(1))
    story.tell(f'a web server has it, on 127.0.0.1:{port}')
    return port, digest


def connect(stage, story, port):
    daemon = stage.put(harness.Daemon(stage.env))
    story.tell(f'the signaling server listens on {daemon.url}')
    host = stage.put(harness.Host([harness.PORTHOLE, 'host', '--json', '--signal', daemon.url,
                                   '--allow', f'127.0.0.1:{port}', '--yes', '--name', 'Host'],
                                  stage.env))
    code = host.code
    story.tell('the Host has a session; its share code is')
    story.say(code)
    client = stage.put(harness.Client([harness.PORTHOLE, 'join', code, '--json', '--signal',
                                       daemon.url, '-L', f'0:127.0.0.1:{port}', '--name',
                                       'Client'], stage.env))
    connected = client.expect('connected')
    story.tell(f'the Client pasted it and is connected, path “{connected["path"]}”:')
    story.say(f'{connected["local"]} <-> {connected["remote"]}')
    return host, client


def fetch(stage, story, client, port, folder, digest):
    where = harness.endpoint(*client.local(f'127.0.0.1:{port}'))
    story.say(f'the web server is now on {where} as well, on the Client’s side')
    curl = stage.put(harness.Process(['curl', '--silent', '--show-error', '--fail', '--noproxy',
                                      '*', '--output', str(folder / 'got'),
                                      f'http://{where}/file']))
    began = time.monotonic()
    if curl.wait(120) != 0:
        raise AssertionError('curl could not fetch the file: ' + ' '.join(curl.err))
    rate = SIZE * 8 / (time.monotonic() - began) / 1e6
    story.tell(f'curl fetched the file through it ({rate:,.0f} Mbit/s)')
    if harness.sha256(folder / 'got') != digest:
        raise AssertionError('what arrived is not what was sent')
    story.tell('SHA-256 is the same: every byte arrived')


def end(story, host, client):
    client.send_signal(signal.SIGINT)
    client.wait()
    host.expect('disconnected')
    host.send_signal(signal.SIGINT)
    host.wait()
    story.tell('both sides ended in order')


def main():
    for program in (harness.PORTHOLE, harness.SIGNAL):
        if not pathlib.Path(program).exists():
            sys.exit(f'{program} is not there: build it with ./dev build release')
    print('A session from end to end, on this machine. Times are seconds since the line before.\n')
    folder = pathlib.Path(tempfile.mkdtemp(prefix='porthole-run-'))
    story, stage = Story(), Stage(folder)
    try:
        port, digest = serve_a_file(stage, story, folder)
        host, client = connect(stage, story, port)
        fetch(stage, story, client, port, folder, digest)
        end(story, host, client)
        stage.clear()
    except AssertionError as error:
        print(f'\nThis went wrong: {error}', file=sys.stderr)
        for process in stage.processes:
            print('\n'.join(process.report()), file=sys.stderr)
        return 1
    finally:
        with contextlib.suppress(AssertionError):
            stage.clear()
        shutil.rmtree(folder, ignore_errors=True)
    print('\nTo share something of yours:   ./dev run host --allow 127.0.0.1:PORT')
    print('and on the other computer:     ./dev run join LINK -L PORT')
    return 0


if __name__ == '__main__':
    sys.exit(main())
