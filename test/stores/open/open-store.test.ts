import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../lib/platform/http/http-client.ts';
import { openStore } from '../../../lib/stores/open/open-stores.ts';
import { startServer } from '../../support/servers/start-server.ts';
import { readEntries, signatureOf, summarise } from '../signature-store-contract.ts';

const SEGMENT = `sha256=${'a1'.repeat(32)}`;

/** Proves what is refused before any contact. */
const unreachable: HttpClient = {
  get: () => Promise.reject(new Error('nothing may be contacted')),
  close: () => undefined,
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signet store '));
  await mkdir(join(directory, SEGMENT));
  await writeFile(join(directory, SEGMENT, 'signature-1'), signatureOf('local'));
});

afterEach(() => rm(directory, { recursive: true }));

describe('openStore', () => {
  const rows: readonly { name: string; text: () => string; allowLocal: boolean; expected: readonly string[] }[] = [
    { name: 'a file URL', text: () => pathToFileURL(directory).href, allowLocal: true, expected: ['local', 'absent'] },
    {
      name: 'a file URL without allowLocal',
      text: () => pathToFileURL(directory).href,
      allowLocal: false,
      expected: ['NotAllowed'],
    },
    { name: 'a path', text: () => directory, allowLocal: true, expected: ['local', 'absent'] },
    { name: 'a path without allowLocal', text: () => directory, allowLocal: false, expected: ['NotAllowed'] },
    { name: 'a file URL with a host', text: () => 'file://host/x', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'S3', text: () => 's3://bucket/prefix', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'ftp', text: () => 'ftp://store.test/', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'a bare word', text: () => 'store', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'nothing', text: () => '', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'a user', text: () => 'https://user:secret@store.test/', allowLocal: true, expected: ['NotAllowed'] },
    ...[
      'https://user:secret@store test/',
      ' https://user:secret@store.test:99999/',
      'https:/user:secret@store test/',
      'file://user:secret@host/x',
      'ftp://user:secret@store.test/',
      'see https://user:secret@store test/',
    ].map((text) => ({ name: text, text: () => text, allowLocal: true, expected: ['NotAllowed'] })),
  ];
  test.each(rows)('$name: $expected', async ({ text, allowLocal, expected }) => {
    const store = openStore(text(), { allowLocal }, unreachable);
    const entries = await readEntries(store);
    expect(summarise(entries)).toEqual(expected);
    const told = entries.flatMap((entry) => [entry.location, entry.kind === 'failed' ? entry.error.message : '']);
    expect([store.description, ...told].join()).not.toContain('secret');
  });

  test('shows the scheme of what is not a URL, and no more', async () => {
    const store = openStore('https://user:secret@store test/', { allowLocal: true }, unreachable);
    const [entry] = await readEntries(store);
    expect(store.description).toBe('https://…');
    expect(entry?.kind === 'failed' ? entry.error.message : '').toBe('not a URL');
  });

  test('names the setting that would allow a local store', async () => {
    const [entry] = await readEntries(openStore('file:///signatures', { allowLocal: false }, unreachable));
    expect(entry?.kind === 'failed' ? entry.error.message : '').toContain('allowLocal');
  });

  test('http is read in the release layout', async () => {
    const server = await startServer(({ url }, response) => {
      if (url === `/base/${SEGMENT}/signature-1`) response.end(signatureOf('remote'));
      else response.writeHead(404).end();
    });
    const client = createHttpClient({ allowPrivateAddresses: true });
    const store = openStore(`${server.origin}/base/`, { allowLocal: false }, client);
    expect(summarise(await readEntries(store))).toEqual(['remote', 'absent']);
    expect(store.description).toBe(`${server.origin}/base`);
    client.close();
    await server.close();
  });
});
