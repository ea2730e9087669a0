// SPDX-License-Identifier: GPL-3.0-or-later
// The rendezvous over HTTP, and the proofs of those who know a share code.

const encoder = new TextEncoder();
const POLL_SECONDS = 5;
const POLLS = 60;

export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function fromBase64(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, letter => letter.charCodeAt(0));
}

export function random(size) {
  return crypto.getRandomValues(new Uint8Array(size));
}

function u32(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/* Fields of text, bytes and numbers, each preceded by its length. */
function pack(fields) {
  const parts = [];
  for (const field of fields) {
    const bytes = typeof field === 'string' ? encoder.encode(field)
      : typeof field === 'number' ? u32(field) : field;
    parts.push(...u32(bytes.length), ...bytes);
  }
  return Uint8Array.from(parts);
}

/* What the holders of one secret can prove to each other. */
export class Proof {
  static async from(secret) {
    const material = await crypto.subtle.importKey('raw', fromBase64(secret), 'HKDF', false,
                                                   ['deriveKey']);
    const how = {
      name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0),
      info: encoder.encode('porthole signaling v1'),
    };
    const proof = new Proof();
    proof.key = await crypto.subtle.deriveKey(how, material,
                                              { name: 'HMAC', hash: 'SHA-256', length: 256 }, false,
                                              ['sign']);
    return proof;
  }

  async mac(fields) {
    return new Uint8Array(await crypto.subtle.sign('HMAC', this.key, pack(fields)));
  }

  join(parent, nonce, name) {
    return this.mac(['join', parent, nonce, name]);
  }

  offer(parent, child, nonce, host, { sdp, candidate, extensions }) {
    return this.mac(['offer', parent, child, nonce, host, sdp, candidate.length, ...candidate,
                     extensions.join(',')]);
  }

  answer(offerMac, { sdp, candidate, extensions }) {
    return this.mac(['answer', offerMac, sdp, candidate.length, ...candidate,
                     extensions.join(',')]);
  }
}

/* Throws unless a MAC that came is the one it must be. */
export function check(mac, expected) {
  if (mac === undefined || toBase64(expected) !== mac) throw new Error('not verified');
}

/* A half as it travels, and as it is used here. */
export function wrapHalf(type, { sdp, candidate }, mac) {
  const proven = mac === undefined ? {} : { porthole: { v: 1, ext: [], mac: toBase64(mac) } };
  return { type, sdp: JSON.stringify({ type, sdp, ...proven }), candidate };
}

export function openHalf(half) {
  const { type, sdp, porthole } = JSON.parse(half.sdp);
  return { type, sdp, candidate: half.candidate, extensions: porthole?.ext ?? [],
           mac: porthole?.mac };
}

/* One side of one session. */
export class Caller {
  constructor(url) {
    this.url = url;
    this.token = null;
  }

  async call(method, path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.token !== null) headers.Authorization = `Bearer ${this.token}`;
    const answer = await fetch(this.url + path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  async begin(path, body) {
    const session = await this.call('POST', path, body);
    this.token = session.token;
    return session;
  }

  /* Polls until find(session) finds something. */
  async wait(id, what, find) {
    for (let round = 0; round < POLLS; round++) {
      const session = await this.call('GET', `/session/${id}?for=${what}&wait=${POLL_SECONDS}`);
      if (session.status === 'rejected') throw new Error(`rejected: ${session.reason}`);
      const found = find(session);
      if (found) return found;
    }
    throw new Error(`waited in vain for the ${what}`);
  }

  signal(id, body) {
    return this.call('PUT', `/session/${id}/signal`, body);
  }
}
