import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runSignet } from '../support/run-signet.ts';

test.each<[name: string, content: string | undefined, authorization: string | undefined, says: string]>([
  ['no file', undefined, undefined, 'answers 401'],
  ['a token', 'secret-token\n', 'Bearer secret-token', 'answers 401'],
  ['no token', ' \n', undefined, 'holds no token'],
  ['two lines', 'a\nb', undefined, 'holds no token'],
])('SIGNET_TOKEN_FILE: %s', async (_, content, authorization, says) => {
  const work = await mkdtemp(path.join(tmpdir(), 'signet-token-'));
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const file = path.join(work, 'token');
  if (content !== undefined) await writeFile(file, content);
  const env = content === undefined ? {} : { SIGNET_TOKEN_FILE: file };
  const { stderr } = await runSignet(['overview', `http://127.0.0.1:${port}`], { env });
  server.close();
  await rm(work, { recursive: true });
  expect(stderr).toContain(says);
  expect(stderr).not.toContain('secret-token');
  expect(asked).toEqual(says === 'holds no token' ? [] : [authorization]);
});
