import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { type Digest, toKeySegment, toStoreSegment } from '../../lib/base/names/digest.ts';
import { parseReference } from '../../lib/base/names/reference.ts';
import { createHttpClient, type HttpClient } from '../../lib/platform/http/http-client.ts';
import { createConfigMapStore } from '../../lib/stores/config-map-store.ts';
import { createDirectoryReleaseStore } from '../../lib/stores/directory-stores.ts';
import {
  createHttpReleaseStore,
  createObjectLookasideStore,
  createObjectReleaseStore,
} from '../../lib/stores/numbered-stores.ts';
import { createFallbackStore, createParallelStore } from '../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import { createRegistriesDStore } from '../../lib/stores/registries-d-store.ts';
import { readRegistriesD } from '../../lib/trust/registries-d/read-registries-d.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemorySignatureStore, type SignatureContents } from '../support/memory-signature-store.ts';
import { startServer } from '../support/servers/start-server.ts';
import { describeSignatureStore, REPOSITORY, type StoreKind, type StoreUnderTest } from './signature-store-contract.ts';

const FAILURE = new StoreError('ConnectionFailed', 'the store is gone');

function toPaths(contents: SignatureContents, toSegment: (digest: Digest) => string): Map<string, Uint8Array> {
  return new Map(
    [...contents].flatMap(([digest, signatures]) =>
      signatures.map((bytes, index): [string, Uint8Array] => [`${toSegment(digest)}/signature-${index + 1}`, bytes]),
    ),
  );
}

async function createHttp(
  files: ReadonlyMap<string, Uint8Array> | undefined,
  toStore: (client: ReturnType<typeof createHttpClient>, base: URL) => SignatureStore,
): Promise<StoreUnderTest> {
  const server = await startServer(({ url = '' }, response) => {
    const bytes = files?.get(url.replace('/base/', ''));
    if (files === undefined) response.writeHead(503).end();
    else if (bytes === undefined) response.writeHead(404, { 'content-type': 'text/html' }).end('<html>no</html>');
    else response.end(bytes);
  });
  const client = createHttpClient({ allowPrivateAddresses: true });
  return {
    store: toStore(client, new URL(`${server.origin}/base`)),
    contacts: () => server.requests.map(({ path }) => path),
    async close() {
      client.close();
      await server.close();
    },
  };
}

async function createDirectory(
  files: ReadonlyMap<string, Uint8Array>,
  toStore: (directory: string) => SignatureStore = createDirectoryReleaseStore,
): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'signet-'));
  for (const [path, bytes] of files) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
  return { store: toStore(directory), close: () => rm(directory, { recursive: true }) };
}

const lookasideSegment = (digest: Digest) => `openshift-release-dev/ocp-release@${toStoreSegment(digest)}`;

/** What registries.d makes of one lookaside, at any URL. */
function createLookaside(client: HttpClient, base: URL): SignatureStore {
  const content = { 'default-docker': { lookaside: base.href } };
  const registriesD = readRegistriesD([{ document: 'default.yaml', content }]);
  return createRegistriesDStore(registriesD, parseReference(REPOSITORY), { allowLocal: true }, client);
}

/** Proves that a directory is read without any contact. */
const unreachable: HttpClient = {
  get: () => Promise.reject(new Error('nothing may be contacted')),
  close: () => undefined,
};
const createLocalLookaside = (directory: string) => createLookaside(unreachable, pathToFileURL(directory));

const KINDS: readonly StoreKind[] = [
  {
    name: 'HTTP, release layout',
    capacity: 9,
    create: (contents) => createHttp(toPaths(contents, toStoreSegment), createHttpReleaseStore),
    createBroken: () => createHttp(undefined, createHttpReleaseStore),
  },
  {
    name: 'registries.d over HTTP',
    capacity: 128,
    create: (contents) => createHttp(toPaths(contents, lookasideSegment), createLookaside),
    createBroken: () => createHttp(undefined, createLookaside),
  },
  {
    name: 'registries.d in a directory',
    capacity: 128,
    create: (contents) => createDirectory(toPaths(contents, lookasideSegment), createLocalLookaside),
    async createBroken() {
      return { store: createLocalLookaside(join(tmpdir(), 'signet-no-such-directory')) };
    },
  },
  {
    name: 'object store, lookaside layout',
    capacity: 128,
    async create(contents) {
      const toSegment = (digest: Digest) => `lookaside/${REPOSITORY}@${toStoreSegment(digest)}`;
      const objects = createMemoryObjectStore(toPaths(contents, toSegment));
      return { store: createObjectLookasideStore(objects), contacts: () => objects.reads };
    },
    async createBroken() {
      return { store: createObjectLookasideStore(createMemoryObjectStore([], { failure: FAILURE })) };
    },
  },
  {
    name: 'ConfigMaps',
    capacity: 128,
    async create(contents) {
      const configMaps = [...contents].map(([digest, signatures]) => ({
        name: toKeySegment(digest),
        binaryData: Object.fromEntries(
          signatures.map((bytes, index) => [`${toKeySegment(digest)}-${index}`, Buffer.from(bytes).toString('base64')]),
        ),
      }));
      return { store: createConfigMapStore(configMaps) };
    },
  },
  {
    name: 'object store',
    capacity: 9,
    async create(contents) {
      const objects = createMemoryObjectStore(toPaths(contents, (digest) => `signatures/${toStoreSegment(digest)}`));
      return { store: createObjectReleaseStore(objects), contacts: () => objects.reads };
    },
    async createBroken() {
      return { store: createObjectReleaseStore(createMemoryObjectStore([], { failure: FAILURE })) };
    },
  },
  {
    name: 'directory',
    capacity: 9,
    create: (contents) => createDirectory(toPaths(contents, toStoreSegment)),
    async createBroken() {
      return { store: createDirectoryReleaseStore(join(tmpdir(), 'signet-no-such-directory')) };
    },
  },
  {
    name: 'memory',
    capacity: 9,
    async create(contents) {
      const store = createMemorySignatureStore(contents);
      return { store, contacts: () => store.contacts };
    },
    async createBroken() {
      return { store: createMemorySignatureStore(new Map(), { failure: FAILURE }) };
    },
  },
  {
    name: 'fallback',
    capacity: 9,
    async create(contents) {
      const store = createMemorySignatureStore(contents);
      return { store: createFallbackStore([store]), contacts: () => store.contacts };
    },
    async createBroken() {
      const broken = createMemorySignatureStore(new Map(), { failure: FAILURE });
      return { store: createFallbackStore([broken, broken]) };
    },
  },
  {
    name: 'parallel',
    capacity: 9,
    async create(contents) {
      const store = createMemorySignatureStore(contents);
      return { store: createParallelStore([store]), contacts: () => store.contacts };
    },
    async createBroken() {
      const broken = createMemorySignatureStore(new Map(), { failure: FAILURE });
      return { store: createParallelStore([broken, broken]) };
    },
  },
  {
    name: 'parallel over HTTP',
    capacity: 9,
    create: (contents) =>
      createHttp(toPaths(contents, toStoreSegment), (client, base) =>
        createParallelStore([createHttpReleaseStore(client, base)]),
      ),
  },
];

for (const kind of KINDS) describeSignatureStore(kind);
