import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// Two signature stores with the same content, which answer after a pause; SIGUSR2 would be no way to ask, so the counts
// of what they were asked are at /counts.
const [file = '', latency = '20'] = process.argv.slice(2);
const signatures = new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, string>));
const counts = { requests: 0, atOnce: 0, most: 0 };

function answer(path: string, response: ServerResponse): void {
  counts.atOnce -= 1;
  const [, segment = '', name = ''] = path.split('/');
  const body = name === 'signature-1' ? signatures.get(segment) : undefined;
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
    counts.atOnce += 1;
    counts.most = Math.max(counts.most, counts.atOnce);
    setTimeout(answer, Number(latency), path, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.stdout.write(`${JSON.stringify([await listen(), await listen()])}\n`);
