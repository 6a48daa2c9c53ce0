import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { type Digest, parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { type BundleRequest, type CreatedBundle, createBundle } from '../../lib/bundle/create/create-bundle.ts';
import type { BundleSink } from '../../lib/bundle/format/archive.ts';
import { type BundleProfile, compileProfiles } from '../../lib/bundle/format/bundle-trust.ts';
import { openDestination } from '../../lib/bundle/import/destination.ts';
import { type ImportReport, type ImportRequest, importBundle } from '../../lib/bundle/import/import-bundle.ts';
import { type SignedRelease, toSignatureConfigMaps } from '../../lib/cluster/render/signature-config-maps.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { writeArmor } from '../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, toDigest, writePayload } from '../fixtures/make/payload.ts';
import { makeEcdsaKey } from '../fixtures/make/signing-key.ts';
import { FIXTURE_TIME } from '../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';

export const NOW = FIXTURE_TIME;
export const SIGNAL = new AbortController().signal;

export interface BundleSigner {
  readonly profile: BundleProfile;
  readonly documents: readonly TrustDocument[];
  readonly sign: (digest: Digest, version?: string) => Buffer;
}

/** A key made for this run, and a profile whose documents hold it: as they would lie in a trust directory. */
export async function makeBundleSigner(profile = 'ocp', more: readonly TrustDocument[] = []): Promise<BundleSigner> {
  const primary = makeEcdsaKey('P-256', KEY_CREATED);
  const certificate = writeCertificate({ primary, userId: `Signet test ${profile}` });
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: 'openshift-config-managed',
      name: 'release-verification',
      annotations: { 'release.openshift.io/verification-config-map': '' },
    },
    data: {
      'store-test': 'https://signatures.fixture.invalid/signatures',
      'verifier-public-key-test': writeArmor(certificate, { type: 'PUBLIC KEY BLOCK' }),
    },
  };
  const repositories = {
    apiVersion: 'signet/v1',
    kind: 'Profile',
    metadata: { name: profile },
    spec: { canonicalRepositories: [RELEASE_REPOSITORY], signedRepositories: [RELEASE_REPOSITORY] },
  };
  const documents = [toDocument('profile.json', repositories), toDocument('trust.json', configMap), ...more];
  const [compiled] = await compileProfiles([[profile, documents]], NOW);
  if (compiled === undefined) throw new Error('no profile');
  return {
    profile: compiled,
    documents,
    sign: (digest, version = '4.99.0') => {
      const content = writePayload({ digest, reference: `${RELEASE_REPOSITORY}:${version}-x86_64` });
      return writeRelease(signMessage(primary, { content }));
    },
  };
}

export const digestOf = (name: string): Digest => parseDigest(toDigest(name));
export const keyOf = (digest: Digest, index = 1): string => `signatures/${toStoreSegment(digest)}/signature-${index}`;

/** A mirror of these digests, each with one signature. */
export function makeMirror(signer: BundleSigner, digests: readonly Digest[]): Map<string, Buffer> {
  return new Map(digests.map((digest, index) => [keyOf(digest), signer.sign(digest, `4.${index % 20}.${index}`)]));
}

export interface MemorySink extends BundleSink {
  /** What was committed; undefined before. */
  readonly committed: () => Buffer | undefined;
  readonly aborted: () => boolean;
}

export function createMemorySink(): MemorySink {
  const chunks: Uint8Array[] = [];
  let bundle: Buffer | undefined;
  let isAborted = false;
  return {
    description: 'memory',
    committed: () => bundle,
    aborted: () => isAborted,
    write: async (bytes) => {
      chunks.push(Uint8Array.from(bytes));
    },
    commit: async () => {
      bundle = Buffer.concat(chunks);
    },
    abort: async () => {
      isAborted = true;
    },
  };
}

export function renderConfigMaps(releases: readonly SignedRelease[]) {
  return toSignatureConfigMaps(releases).map((configMap) => ({
    name: `${configMap.metadata.name}.yaml`,
    bytes: Buffer.from(toManifestText(configMap, 'yaml')),
  }));
}

/** A bundle of a mirror, in memory. */
export async function makeBundle(
  mirror: ObjectStore | Iterable<readonly [string, Uint8Array]>,
  profiles: readonly BundleProfile[],
  change: Partial<BundleRequest> = {},
): Promise<{ readonly created: CreatedBundle; readonly bundle: Buffer }> {
  const objects = 'readObject' in mirror ? mirror : createMemoryObjectStore(mirror);
  const sink = createMemorySink();
  const request = { objects, profiles, earlier: [], sink, now: NOW, signal: SIGNAL };
  const created = await createBundle({ ...request, ...change });
  const bundle = sink.committed();
  if (bundle === undefined) throw new Error('nothing was committed');
  return { created, bundle };
}

/** Imports into a directory by these profiles. */
export async function importInto(
  source: string,
  to: string,
  profiles: ImportRequest['profiles'],
  change: Partial<ImportRequest> = {},
): Promise<ImportReport> {
  return await importBundle({
    source,
    destination: change.destination ?? (await openDestination(to)),
    profiles,
    skipUnverified: false,
    now: NOW,
    signal: SIGNAL,
    ...change,
  });
}

/** Every file and folder below a directory: contents in hex, `folder` for a folder; empty when there is none. */
export async function snapshot(directory: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return {};
  const rows = entries.map(async (entry): Promise<[string, string]> => {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(directory, file);
    return [name, entry.isFile() ? (await readFile(file)).toString('hex') : 'folder'];
  });
  return { '.': 'folder', ...Object.fromEntries((await Promise.all(rows)).toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

/** New paths below a scratch directory, which is gone when the test file ends. */
export function createScratch(prefix: string): (name?: string) => string {
  // At once: a path that is asked for before any hook has run must not be one in the working directory.
  const scratch = mkdtempSync(path.join(tmpdir(), prefix));
  let count = 0;
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });
  return (name = 'path') => {
    count += 1;
    return path.join(scratch, `${count}-${name}`);
  };
}

function toDocument(name: string, content: object): TrustDocument {
  return { name, bytes: Buffer.from(JSON.stringify(content)) };
}
