// SPDX-License-Identifier: GPL-3.0-or-later
// A session of a plain peer, as Client and as Host, on any stack with RTCPeerConnection.

import { Tunnel } from './frames.mjs';
import { Caller, Proof, check, fromBase64, openHalf, random, toBase64, wrapHalf }
  from './signaling.mjs';

/* An RTCPeerConnection with its one channel, and the candidates it finds. */
class Line {
  constructor(Peer, serve) {
    this.peer = new Peer({ iceServers: [] });
    const channel = this.peer.createDataChannel('data',
                                                { negotiated: true, id: 0, ordered: false });
    this.tunnel = new Tunnel(channel, serve);
    this.states = [];
    this.candidates = [];
    this.opened = new Promise(resolve => channel.addEventListener('open', resolve));
    this.lost = new Promise(resolve => channel.addEventListener('close', resolve));
    this.gathered = new Promise(resolve => {
      this.peer.onicecandidate = ({ candidate }) => this.onCandidate(candidate, resolve);
      this.peer.onicegatheringstatechange = () => {
        if (this.peer.iceGatheringState === 'complete') resolve();
      };
    });
    this.peer.onconnectionstatechange = () => this.states.push(this.peer.connectionState);
  }

  onCandidate(candidate, resolve) {
    if (!candidate) {
      resolve();
    } else if (candidate.candidate) {
      const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
      this.candidates.push(JSON.stringify({ candidate: line, sdpMid, sdpMLineIndex }));
    }
  }

  /* Our half, complete; if `secretive`, without saying where we can be reached. */
  async describe(type, secretive = false) {
    const description = type === 'offer' ? await this.peer.createOffer()
      : await this.peer.createAnswer();
    await this.peer.setLocalDescription(description);
    await this.gathered;
    const { sdp } = this.peer.localDescription;
    return {
      sdp: secretive ? sdp.replaceAll(/^a=(candidate|end-of-candidates).*\r\n/gm, '') : sdp,
      candidate: secretive ? [] : [...this.candidates],
      extensions: [],
    };
  }

  async take({ type, sdp, candidate }) {
    await this.peer.setRemoteDescription({ type, sdp });
    for (const one of candidate) await this.peer.addIceCandidate(JSON.parse(one));
  }
}

/* Joins by a code (`id.secret`) or, unverified, by an id. */
export async function join(Peer, { signal, code, name = 'plain' }) {
  const [id, secret] = code.split('.');
  const proof = secret === undefined ? null : await Proof.from(secret);
  const caller = new Caller(signal);
  const nonce = random(16);
  const body = { client: name, nonce: toBase64(nonce) };
  if (proof !== null) body.mac = toBase64(await proof.join(id, nonce, name));
  const session = await caller.begin(`/session/${id}`, body);
  const offer = openHalf(await caller.wait(session.id, 'offer', now => now.signal.offer));
  if (proof !== null) {
    check(offer.mac, await proof.offer(id, session.id, nonce, session.host, offer));
  }
  const line = new Line(Peer, null);
  await line.take(offer);
  const answer = await line.describe('answer');
  const mac = proof === null ? undefined : await proof.answer(fromBase64(offer.mac), answer);
  await caller.signal(session.id, wrapHalf('answer', answer, mac));
  return line;
}

/* Creates a session for one Client; `code` is what it joins by. */
export async function host(Peer, { signal, verified = false, secretive = false, name = 'plain' },
                           serve) {
  const caller = new Caller(signal);
  const secret = verified ? toBase64(random(16)) : null;
  const session = await caller.begin('/session', { host: name, multi: verified, auth: verified });
  const line = new Line(Peer, serve);
  line.code = verified ? `${session.id}.${secret}` : session.id;
  line.joined = receive(caller, line, session.id, { name, secret, secretive });
  line.joined.catch(() => {}); // it is for whoever waits for it
  return line;
}

/* The Client that joins: alone in the session, or the first child of a session that takes many. */
async function waitForClient(caller, id, proof) {
  if (proof === null) {
    await caller.wait(id, 'join', now => now.status === 'joined');
    return { id };
  }
  const join = await caller.wait(id, 'join', now => now.joins?.[0]);
  check(join.mac, await proof.join(id, fromBase64(join.nonce), join.client));
  return join;
}

async function receive(caller, line, id, { name, secret, secretive }) {
  const proof = secret === null ? null : await Proof.from(secret);
  const client = await waitForClient(caller, id, proof);
  const offer = await line.describe('offer', secretive);
  const mac = proof === null ? undefined
    : await proof.offer(id, client.id, fromBase64(client.nonce), name, offer);
  await caller.signal(client.id, wrapHalf('offer', offer, mac));
  const answer = openHalf(await caller.wait(client.id, 'answer', now => now.signal.answer));
  if (proof !== null) check(answer.mac, await proof.answer(mac, answer));
  await line.take(answer);
  await line.opened;
}
