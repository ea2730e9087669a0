// SPDX-License-Identifier: GPL-3.0-or-later
// A plain peer in node: tasks come as lines of JSON on standard input, results go out the same way.
//
//     node node.mjs STACK

import { createRequire } from 'node:module';
import { webcrypto } from 'node:crypto';
import { createInterface } from 'node:readline';

import { Tasks } from './tasks.mjs';

globalThis.crypto ??= webcrypto; // node 18

const require = createRequire(import.meta.url);
const STACKS = {
  wrtc: () => require('@roamhq/wrtc').RTCPeerConnection,
  libdatachannel: async () => (await import('node-datachannel/polyfill')).RTCPeerConnection,
};

const tasks = new Tasks(await STACKS[process.argv[2]]());
const say = answer => process.stdout.write(`${JSON.stringify(answer)}\n`);

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...order } = JSON.parse(line);
  tasks.run(order)
    .then(result => say({ id, result }), error => say({ id, error: String(error.stack) }));
}
process.exit(0);
