#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""WebRTC stacks from npm as plain peers. `./dev peers` installs them into tests/peers."""

import shutil

import harness
import plain_peer
import plain_promises


class Stack:
    """A stack in node, by the name that node.mjs knows it by."""

    def start_peer(self):
        if shutil.which('node') is None:
            self.skipTest('no node')
        if not (plain_peer.FOLDER / 'node_modules' / self.package).is_dir():
            self.skipTest(f'{self.package} is not installed: run `./dev peers`')
        return plain_peer.Node(self.name, self.env)


class Wrtc(Stack, plain_promises.Limits):
    name, package = 'wrtc', '@roamhq/wrtc'  # libwebrtc


class LibDataChannel(Stack, plain_promises.Essentials):
    name, package = 'libdatachannel', 'node-datachannel'  # libjuice, OpenSSL, usrsctp

    # It begins its handshake as soon as checks have come, and on a busy machine before it has noted
    # the fingerprint of the answer that lets it answer them. So it is the one to begin.
    SECRETIVE_HOST = True


if __name__ == '__main__':
    harness.main()
