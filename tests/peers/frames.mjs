// SPDX-License-Identifier: GPL-3.0-or-later
// The plain protocol over a data channel: frames, and the connections they make up. Nothing here
// knows which WebRTC stack carries it, and no extension is spoken.

export const DATA = 0;
export const CLOSE = 1;
export const CONNECT = 2;

export const DONE = 0;
export const RESET = 6;
export const ENDING = 10;

const HEADER_SIZE = 45;
const MAX_PAYLOAD = 65490;
const EMPTY = new Uint8Array(0);

/* The channel is kept this full: enough to keep the line busy, few enough messages of one byte that
 * no number of a connection is lapped. */
const FULL_BYTES = 512 * 1024;
const LOW_BYTES = 128 * 1024;

const POLL_MS = 5; // where a stack does not say that there is room again

const encoder = new TextEncoder();

/* The 36 bytes that name a connection, for IPv4 on both sides. */
export function makeName(source, sourcePort, target, targetPort) {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  const write = (address, port, at) => {
    bytes.set([0xff, 0xff, ...address.split('.').map(Number)], at + 10);
    view.setUint16(at + 16, port);
  };
  write(source, sourcePort, 0);
  write(target, targetPort, 18);
  return bytes;
}

export function targetPort(name) {
  return name[34] << 8 | name[35];
}

export function encodeFrame({ event, name, chunk, index = 0, total = 1, payload = EMPTY }) {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = event;
  bytes.set(name, 1);
  view.setUint16(37, chunk);
  view.setUint16(39, index);
  view.setUint16(41, total);
  view.setUint16(43, payload.length);
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

export function decodeFrame(bytes) {
  if (bytes.length < HEADER_SIZE) throw new Error(`a frame of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frame = {
    event: bytes[0],
    name: bytes.slice(1, 37),
    chunk: view.getUint16(37),
    index: view.getUint16(39),
    total: view.getUint16(41),
    payload: bytes.subarray(HEADER_SIZE),
  };
  if (frame.event > CONNECT) throw new Error(`event ${frame.event} is not of the plain protocol`);
  if (view.getUint16(43) !== frame.payload.length) throw new Error('payload_size is wrong');
  if (frame.index >= frame.total) throw new Error('chunk_index is wrong');
  return frame;
}

function closePayload(reason, text) {
  if (reason === DONE) return EMPTY;
  return Uint8Array.from([reason >> 8, reason & 255, ...encoder.encode(text)]);
}

/* One direction as it comes in: messages of `total` fragments in any order, out in order. */
class Sequence {
  constructor() {
    this.next = null; // not before the first message's number is known
    this.messages = new Map();
  }

  push(frame) {
    const message = this.messages.get(frame.chunk) ?? { event: frame.event, parts: [], count: 0 };
    if (message.parts[frame.index] !== undefined) throw new Error('a fragment came twice');
    message.parts[frame.index] = frame.payload;
    message.count++;
    message.total = frame.total;
    this.messages.set(frame.chunk, message);
  }

  pop() {
    const message = this.messages.get(this.next);
    if (message === undefined || message.count < message.total) return null;
    this.messages.delete(this.next);
    this.next = (this.next + 1) & 0xffff;
    return message;
  }
}

export class Connection {
  constructor(tunnel, name, firstNumber) {
    this.tunnel = tunnel;
    this.name = name;
    this.number = firstNumber; // of the next message sent
    this.sequence = new Sequence();
    this.received = []; // payloads in order, not read yet
    this.reason = null; // the other side's CLOSE
    this.closed = false; // ours was sent
    this.wake = () => {};
    this.ended = new Promise(resolve => { this.end = resolve; }); // both CLOSEs have passed
  }

  takeNumber() {
    const number = this.number;
    this.number = (number + 1) & 0xffff;
    return number;
  }

  sendMessage(event, payload = EMPTY) {
    this.tunnel.send(encodeFrame({ event, name: this.name, chunk: this.takeNumber(), payload }));
  }

  /* Sends it all, as fast as the channel takes it; stops early if the other side closes. */
  async write(bytes, frameSize = MAX_PAYLOAD) {
    for (let at = 0; at < bytes.length && this.reason === null; at += frameSize) {
      await this.tunnel.room();
      this.sendMessage(DATA, bytes.subarray(at, at + frameSize));
    }
  }

  /* One message in fragments, in the order that `order` (a list of indices) says. */
  writeFragments(parts, order) {
    const chunk = this.takeNumber();
    for (const index of order) {
      this.tunnel.send(encodeFrame({
        event: DATA, name: this.name, chunk, index, total: parts.length, payload: parts[index],
      }));
    }
  }

  /* The next bytes, or null after the other side's CLOSE. */
  async read() {
    while (this.received.length === 0 && this.reason === null) {
      await new Promise(resolve => { this.wake = resolve; });
    }
    return this.received.shift() ?? null;
  }

  close(reason = DONE, text = '') {
    if (this.closed) return;
    this.closed = true;
    this.sendMessage(CLOSE, closePayload(reason, text));
    this.settle();
  }

  settle() {
    if (!this.closed || this.reason === null) return;
    this.tunnel.forget(this);
    this.end();
  }

  receive(frame) {
    if (frame.event === CONNECT) this.sequence.next = frame.chunk;
    this.sequence.push(frame);
    for (let message; (message = this.sequence.pop()) !== null;) this.deliver(message);
  }

  deliver({ event, parts }) {
    if (this.reason !== null) throw new Error('something followed a CLOSE');
    if (event === DATA) this.received.push(...parts);
    if (event === CONNECT) this.tunnel.accept(this);
    if (event === CLOSE) {
      const payload = parts[0];
      this.reason = payload.length === 0 ? DONE : payload[0] << 8 | payload[1];
    }
    this.wake();
    if (event !== CLOSE) return;
    // Who receives one answers with one, unless the channel is about to close: wrtc crashes where
    // that happens while it sends.
    if (this.reason === ENDING) this.closed = true;
    else this.close(this.reason === DONE ? DONE : RESET);
    this.settle();
  }
}

/* All connections of a channel. `serve`, only on a Host, is given each that was asked for. */
export class Tunnel {
  constructor(channel, serve = null) {
    this.channel = channel;
    this.serve = serve;
    this.connections = new Map();
    this.wrong = []; // what the other side did that it must not
    this.waiting = [];
    this.sourcePort = 20000;
    this.largest = 0; // bytes of the largest message that came
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW_BYTES;
    channel.addEventListener('bufferedamountlow', () => this.drain());
    channel.addEventListener('close', () => this.lose());
    channel.addEventListener('message', message => this.receive(new Uint8Array(message.data)));
  }

  lose() {
    for (const connection of [...this.connections.values()]) {
      connection.reason ??= ENDING;
      connection.closed = true;
      connection.wake();
      connection.settle();
    }
    this.drain();
  }

  drain() {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  isOpen() {
    return this.channel.readyState === 'open';
  }

  async room() {
    while (this.isOpen() && this.channel.bufferedAmount > FULL_BYTES) {
      await new Promise(resolve => {
        this.waiting.push(resolve);
        if (!('onbufferedamountlow' in this.channel)) setTimeout(resolve, POLL_MS);
      });
    }
  }

  send(bytes) {
    if (this.isOpen()) this.channel.send(bytes);
  }

  /* As Client. A name that was used before may be given again, and its number goes on. */
  connect(port, name = makeName('127.0.0.1', this.sourcePort++, '127.0.0.1', port), number = 0) {
    const connection = new Connection(this, name, number);
    connection.sequence.next = 0;
    this.connections.set(name.toString(), connection);
    connection.sendMessage(CONNECT);
    return connection;
  }

  accept(connection) {
    if (this.serve === null) throw new Error('a Client was sent a CONNECT');
    this.serve(connection, targetPort(connection.name));
  }

  forget(connection) {
    const key = connection.name.toString();
    if (this.connections.get(key) === connection) this.connections.delete(key);
  }

  find(frame) {
    const key = frame.name.toString();
    if (!this.connections.has(key)) {
      if (this.serve === null) throw new Error('a frame for no connection');
      this.connections.set(key, new Connection(this, frame.name, 0)); // before its CONNECT
    }
    return this.connections.get(key);
  }

  receive(bytes) {
    this.largest = Math.max(this.largest, bytes.length);
    try {
      const frame = decodeFrame(bytes);
      this.find(frame).receive(frame);
    } catch (error) {
      this.wrong.push(String(error));
    }
  }
}
