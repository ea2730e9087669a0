#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium as a plain peer: RTCPeerConnection and the plain protocol, in both roles."""

import json
import shutil
import signal

import harness
import plain_peer
import plain_promises


class Case(plain_peer.Case):
    """As it comes: its addresses are hidden behind names that only mDNS knows."""

    OPTIONS = ()

    def start_peer(self):
        if shutil.which('chromium') is None:
            self.skipTest('no chromium')
        return plain_peer.Chromium(self.folder, self.env, *self.OPTIONS)


class Browser(Case, plain_promises.Essentials):
    def meet_in_both_roles(self):
        """A Host and a Client of ours, each with a connection that stays open."""
        service = self.start_service(plain_peer.stay_silent)
        host, line = self.peer_joins(service.endpoint)
        self.peer.ask('open', line=line, port=service.port)
        client, _ = self.peer_hosts(plain_promises.SILENT)
        stuck = self.connect(client.local(plain_promises.at(plain_promises.SILENT)))
        for program in (host, client):
            program.expect('connection', state='open')
        return host, client, stuck

    def test_page_left(self):
        """Whoever leaves the page ends its sessions, at once and in order"""
        host, client, stuck = self.meet_in_both_roles()
        self.peer.ask('leavePage')
        self.assertEqual(host.expect('disconnected')['reason'], 'ended')
        self.expect_exit(client, harness.STATUS_ENDED)
        self.assert_reset(stuck)

    if plain_promises.ALL:  # half a minute

        def test_page_killed(self):
            """A page that is killed is noticed within 30 s, in both roles"""
            host, client, stuck = self.meet_in_both_roles()
            self.peer.signal_page(signal.SIGKILL)
            self.assertEqual(host.expect('disconnected', seconds=60)['reason'], 'peer-lost')
            self.expect_exit(client, harness.STATUS_PEER_LOST)
            self.assert_reset(stuck)


class Candidates(Case):
    """What is known of the browser's addresses, and that it is enough."""

    def assert_meets(self, is_hidden):
        service = self.start_service(plain_peer.serve_exchange)
        host, line = self.peer_joins(service.endpoint)
        self.peer.ask('exchange', line=line, port=service.port, sizes=plain_promises.SIZES, count=6)
        client, other = self.peer_hosts(plain_promises.EXCHANGE)
        where = client.local(plain_promises.at(plain_promises.EXCHANGE))
        plain_peer.exchange(where, harness.MIB)
        for number in (line, other):
            candidates = self.peer.ask('state', line=number)['candidates']
            self.assertTrue(candidates)
            for candidate in candidates:
                address = json.loads(candidate)['candidate'].split()[4]
                self.assertEqual(address.endswith('.local'), is_hidden, candidate)
            self.assert_clean(number)

    def test_hidden(self):
        """Names that only mDNS knows, as browsers send them: in both roles a path is found"""
        self.assert_meets(True)


class PlainCandidates(Candidates):
    """The browser told not to hide them."""

    OPTIONS = ['--disable-features=WebRtcHideLocalIpsWithMdns']

    def test_hidden(self):
        """Addresses as they are"""
        self.assert_meets(False)


if __name__ == '__main__':
    harness.main()
