#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium as a plain peer: RTCPeerConnection and the plain protocol, in both roles."""

import shutil

import harness
import plain_peer
import plain_promises


class Browser(plain_promises.Promises):
    """As it comes: its addresses are hidden behind names that only mDNS knows."""

    OPTIONS = ()

    def start_peer(self):
        if shutil.which('chromium') is None:
            self.skipTest('no chromium')
        return plain_peer.Chromium(self.folder, self.env, *self.OPTIONS)


if __name__ == '__main__':
    harness.main()
