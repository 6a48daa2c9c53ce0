import { writeFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { collectAttachments } from '../../../lib/bundle/create/collect-attachments.ts';
import { importAttachments } from '../../../lib/bundle/import/import-attachments.ts';
import { readSigstoreEvidence } from '../../../lib/mirror/check/evidence.ts';
import { type CopiedAttachments, copyAttachments } from '../../../lib/mirror/sigstore/copy-attachments.ts';
import { type AttachmentDestination, MAX_LEVELS, MAX_TAG_WRITES } from '../../../lib/mirror/sigstore/update-tag.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import {
  MAX_ATTACHED_SIGNATURES,
  toReferrersTag,
  toSignatureTag,
} from '../../../lib/registry/attachments/attachment.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../../../lib/registry/client/registry-client.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { createScratch, digestOf, makeBundle, makeBundleSigner, makeMirror } from '../../bundle/bundle-setup.ts';
import { type KeyPair, makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { toPem } from '../../crypto/sigstore/make-signature.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import { file, profile } from '../../trust/sample-documents.ts';
import { EMPTY, makeAttachment, makeImage, makeReferrer, NOW } from '../check/mirror-setup.ts';
import { type Conditions, createMemoryRegistry, forEveryChoice, runInterleaved } from './memory-registry.ts';

const { signal } = new AbortController();
const newPath = createScratch('merge-signatures-');
const IMAGE = makeImage('a component').digest;
const MIRROR = parseRepository('mirror.example.com/ocp/components');
const TAG = toSignatureTag(IMAGE);

/** Three that sign the same digest, each under a name and with a key of its own. */
const signers = ['quay.io/product/component', 'quay.io/team/tool', 'quay.io/other/tool'].map((name) => ({
  name: parseRepository(name),
  keys: makeKeys(),
}));
const stranger = { name: parseRepository('quay.io/stranger/tool'), keys: makeKeys() };

function toPolicy({ name, keys }: (typeof signers)[number], at: number): string {
  const keyData = Buffer.from(toPem(keys.publicKey)).toString('base64');
  return JSON.stringify({
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name: `policy-${at}` },
    spec: {
      scopes: [name],
      policy: {
        rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } },
        signedIdentity: { matchPolicy: 'MatchRepository' },
      },
    },
  });
}

const prepare = async (some: readonly (typeof signers)[number][]) =>
  await prepareTrust('acme', [
    file('profile.yaml', profile({ canonicalRepositories: ['quay.io/product/release'], bundleIdentity: 'digest' })),
    ...some.map((one, at) => file(`policy-${at}.yaml`, toPolicy(one, at))),
  ]);
const prepared = await prepare(signers);

interface Made {
  readonly manifest: Manifest;
  readonly blobs: readonly Uint8Array[];
}

function toManifest(bytes: Uint8Array, mediaType: Manifest['mediaType'] = OCI_MANIFEST): Manifest {
  return { bytes, mediaType, digest: toDigest(bytes) };
}

/** The same signature each time: what is signed once is copied often. */
function sign({ name, keys }: { readonly name: string; readonly keys: KeyPair }, count = 1): Made {
  const plans = Array.from({ length: count }, (_, at) => ({ keys, reference: `${name}:v${at}` }));
  const { bytes, blobs } = makeAttachment(IMAGE, plans);
  return { manifest: toManifest(bytes), blobs };
}
const made = signers.map((one) => sign(one));

function sourceOf(at: number, own: Made | undefined = made[at]) {
  const { name } = signers[at] ?? stranger;
  const source = createMemoryRegistry('plain', toDigest);
  if (own !== undefined) source.put(name, TAG, own.manifest, own.blobs);
  const bundle = makeReferrer(IMAGE, (signers[at] ?? stranger).keys);
  return { source, name, bundle };
}

async function copy(
  at: number,
  destination: AttachmentDestination,
  { replace = false, own, trust = prepared }: { replace?: boolean; own?: Made; trust?: typeof prepared } = {},
): Promise<CopiedAttachments> {
  const { source, name } = sourceOf(at, own);
  return await copyFrom(source, name, destination, { replace, trust });
}

async function copyFrom(
  { reader }: AttachmentDestination,
  name: (typeof stranger)['name'],
  destination: AttachmentDestination,
  { replace = false, trust = prepared } = {},
): Promise<CopiedAttachments> {
  const [copied] = await copyAttachments({
    images: [{ digest: IMAGE, repository: name, place: name, to: MIRROR, names: [] }],
    reader,
    destination,
    prepared: trust,
    replace,
    concurrency: 1,
    now: () => NOW,
    signal,
  });
  if (copied === undefined) throw new Error('nothing came back');
  return copied;
}

const shown = ({ outcome, attachments }: CopiedAttachments) => [outcome, ...attachments.map((one) => one.outcome)];

/** Whose signatures verify at the mirror, each under its own name. */
async function holdersAt({ reader }: AttachmentDestination): Promise<readonly number[]> {
  const places = { attachments: createAttachmentStore(async () => reader), registry: createMemoryManifests() };
  const found: number[] = [];
  for (const [at, { name }] of signers.entries()) {
    const question = { digest: IMAGE, repository: name, place: MIRROR };
    if ((await readSigstoreEvidence(question, prepared, places, NOW, signal)).state === 'valid') found.push(at);
  }
  return found;
}

async function bundleOf(at: number): Promise<string> {
  const { source, name } = sourceOf(at);
  const { files } = await collectAttachments({
    images: [{ digest: IMAGE, repository: name, place: name }],
    reader: source.reader,
    profiles: [prepared],
    concurrency: 1,
    now: NOW,
    signal,
  });
  const signer = await makeBundleSigner();
  const { bundle } = await makeBundle(makeMirror(signer, [digestOf('one')]), [signer.profile], { sigstore: files });
  const path = newPath('bundle.tar.gz');
  await writeFile(path, bundle);
  return path;
}

async function importFrom(source: string, destination: AttachmentDestination) {
  const { outcome, images } = await importAttachments({
    source,
    profiles: [prepared],
    destination,
    to: parseRepository('mirror.example.com/ocp/release'),
    componentsTo: MIRROR,
    replace: false,
    concurrency: 1,
    now: () => NOW,
    signal,
  });
  return [outcome, ...images.flatMap(({ attachments }) => attachments.map((one) => one.outcome))];
}

describe('a signature for another name', () => {
  test('is copied beside the one that is there, which comes first', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    expect(shown(await copy(0, mirror))).toEqual(['complete', 'copied']);
    expect(shown(await copy(1, mirror))).toEqual(['complete', 'merged']);
    expect(await holdersAt(mirror)).toEqual([0, 1]);
    const layers = made.slice(0, 2).flatMap(({ manifest }) => layersOf(manifest));
    expect(layersOf(mirror.at(MIRROR, TAG))).toEqual(layers);
    const before = mirror.at(MIRROR, TAG)?.digest;
    expect([shown(await copy(0, mirror)), shown(await copy(1, mirror))]).toEqual([
      ['complete', 'held'],
      ['complete', 'held'],
    ]);
    expect(mirror.at(MIRROR, TAG)?.digest).toBe(before);
  });

  test('is imported beside the one that is there', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    await copy(0, mirror);
    expect(await importFrom(await bundleOf(1), mirror)).toEqual(['imported', 'merged']);
    expect(await holdersAt(mirror)).toEqual([0, 1]);
  });

  test('of the same run is beside it too, with and without replacing', async () => {
    for (const replace of [false, true]) {
      const mirror = createMemoryRegistry('plain', toDigest);
      const old = sign(stranger);
      if (replace) mirror.put(MIRROR, TAG, old.manifest, old.blobs);
      const source = createMemoryRegistry('plain', toDigest);
      for (const [at, { name }] of signers.entries()) {
        const own = made[at];
        if (own !== undefined) source.put(name, TAG, own.manifest, own.blobs);
      }
      const copied = await copyAttachments({
        images: signers.map(({ name }) => ({ digest: IMAGE, repository: name, place: name, to: MIRROR, names: [] })),
        reader: source.reader,
        destination: mirror,
        prepared,
        replace,
        concurrency: 8,
        now: () => NOW,
        signal,
      });
      expect(copied.flatMap(({ attachments }) => attachments.map(({ outcome }) => outcome))).toEqual([
        replace ? 'replaced' : 'copied',
        'merged',
        'merged',
      ]);
      expect(await holdersAt(mirror)).toEqual([0, 1, 2]);
    }
  });
});

describe('what the tag names already', () => {
  const junk = sign(stranger);
  const config = {
    architecture: '',
    os: '',
    config: {},
    history: [{ created: '0001-01-01T00:00:00Z' }],
    rootfs: { type: 'layers', diff_ids: [toDigest('x')] },
  };
  const change = (own: Made | undefined, edit: (content: Record<string, unknown>) => object): Made => {
    const content = JSON.parse(Buffer.from(own?.manifest.bytes ?? '').toString()) as Record<string, unknown>;
    return { manifest: toManifest(Buffer.from(JSON.stringify(edit(content)))), blobs: own?.blobs ?? [] };
  };
  const layer = (own: Made): unknown => (layersOf(own.manifest) as unknown[])[0];
  const mixed = change(made[0], (content) => ({
    ...content,
    layers: [...(content['layers'] as unknown[]), layer(junk)],
  }));
  const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const text = (own: Made | undefined, more: string): Made => {
    const content = Buffer.from(own?.manifest.bytes ?? '').toString();
    return { manifest: toManifest(Buffer.from(`${content.slice(0, -1)},${more}}`)), blobs: own?.blobs ?? [] };
  };
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }));
  const empty = change(made[0], (content) => ({ ...content, layers: [] }));

  test.each<{ name: string; held: Made; expected: string; says?: string; keeps?: number }>([
    {
      name: 'signatures of nobody known',
      held: junk,
      expected: 'conflict',
      says: 'no signature at its tag verifies by this trust',
    },
    { name: 'an index', held: { manifest: toManifest(index, OCI_INDEX), blobs: [] }, expected: 'conflict' },
    { name: 'no layer', held: empty, expected: 'conflict' },
    {
      name: 'one that verifies, and one of nobody known',
      held: { ...mixed, blobs: [...mixed.blobs, ...junk.blobs] },
      expected: 'merged',
      keeps: 2,
    },
    { name: 'a blob that is gone', held: { ...mixed, blobs: [] }, expected: 'conflict', says: 'no sha256:' },
    {
      name: 'as many signatures as are read',
      held: sign(signers[0] ?? stranger, MAX_ATTACHED_SIGNATURES),
      expected: 'conflict',
      says: `${MAX_ATTACHED_SIGNATURES + 1} signatures`,
    },
    {
      name: 'one less',
      held: sign(signers[0] ?? stranger, MAX_ATTACHED_SIGNATURES - 1),
      expected: 'merged',
      keeps: MAX_ATTACHED_SIGNATURES - 1,
    },
    {
      name: 'as many bytes as are read',
      held: text(made[0], `"annotations":{"x":"${'x'.repeat(MAX_MANIFEST_BYTES - 700)}"}`),
      expected: 'conflict',
      says: 'a manifest of ',
    },
    {
      name: 'a manifest as deep as it may be',
      held: text(made[0], `"x":${nested(MAX_LEVELS)}`),
      expected: 'merged',
      keeps: 1,
    },
    {
      name: 'one level more',
      held: text(made[0], `"x":${nested(MAX_LEVELS + 1)}`),
      expected: 'conflict',
      says: 'nested',
    },
    {
      name: 'a manifest of ten thousand levels',
      held: text(made[0], `"x":${nested(9_000)}`),
      expected: 'conflict',
      says: 'nested',
    },
  ])('$name: $expected', async ({ held, expected, says = '', keeps = 0 }) => {
    const mirror = createMemoryRegistry('plain', toDigest);
    mirror.put(MIRROR, TAG, held.manifest, [...held.blobs, EMPTY]);
    const copied = await copy(1, mirror);
    const isKept = expected === 'conflict';
    expect(shown(copied)).toEqual([isKept ? 'conflict' : 'complete', expected]);
    expect(copied.attachments[0]?.message ?? '').toContain(says);
    if (isKept) expect(mirror.at(MIRROR, TAG)?.digest).toBe(held.manifest.digest);
    else {
      const now = layersOf(mirror.at(MIRROR, TAG)) as unknown[];
      expect(now.slice(0, -1)).toEqual(layersOf(held.manifest));
      expect(now).toHaveLength(keeps + 1);
      expect(await holdersAt(mirror)).toEqual([0, 1]);
    }
    expect(shown(await copy(1, mirror, { replace: true }))).toEqual(['complete', 'replaced']);
    expect(mirror.at(MIRROR, TAG)?.digest).toBe(made[1]?.manifest.digest);
  });

  test('a registry that fails: failed, and nothing is written', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    await copy(0, mirror);
    const failing: AttachmentDestination = {
      ...mirror,
      reader: { ...mirror.reader, readBlob: () => Promise.reject(new StoreError('Unavailable', 'later')) },
    };
    expect((await copy(1, failing)).outcome).toBe('failed');
    expect(await holdersAt(mirror)).toEqual([0]);
  });

  test('a layer of another media type is another layer', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    const disguised = change(made[1], (content) => ({
      ...content,
      layers: [
        ...(layersOf(made[0]?.manifest) as unknown[]),
        ...(content['layers'] as object[]).map((one) => ({ ...one, mediaType: 'text/plain' })),
      ],
    }));
    mirror.put(MIRROR, TAG, disguised.manifest, [...disguised.blobs, ...(made[0]?.blobs ?? [])]);
    expect(shown(await copy(1, mirror))).toEqual(['complete', 'merged']);
    expect(await holdersAt(mirror)).toEqual([0, 1]);
  });

  test('a signature of the source that does not verify is not put beside one that does', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    await copy(1, mirror);
    expect(shown(await copy(0, mirror, { own: { ...mixed, blobs: [...mixed.blobs, ...junk.blobs] } }))[1]).toBe(
      'merged',
    );
    expect(layersOf(mirror.at(MIRROR, TAG))).toEqual(
      [made[1], made[0]].flatMap((own) => layersOf(own?.manifest) as unknown[]),
    );
  });

  test('a configuration that lists layers lists the new ones', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    const bytes = Buffer.from(JSON.stringify(config));
    const own = change(made[0], (content) => ({
      ...content,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: toDigest(bytes), size: bytes.length },
    }));
    mirror.put(MIRROR, TAG, own.manifest, [...own.blobs, bytes]);
    await copy(1, mirror);
    const { config: named } = JSON.parse(Buffer.from(mirror.at(MIRROR, TAG)?.bytes ?? '').toString()) as {
      config: { digest: typeof IMAGE; size: number };
    };
    const blob = await mirror.reader.readBlob(MIRROR, named.digest, { limitBytes: 10_000, signal });
    const { history, rootfs } = JSON.parse(Buffer.from(blob).toString()) as typeof config;
    expect([named.size, history.length, rootfs.diff_ids]).toEqual([
      blob.length,
      2,
      [toDigest('x'), (layer(made[1] ?? junk) as { digest: string }).digest],
    ]);
  });

  test('a profile that knows one signer alone takes nothing from the other', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    await copy(0, mirror);
    const trust = await prepare(signers.slice(1));
    expect(shown(await copy(1, mirror, { trust }))).toEqual(['conflict', 'conflict']);
    expect(await holdersAt(mirror)).toEqual([0]);
  });
});

describe('nothing that verified is lost', () => {
  test('by any order of copies and imports', async () => {
    const bundles = await Promise.all(signers.map(async (_, at) => await bundleOf(at)));
    const step = fc.record({ at: fc.nat({ max: signers.length - 1 }), isImport: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const mirror = createMemoryRegistry('plain', toDigest);
        const expected = new Set<number>();
        for (const { at, isImport } of steps) {
          if (isImport) await importFrom(bundles[at] ?? '', mirror);
          else await copy(at, mirror);
          expected.add(at);
          expect(new Set(await holdersAt(mirror))).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  /** A tag that names a third signature, or nothing, and two copies to it at once. */
  async function race(
    conditions: Conditions,
    isEmpty: boolean,
    check: (mirror: AttachmentDestination) => Promise<void>,
  ) {
    return await forEveryChoice(async (choose) => {
      const mirror = createMemoryRegistry(conditions, toDigest);
      if (!isEmpty) await copy(2, mirror);
      const writers = [0, 1].map((at) => (destination: AttachmentDestination) => copy(at, destination));
      await runInterleaved(mirror, writers, choose);
      await check(mirror);
    });
  }

  test.each([{ isEmpty: true }, { isEmpty: false }])(
    'by any interleaving of two copies where the registry has conditional writes: %o',
    async ({ isEmpty }) => {
      const count = await race('conditional', isEmpty, async (mirror) => {
        expect(await holdersAt(mirror)).toEqual(isEmpty ? [0, 1] : [0, 1, 2]);
      });
      expect(count).toBeGreaterThan(50);
    },
  );

  test('where it has none: what was there, and after a further run all', async () => {
    const lost: number[] = [];
    const count = await race('plain', false, async (mirror) => {
      const held = await holdersAt(mirror);
      expect(held).toContain(2);
      lost.push(3 - held.length);
      for (const at of [0, 1]) await copy(at, mirror);
      expect(await holdersAt(mirror)).toEqual([0, 1, 2]);
    });
    // The last write wins only where both fall between the other's last look and its write.
    expect(lost.filter((number) => number > 0).length).toBeLessThan(count / 4);
  });

  test('where it refuses conditions that hold', async () => {
    const mirror = createMemoryRegistry('refusing', toDigest);
    for (const at of [0, 1]) await copy(at, mirror);
    expect(await holdersAt(mirror)).toEqual([0, 1]);
  });

  test('another that writes each time: failed, and not forever', async () => {
    const mirror = createMemoryRegistry('plain', toDigest);
    await copy(0, mirror);
    const own = mirror.at(MIRROR, TAG);
    let writes = 0;
    const overwriting: AttachmentDestination = {
      ...mirror,
      pusher: {
        ...mirror.pusher,
        async pushManifest(...given) {
          writes += 1;
          const answer = await mirror.pusher.pushManifest(...given);
          if (own !== undefined) mirror.put(MIRROR, TAG, own);
          return answer;
        },
      },
    };
    const copied = await copy(1, overwriting);
    expect([copied.outcome, copied.failed[0]?.message, writes]).toEqual([
      'failed',
      `${MIRROR}:${TAG} is written by others at the same time; run again`,
      MAX_TAG_WRITES,
    ]);
  });

  test('of bundles, which one index lists in a registry without referrers', async () => {
    const count = await forEveryChoice(async (choose) => {
      const mirror = createMemoryRegistry('conditional', toDigest);
      const writers = [0, 1].map((at) => async (destination: AttachmentDestination) => {
        const { source, name, bundle } = bundleSource(at);
        return [await copyFrom(source, name, destination), bundle];
      });
      await runInterleaved(mirror, writers, choose);
      const { manifests } = JSON.parse(
        Buffer.from(mirror.at(MIRROR, toReferrersTag(IMAGE))?.bytes ?? '').toString(),
      ) as { manifests: readonly { digest: string }[] };
      expect(new Set(manifests.map(({ digest }) => digest))).toEqual(
        new Set([0, 1].map((at) => bundleSource(at).bundle.digest)),
      );
    });
    expect(count).toBeGreaterThan(50);
  });
});

const bundles = signers.map(({ keys }) => makeReferrer(IMAGE, keys));

function bundleSource(at: number) {
  const { source, name } = sourceOf(at, { manifest: toManifest(EMPTY), blobs: [] });
  const bundle = bundles[at] ?? makeReferrer(IMAGE);
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ mediaType: OCI_MANIFEST, digest: bundle.digest, size: bundle.bytes.length }],
  };
  source.put(name, toReferrersTag(IMAGE), toManifest(Buffer.from(JSON.stringify(index)), OCI_INDEX));
  source.put(name, bundle.digest, toManifest(bundle.bytes), bundle.blobs);
  return { source, name, bundle };
}

function layersOf(manifest: Manifest | undefined): unknown {
  return (JSON.parse(Buffer.from(manifest?.bytes ?? '{}').toString()) as { layers?: unknown }).layers ?? [];
}
