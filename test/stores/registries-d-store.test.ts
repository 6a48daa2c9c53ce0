import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { parseReference } from '../../lib/base/names/reference.ts';
import { createHttpClient, type HttpClient } from '../../lib/platform/http/http-client.ts';
import { createObjectLookasideStore } from '../../lib/stores/numbered-stores.ts';
import { createRegistriesDStore } from '../../lib/stores/registries-d-store.ts';
import { readRegistriesD } from '../../lib/trust/registries-d/read-registries-d.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { startServer } from '../support/servers/start-server.ts';
import { DIGEST, REPOSITORY, readEntries, signatureOf, summarise } from './signature-store-contract.ts';

const SEGMENT = `ocp-release@sha256=${'a1'.repeat(32)}`;
const REFERENCE = parseReference(`${REPOSITORY}@${DIGEST}`);

/** Proves what is refused before any contact. */
const unreachable: HttpClient = {
  get: () => Promise.reject(new Error('nothing may be contacted')),
  close: () => undefined,
};

const configure = (lookaside?: string) =>
  readRegistriesD([{ document: 'a.yaml', content: { docker: { 'quay.io': lookaside ? { lookaside } : {} } } }]);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signet lookaside '));
  const folder = join(directory, 'openshift-release-dev', SEGMENT);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'signature-1'), signatureOf('local'));
});

afterEach(() => rm(directory, { recursive: true }));

describe('what registries.d names for an image', () => {
  const rows: readonly { name: string; lookaside: () => string; allowLocal: boolean; expected: readonly string[] }[] = [
    {
      name: 'a directory',
      lookaside: () => pathToFileURL(directory).href,
      allowLocal: true,
      expected: ['local', 'absent'],
    },
    {
      name: 'a directory without allowLocal',
      lookaside: () => pathToFileURL(directory).href,
      allowLocal: false,
      expected: ['NotAllowed'],
    },
    {
      name: 'a directory that is missing',
      lookaside: () => pathToFileURL(join(directory, 'none')).href,
      allowLocal: true,
      expected: ['ConnectionFailed'],
    },
    {
      name: 'a directory without the repository',
      lookaside: () => pathToFileURL(join(directory, 'openshift-release-dev')).href,
      allowLocal: true,
      expected: ['absent'],
    },
    {
      name: 'a file in place of a directory',
      lookaside: () => pathToFileURL(join(directory, 'openshift-release-dev', SEGMENT, 'signature-1')).href,
      allowLocal: true,
      expected: ['ConnectionFailed'],
    },
    { name: 'a directory of a host', lookaside: () => 'file://host/x', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'a path', lookaside: () => '/no/scheme', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'a relative path', lookaside: () => 'no/scheme', allowLocal: true, expected: ['NotAllowed'] },
    { name: 's3', lookaside: () => 's3://bucket/x', allowLocal: true, expected: ['NotAllowed'] },
    { name: 'a user', lookaside: () => 'https://u:secret@l.test', allowLocal: true, expected: ['NotAllowed'] },
  ];
  test.each(rows)('$name: $expected', async ({ lookaside, allowLocal, expected }) => {
    const store = createRegistriesDStore(configure(lookaside()), REFERENCE, { allowLocal }, unreachable);
    const entries = await readEntries(store);
    expect(summarise(entries)).toEqual(expected);
    const told = entries.flatMap((entry) => [entry.location, entry.kind === 'failed' ? entry.error.message : '']);
    expect([store.description, ...told].join()).not.toContain('secret');
  });

  test('a refusal names the section and the setting', async () => {
    const store = createRegistriesDStore(configure('file:///sigs'), REFERENCE, { allowLocal: false }, unreachable);
    const [entry] = await readEntries(store);
    expect(entry?.kind === 'failed' ? entry.error.message : '').toBe(
      'the lookaside of a.yaml: docker.quay.io is local, read only where the profile sets allowLocal',
    );
  });

  test('no lookaside, and nothing local may be read: absent', async () => {
    const store = createRegistriesDStore(configure(), REFERENCE, { allowLocal: false }, unreachable);
    expect(summarise(await readEntries(store))).toEqual(['absent']);
    expect(store.description).toBe('no lookaside is configured');
  });

  test('what is no URL: ConfigurationError', () => {
    const open = () => createRegistriesDStore(configure(':x'), REFERENCE, { allowLocal: true }, unreachable);
    expect(open).toThrow(ConfigurationError);
  });

  test.each([
    { root: '', expected: '/openshift-release-dev/' },
    { root: '/', expected: '//openshift-release-dev/' },
    { root: '/sigs?token=secret', expected: '/sigs/openshift-release-dev/', query: '?token=secret' },
  ])('http asks the very address of containers/image: $root', async ({ root, expected, query = '' }) => {
    const path = (index: number) => `${expected}${SEGMENT}/signature-${index}${query}`;
    const server = await startServer(({ url }, response) => {
      if (url === path(1)) response.end(signatureOf('remote'));
      else response.writeHead(404).end();
    });
    const client = createHttpClient({ allowPrivateAddresses: true });
    const store = createRegistriesDStore(
      configure(`${server.origin}${root}`),
      REFERENCE,
      { allowLocal: false },
      client,
    );
    const entries = await readEntries(store);
    expect(summarise(entries)).toEqual(['remote', 'absent']);
    expect(server.requests.map(({ path: asked }) => asked)).toEqual([path(1), path(2)]);
    expect([store.description, ...entries.map(({ location }) => location)].join()).not.toContain('secret');
    client.close();
    await server.close();
  });
});

describe('the mirror of lookasides', () => {
  const key = (index: number) => `lookaside/quay.io/openshift-release-dev/${SEGMENT}/signature-${index}`;

  test('is laid out by host and repository', async () => {
    const objects = createMemoryObjectStore([[key(1), signatureOf('mirrored')]]);
    expect(summarise(await readEntries(createObjectLookasideStore(objects)))).toEqual(['mirrored', 'absent']);
    expect(objects.reads).toEqual([key(1), key(2)]);
  });

  test('without a repository: NotAllowed, no contact', async () => {
    const objects = createMemoryObjectStore([[key(1), signatureOf('mirrored')]]);
    const store = createObjectLookasideStore(objects);
    const entries = await Array.fromAsync(store.fetchSignatures({ digest: DIGEST }, new AbortController().signal));
    expect(summarise(entries)).toEqual(['NotAllowed']);
    expect(objects.reads).toEqual([]);
  });
});
