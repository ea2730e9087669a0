// SPDX-License-Identifier: GPL-3.0-or-later
// What a test may ask of a plain peer. Arguments and results are plain JSON.
//
// An exchange, the same whoever opens the connection: the opener says how many bytes each side will
// send (u32) and both send so many random ones, followed by their SHA-256, both at once. Each side
// checks what it was sent. The service then closes, unless the opener does so first.

import { CONNECT, RESET, encodeFrame, makeName } from './frames.mjs';
import { host, join } from './sessions.mjs';
import { random } from './signaling.mjs';

const RANDOM_AT_ONCE = 65536;
const DIGEST_SIZE = 32;
const REFUSED = 2;

function randomBytes(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += RANDOM_AT_ONCE) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_AT_ONCE));
  }
  return bytes;
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/* Reads exact sizes from a connection. */
class Reader {
  constructor(connection) {
    this.connection = connection;
    this.rest = new Uint8Array(0);
  }

  async take(size) {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      if (this.rest.length === 0) this.rest = await this.connection.read();
      if (this.rest === null) {
        throw new Error(`closed for ${this.connection.reason} at ${at} of ${size} bytes`);
      }
      const part = this.rest.subarray(0, size - at);
      bytes.set(part, at);
      at += part.length;
      this.rest = this.rest.subarray(part.length);
    }
    return bytes;
  }
}

async function takeChecked(reader, size) {
  const bytes = await reader.take(size);
  const digest = await reader.take(DIGEST_SIZE);
  if (String(await sha256(bytes)) !== String(digest)) throw new Error('other bytes than were sent');
}

/* Cuts bytes into at most `count` parts and mixes their order up. */
function cut(bytes, count) {
  const size = Math.ceil(bytes.length / count) || 1;
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  const order = parts.map((_, index) => index);
  for (let at = order.length - 1; at > 0; at--) {
    const other = random(1)[0] % (at + 1);
    [order[at], order[other]] = [order[other], order[at]];
  }
  return { parts, order };
}

async function writeCut(connection, bytes) {
  const MESSAGE = 20000;
  for (let at = 0; at < bytes.length; at += MESSAGE) {
    const { parts, order } = cut(bytes.subarray(at, at + MESSAGE), 1 + random(1)[0] % 40);
    await connection.tunnel.room();
    connection.writeFragments(parts, order);
  }
}

async function sendExchange(connection, size, { fragments = false, frameSize } = {}) {
  const bytes = randomBytes(size);
  const digest = await sha256(bytes);
  if (fragments) await writeCut(connection, bytes);
  else await connection.write(bytes, frameSize);
  await connection.write(digest);
}

async function openExchange(connection, size, options) {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, size);
  await connection.write(header);
  await Promise.all([sendExchange(connection, size, options),
                     takeChecked(new Reader(connection), size)]);
  if (options.closeFirst) connection.close();
  await connection.ended;
  if (connection.reason !== 0) throw new Error(`closed for ${connection.reason}`);
}

async function serveExchange(connection, options) {
  const reader = new Reader(connection);
  const header = await reader.take(4);
  const size = new DataView(header.buffer).getUint32(0);
  await Promise.all([sendExchange(connection, size, options), takeChecked(reader, size)]);
  connection.close();
}

async function serveForEver(connection) {
  const part = randomBytes(32768);
  while (connection.reason === null) await connection.write(part);
}

async function serveReset(connection) {
  await connection.read();
  connection.close(RESET);
}

/* What a Host here offers, by port. */
const SERVICES = {
  1: connection => serveExchange(connection, {}),
  2: connection => serveExchange(connection, { fragments: true }),
  3: serveForEver,
  4: serveReset,
  5: connection => connection.close(REFUSED, 'nobody at home'),
  6: connection => connection.close(),
  7: connection => connection.ended,
};

export class Tasks {
  constructor(Peer) {
    this.Peer = Peer;
    this.lines = [];
    this.failures = []; // of services
    this.kept = []; // connections of `open`
  }

  async run({ task, ...options }) {
    const line = options.line === undefined ? null : this.lines[options.line];
    return (await this[task](options, line)) ?? null;
  }

  add(line) {
    return { line: this.lines.push(line) - 1, code: line.code };
  }

  async join(options) {
    const line = await join(this.Peer, options);
    await line.opened;
    return this.add(line);
  }

  async host(options) {
    const serve = (connection, port) => {
      Promise.resolve(SERVICES[port](connection)).catch(error => this.failures.push(String(error)));
    };
    return this.add(await host(this.Peer, options, serve));
  }

  async joined(_, line) {
    await line.joined;
  }

  /* `count` exchanges of these sizes in turn, so many at a time. */
  async exchange({ port, sizes, count = 1, parallel = 1, ...options }, line) {
    let next = 0;
    const work = async () => {
      while (next < count) {
        const number = next++;
        await openExchange(line.tunnel.connect(port), sizes[number % sizes.length],
                           { closeFirst: number % 2 === 1, ...options });
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
  }

  /* Exchanges under one name, one after another; numbers begin at `number` and go on. */
  async exchangeAgain({ port, sizes, rounds, number }, line) {
    const name = makeName('127.0.0.1', 7, '127.0.0.1', port);
    for (let round = 0; round < rounds; round++) {
      const connection = line.tunnel.connect(port, name, number);
      await openExchange(connection, sizes[round % sizes.length],
                         { closeFirst: round % 2 === 1, frameSize: 100 });
      number = connection.number;
    }
    return { number };
  }

  /* Opens a connection and leaves it open, with something sent. */
  open({ port, size = 1 }, line) {
    const connection = line.tunnel.connect(port);
    if (size > 0) connection.write(randomBytes(size));
    return { connection: this.kept.push(connection) - 1 };
  }

  close({ connection, reason }) {
    this.kept[connection].close(reason);
  }

  async ended({ connection }) {
    await this.kept[connection].ended;
    return { reason: this.kept[connection].reason };
  }

  /* Sends without an end until the other side closes. */
  async flood({ port }, line) {
    const connection = line.tunnel.connect(port);
    await serveForEver(connection);
    await connection.ended;
    return { reason: connection.reason };
  }

  /* Messages that are no frames, or frames that are wrong. */
  malformed({ count, size = 200000 }, line) {
    const wrong = encodeFrame({ event: CONNECT, name: new Uint8Array(36), chunk: 0 });
    for (let round = 0; round < count; round++) {
      const message = new Uint8Array(size);
      message.set(wrong.subarray(0, size));
      line.tunnel.send(message);
    }
  }

  closeChannel(_, line) {
    line.tunnel.channel.close();
  }

  leavePage() {
    setTimeout(() => location.replace('about:blank'));
  }

  closePeer(_, line) {
    line.peer.close();
  }

  async lost(_, line) {
    await line.lost;
  }

  state(_, line) {
    return {
      connections: line.tunnel.connections.size,
      wrong: line.tunnel.wrong,
      candidates: line.candidates,
      largest: line.tunnel.largest,
      states: line.states,
      failures: this.failures,
    };
  }
}
