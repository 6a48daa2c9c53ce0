import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../../../lib/base/names/digest.ts';
import { parseDockerReference } from '../../../../lib/base/names/docker-reference.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { verifySigstoreBlob } from '../../../../lib/crypto/sigstore/verify-sigstore-blob.ts';
import { createAttachmentStore } from '../../../../lib/registry/attachments/attachment-store.ts';
import { matchesIdentity, type SignedIdentity } from '../../../../lib/trust/policy/signed-identity.ts';
import { checkCandidate } from '../../../../lib/verdict/judge/requirement.ts';
import { makeCosignImages } from '../../../fixtures/make/cosign/make-images.ts';
import {
  type CosignImages,
  type CosignManifest,
  parseContent,
  pushCosignManifests,
  pushFallbackIndex,
  readCosignImages,
  SIGNED_NAME,
  toCosignTrust,
} from '../../../registry/attachments/cosign-images.ts';
import { createSetup, toDigest } from '../../../registry/client/registry-setup.ts';
import { startReferrersRegistry } from '../../../registry/client/start-referrers-registry.ts';
import { startRegistry } from '../../../registry/client/start-registry.ts';
import { findTool } from '../../../support/tools.ts';

const NOW = Date.parse('2026-11-01T00:00:00Z') / 1000;
const { signal } = new AbortController();
const setup = createSetup();

interface Place {
  readonly name: string;
  readonly hasReferrers: boolean;
  start(): Promise<{ readonly host: string; stop(): Promise<void> }>;
}

const referrers = findTool('referrers-registry');
const debian = findTool('docker-registry');
const cosign = findTool('cosign-2');

const places: readonly Place[] = [
  ...(referrers === undefined ? [] : [toReferrersPlace(referrers)]),
  ...(debian === undefined
    ? []
    : [{ name: 'a registry without referrers', hasReferrers: false, start: () => startRegistry(debian) }]),
];

function toReferrersPlace(program: string): Place {
  return { name: 'a registry with referrers', hasReferrers: true, start: () => startReferrersRegistry(program) };
}

afterAll(() => setup.close());

interface Question {
  readonly keys?: readonly string[];
  readonly rekor?: readonly string[];
  readonly digest?: Digest;
  /** The image that is asked for; the one that was signed unless told. */
  readonly reference?: string;
  readonly identity?: SignedIdentity;
  readonly bundleIdentity?: 'refuse' | 'digest';
}

/** The codes of all that lies beside the image, in order. */
async function codesOf(host: string, at: string, images: CosignImages, question: Question): Promise<readonly string[]> {
  const { keys = ['p256'], rekor = [], digest = images.release, bundleIdentity = 'digest' } = question;
  const { reference = `${SIGNED_NAME}@${digest}`, identity = { type: 'matchRepoDigestOrExact' } } = question;
  const client = setup.connect({ allowed: [host], plain: [host] });
  const store = createAttachmentStore(async () => client);
  const trust = await toCosignTrust(images, keys, rekor);
  const named = parseDockerReference(reference);
  const acceptsReference = (signed: string): boolean => matchesIdentity(identity, named, signed);
  const verify = (bytes: Uint8Array) =>
    verifySigstoreBlob(bytes, trust, { digest, acceptsReference, bundleIdentity }, NOW);
  const codes: string[] = [];
  for await (const entry of store.fetchSignatures({ digest, repository: parseRepository(`${host}/${at}`) }, signal)) {
    if (entry.kind === 'signature')
      codes.push(checkCandidate(entry, keys.join(), () => verify(entry.untrustedBytes)).attempt.code);
    if (entry.kind === 'failed') codes.push(entry.error.code);
  }
  return codes;
}

/** What is under `from`, put under another name, with something changed. */
type Change = (manifest: CosignManifest, images: CosignImages) => CosignManifest;
interface Row extends Question {
  readonly name: string;
  readonly path: string;
  readonly change?: Change;
  readonly expected: readonly string[];
  /** Where the registry itself keeps the list. */
  readonly withReferrers?: readonly string[];
}

const good: readonly Row[] = [
  { name: 'P-256', path: 'legacy/p256', expected: ['Verified'] },
  { name: 'P-256, one key of two', path: 'legacy/p256', keys: ['ed25519', 'p256'], expected: ['Verified'] },
  {
    name: 'RSA-4096, two identities',
    path: 'legacy/rsa4096',
    keys: ['rsa4096'],
    expected: ['Verified', 'Verified'],
  },
  {
    name: 'RSA-4096, asked for by tag',
    path: 'legacy/rsa4096',
    keys: ['rsa4096'],
    reference: `${SIGNED_NAME}:4.20.1-x86_64`,
    expected: ['IdentityMismatch', 'Verified'],
  },
  { name: 'Ed25519', path: 'legacy/ed25519', keys: ['ed25519'], expected: ['Verified'] },
  { name: 'P-256, logged', path: 'legacy/rekor', rekor: ['rekor'], expected: ['Verified'] },
  { name: 'P-256, logged, and nobody asks', path: 'legacy/rekor', expected: ['Verified'] },
  { name: 'a certificate', path: 'legacy/pki', keys: ['pki'], expected: ['Verified'] },
  { name: 'a bundle by P-256', path: 'bundle/p256', expected: ['Verified'] },
  { name: 'a bundle by RSA-4096', path: 'bundle/rsa4096', keys: ['rsa4096'], expected: ['Verified'] },
  { name: 'a bundle, logged', path: 'bundle/rekor', rekor: ['rekor'], expected: ['Verified'] },
];

const bad: readonly Row[] = [
  // As on a node, whose library reads Ed25519 alone.
  { name: 'Ed25519ph', path: 'legacy/ed25519ph', keys: ['ed25519'], expected: ['SignatureInvalid'] },
  { name: 'a bundle by Ed25519ph', path: 'bundle/ed25519ph', keys: ['ed25519'], expected: ['SignatureInvalid'] },
  { name: 'another key', path: 'legacy/p256', keys: ['ed25519'], expected: ['SignatureInvalid'] },
  { name: 'another key of its kind', path: 'legacy/p256', keys: ['leaf'], expected: ['SignatureInvalid'] },
  { name: 'a bundle, another key', path: 'bundle/p256', keys: ['leaf'], expected: ['SignatureInvalid'] },
  {
    name: 'another identity',
    path: 'legacy/p256',
    reference: 'registry.example.com/product/other:1',
    expected: ['IdentityMismatch'],
  },
  {
    name: 'another repository asked for',
    path: 'legacy/p256',
    identity: { type: 'exactRepository', dockerRepository: 'registry.example.com/other' },
    expected: ['IdentityMismatch'],
  },
  {
    name: 'a bundle, and the profile refuses',
    path: 'bundle/p256',
    bundleIdentity: 'refuse',
    expected: ['IdentityMismatch'],
  },
  {
    name: 'not logged, and a log is asked for',
    path: 'legacy/p256',
    rekor: ['rekor'],
    expected: ['SignatureMalformed'],
  },
  { name: 'logged by another log', path: 'legacy/rekor', rekor: ['leaf'], expected: ['LogEntryInvalid'] },
  { name: 'a bundle logged by another log', path: 'bundle/rekor', rekor: ['leaf'], expected: ['LogEntryInvalid'] },
  { name: 'a byte of the payload', path: 'legacy/p256', change: changePayload, expected: ['SignatureInvalid'] },
  { name: 'a byte of the signature', path: 'legacy/p256', change: changeSignature, expected: ['SignatureInvalid'] },
  {
    name: 'a byte of the bundle’s statement',
    path: 'bundle/p256',
    change: changePayload,
    expected: ['SignatureInvalid'],
  },
  {
    name: 'a byte of the bundle’s signature',
    path: 'bundle/p256',
    change: changeSignature,
    expected: ['SignatureInvalid'],
  },
  { name: 'another image’s signature', path: 'legacy/p256', change: takeOthers, expected: ['DigestMismatch'] },
  {
    name: 'another image’s bundle',
    path: 'bundle/p256',
    change: takeOthers,
    expected: ['BodyInvalid'],
    withReferrers: [],
  },
  {
    name: 'another image’s bundle, relabelled',
    path: 'bundle/p256',
    change: relabelOthers,
    expected: ['DigestMismatch'],
  },
  {
    name: 'another entry of the log',
    path: 'legacy/rekor',
    rekor: ['rekor'],
    change: takeOthersEntry,
    expected: ['LogEntryInvalid'],
  },
  {
    name: 'a bundle with another entry of the log',
    path: 'bundle/rekor',
    rekor: ['rekor'],
    change: takeOthersEntry,
    expected: ['LogEntryInvalid'],
  },
];

function changePayload(manifest: CosignManifest): CosignManifest {
  return changeBlob(manifest, (text) =>
    manifest.reference.startsWith('sha256:')
      ? text.replace(/"payload":"(..)./, '"payload":"$1A')
      : text.replace('product/release', 'product/releasf'),
  );
}

function changeSignature(manifest: CosignManifest): CosignManifest {
  const flip = (text: string): string =>
    text.replace(
      /((?:"sig"|cosign\/signature"):"[^"]{40})(.)/,
      (_, before: string, one: string) => `${before}${one === 'A' ? 'B' : 'A'}`,
    );
  if (manifest.reference.startsWith('sha256:')) return changeBlob(manifest, flip);
  return { ...manifest, bytes: Buffer.from(flip(manifest.bytes.toString())) };
}

/** The layer is another one, and the manifest names it. */
function changeBlob(manifest: CosignManifest, change: (text: string) => string): CosignManifest {
  const [config = Buffer.alloc(0), layer = Buffer.alloc(0)] = manifest.blobs;
  const changed = Buffer.from(change(layer.toString()));
  const text = manifest.bytes.toString().replaceAll(toDigest(layer), toDigest(changed));
  const bytes = Buffer.from(text.replace(`"size":${layer.length},`, `"size":${changed.length},`));
  return { ...manifest, bytes, blobs: [config, changed] };
}

function findOthers(
  { repository, reference }: CosignManifest,
  { manifests, release, other }: CosignImages,
): CosignManifest {
  const ofOther = (one: CosignManifest): boolean =>
    reference.startsWith('sha256:')
      ? parseContent(one.bytes).subject?.digest === other
      : one.reference === reference.replace(release.slice(7), other.slice(7));
  const found = manifests.find((one) => one.repository === repository && ofOther(one));
  if (found === undefined) throw new Error(`${repository} has no signature of the other image`);
  return found;
}

function takeOthers(manifest: CosignManifest, images: CosignImages): CosignManifest {
  const { bytes, blobs } = findOthers(manifest, images);
  return { ...manifest, bytes, blobs };
}

/** The subject is this image's, so that the registry lists it here. */
function relabelOthers(manifest: CosignManifest, images: CosignImages): CosignManifest {
  const { bytes, blobs } = findOthers(manifest, images);
  return { ...manifest, bytes: Buffer.from(bytes.toString().replace(images.other, images.release)), blobs };
}

function takeOthersEntry(manifest: CosignManifest, images: CosignImages): CosignManifest {
  const others = findOthers(manifest, images);
  if (!manifest.reference.startsWith('sha256:')) {
    const entry = /"dev.sigstore.cosign\/bundle":"(?:[^"\\]|\\.)*"/;
    const [theirs = ''] = entry.exec(others.bytes.toString()) ?? [];
    return { ...manifest, bytes: Buffer.from(manifest.bytes.toString().replace(entry, () => theirs)) };
  }
  const [, layer] = others.blobs;
  const { verificationMaterial } = JSON.parse(layer?.toString() ?? '') as { verificationMaterial: unknown };
  return changeBlob(manifest, (text) => JSON.stringify({ ...(JSON.parse(text) as object), verificationMaterial }));
}

/** Puts what lies beside the release image, changed, into a repository of its own. */
async function pushChanged(host: string, from: string, { hasReferrers }: Place, images: CosignImages, change: Change) {
  const repository = `changed/${change.name.toLowerCase()}/${from}`;
  const own = images.manifests.filter((one) => one.repository === from);
  const changed = own.map((one) => {
    const isBeside =
      one.reference.includes(images.release.slice(7)) || parseContent(one.bytes).subject?.digest === images.release;
    return isBeside ? change(one, images) : one;
  });
  const renamed = changed.map((one) => ({
    ...one,
    repository,
    reference: one.reference.startsWith('sha256:') ? toDigest(one.bytes) : one.reference,
  }));
  await pushCosignManifests(host, renamed);
  const beside = changed.flatMap((one, index) => (one === own[index] ? [] : (renamed[index] ?? [])));
  if (!hasReferrers) await pushFallbackIndex(host, repository, beside, images.release);
  return repository;
}

const sources = [
  { name: 'checked in', isFresh: false },
  ...(cosign === undefined || referrers === undefined ? [] : [{ name: 'made just now', isFresh: true }]),
];

let madeAnew: Promise<CosignImages> | undefined;

/** For all registries: it takes a while. */
function makeOnce(): Promise<CosignImages> {
  madeAnew ??= makeAnew();
  return madeAnew;
}

async function makeAnew(): Promise<CosignImages> {
  if (cosign === undefined || referrers === undefined) throw new Error('there is no cosign');
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-cosign-'));
  const registry = await startReferrersRegistry(referrers);
  try {
    await makeCosignImages(scratch, { cosign, host: registry.host, scratch });
    const { key, ...images } = await readCosignImages(scratch);
    const names = await readdir(path.join(scratch, 'keys'));
    const keys = new Map(await Promise.all(names.map(async (name) => [name, await key(name)] as const)));
    return { ...images, key: async (name) => keys.get(name) ?? Buffer.alloc(0) };
  } finally {
    await registry.stop();
    await rm(scratch, { recursive: true });
  }
}
describe.each(
  places.flatMap((place) =>
    sources.map((source) => ({ name: `${place.name}, ${source.name}`, place, isFresh: source.isFresh })),
  ),
)('images signed by cosign: $name', ({ place, isFresh }) => {
  let images: CosignImages;
  let registry: { readonly host: string; stop(): Promise<void> };
  beforeAll(async () => {
    images = isFresh ? await makeOnce() : await readCosignImages();
    registry = await place.start();
    await pushCosignManifests(registry.host, images.manifests);
    const bundles = Map.groupBy(images.manifests, ({ repository }) => repository);
    if (place.hasReferrers) return;
    for (const [repository, manifests] of bundles) await pushFallbackIndex(registry.host, repository, manifests);
  });
  afterAll(() => registry.stop());

  test.each([...good, ...bad])(
    '$name: $expected',
    async ({ path: own, change, expected, withReferrers = expected, ...question }) => {
      const { host } = registry;
      const at = change === undefined ? own : await pushChanged(host, own, place, images, change);
      expect(await codesOf(host, at, images, question)).toEqual(place.hasReferrers ? withReferrers : expected);
    },
  );

  test('another digest has no signature, and nothing failed', async () => {
    const digest = toDigest('another');
    expect(await codesOf(registry.host, 'legacy/p256', images, { digest })).toEqual([]);
  });
});
