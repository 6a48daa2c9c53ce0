import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { misbehave } from './misbehave.ts';
import type { StoreContents } from './store-contents.ts';

/**
 * Signature stores with the same content, on loopback: `<contents file> <latency in ms> <how many>`. Writes their URLs
 * as a JSON line; `/counts` of each tells what all were asked.
 */
const [file = '', latency = '0', stores = '1'] = process.argv.slice(2);
const contents = JSON.parse(await readFile(file, 'utf8')) as StoreContents;
const asked = new Map<string, number>();
const counts = { requests: 0, most: 0, faults: 0 };
let underWay = 0;

function answer(path: string, response: ServerResponse): void {
  underWay -= 1;
  const [, segment = '', name = ''] = path.split('/');
  const held = contents[segment];
  const index = Number(name.replace('signature-', ''));
  if (held?.fault !== undefined && index === 1) {
    const times = (asked.get(segment) ?? 0) + 1;
    asked.set(segment, times);
    if (times <= held.fault.times) {
      counts.faults += 1;
      misbehave(held.fault.kind, response);
      return;
    }
  }
  const body = held?.signatures[index - 1];
  if (body === undefined) response.writeHead(404, { 'content-length': 0 }).end();
  else response.end(Buffer.from(body, 'base64'));
}

async function listen(): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const path = request.url ?? '';
    if (path === '/counts') {
      response.end(JSON.stringify(counts));
      return;
    }
    counts.requests += 1;
    underWay += 1;
    counts.most = Math.max(counts.most, underWay);
    setTimeout(answer, Number(latency), path, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const urls = await Promise.all(Array.from({ length: Number(stores) }, listen));
process.stdout.write(`${JSON.stringify(urls)}\n`);
// Whoever started it may be killed itself: nothing is left behind then.
const parent = process.ppid;
while (process.ppid === parent) await delay(1000);
process.exit(0);
