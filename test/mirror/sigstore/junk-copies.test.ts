import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { collectAttachments } from '../../../lib/bundle/create/collect-attachments.ts';
import { readSigstoreEvidence } from '../../../lib/mirror/check/evidence.ts';
import { copyAttachments } from '../../../lib/mirror/sigstore/copy-attachments.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import { MAX_ATTACHED_SIGNATURES, toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import { toStatement } from '../../crypto/sigstore/make-bundle.ts';
import { type Beside, readBeside } from '../../registry/attachments/memory-attachments.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import {
  type MadeAttachment,
  makeAttachment,
  makeCosignReferrer,
  makeImage,
  makeReferrer,
  NOW,
  otherKeys,
  RELEASES,
  readMirrorTrust,
  wrapBundle,
} from '../check/mirror-setup.ts';
import { createMemoryRegistry } from './memory-registry.ts';

const { prepared } = await readMirrorTrust();
const { digest } = makeImage('junk copies');
const repository = parseRepository(RELEASES);
const SITE = parseRepository('mirror.example.com/site/release');
const { signal } = new AbortController();

async function copy(beside: Beside) {
  const destination = createMemoryRegistry('plain', toDigest);
  const [copied] = await copyAttachments({
    images: [{ digest, repository, place: repository, to: SITE, names: [] }],
    reader: readBeside(digest, beside),
    destination,
    replace: false,
    concurrency: 1,
    prepared,
    now: () => NOW,
    signal,
  });
  const held = await readSigstoreEvidence(
    { digest, repository, place: SITE },
    prepared,
    { attachments: createAttachmentStore(async () => destination.reader), registry: createMemoryManifests() },
    NOW,
    signal,
  );
  return { copied, held: held.state, destination };
}

const collect = async (beside: Beside) =>
  await collectAttachments({
    images: [{ digest, repository, place: repository }],
    reader: readBeside(digest, beside),
    profiles: [prepared],
    concurrency: 1,
    now: NOW,
    signal,
  });

const long = Buffer.alloc(512 * 1024, ' ');

/** A `.sig` manifest with a further layer, which is not read. */
function addLayer({ bytes, blobs }: MadeAttachment, layer: object, blob?: Buffer): MadeAttachment {
  const content = JSON.parse(bytes.toString()) as { readonly layers: readonly object[] };
  const layers = [layer, ...content.layers];
  return {
    bytes: Buffer.from(JSON.stringify({ ...content, layers })),
    blobs: blob === undefined ? blobs : [...blobs, blob],
  };
}

const type = 'application/vnd.dev.cosign.simplesigning.v1+json';
const annotations = { 'dev.cosignproject.cosign/signature': 'AAAA' };
const longLayer = { mediaType: type, digest: toDigest(long), size: long.length, annotations };
const missingLayer = { mediaType: type, digest: toDigest('missing'), size: 7, annotations };
const strangeLayer = { mediaType: type, digest: 'x', size: 7 };

const HINDERED: readonly { name: string; tag: MadeAttachment }[] = [
  { name: 'a layer that is too long', tag: addLayer(makeAttachment(digest), longLayer, long) },
  { name: 'a layer that is missing', tag: addLayer(makeAttachment(digest), missingLayer) },
  { name: 'a layer without a digest', tag: addLayer(makeAttachment(digest), strangeLayer) },
  {
    name: 'more blobs than are read',
    tag: makeAttachment(digest, [
      {},
      ...Array.from({ length: MAX_ATTACHED_SIGNATURES + 2 }, (_, at) => ({ reference: `${RELEASES}:${at}` })),
    ]),
  },
];

describe('a `.sig` tag that cannot be copied whole', () => {
  test.each(HINDERED)('$name: what verifies is copied, and the rest is named', async ({ tag }) => {
    const { copied, held, destination } = await copy({ tag });
    expect([copied?.outcome, copied?.attachments.map(({ outcome }) => outcome), held]).toEqual([
      'complete',
      ['copied'],
      'valid',
    ]);
    expect(copied?.failed.length).toBeGreaterThan(0);
    const made = JSON.parse(Buffer.from(destination.at(SITE, toSignatureTag(digest))?.bytes ?? []).toString()) as {
      readonly layers: readonly { readonly digest: string }[];
    };
    expect(made.layers.map((layer) => layer.digest)).not.toContain(toDigest(long));
  });

  test.each(HINDERED)('$name: a bundle has what verifies, and names the rest', async ({ tag }) => {
    const { attachments, leftOut } = await collect({ tag });
    expect([attachments, leftOut.length]).toEqual([1, 1]);
  });

  test('nothing in it verifies: nothing is copied', async () => {
    const tag = addLayer(makeAttachment(digest, [{ keys: otherKeys }]), missingLayer);
    const { copied, held, destination } = await copy({ tag });
    expect([copied?.outcome, held, destination.at(SITE, toSignatureTag(digest))]).toEqual([
      'failed',
      'absent',
      undefined,
    ]);
  });
});

describe('junk among referrers', () => {
  const junk = [makeReferrer(digest, otherKeys), wrapBundle(digest, Buffer.from('{')), wrapBundle(digest, long)];

  test.each([
    { name: 'a bundle', good: makeReferrer(digest) },
    { name: 'simple signing', good: makeCosignReferrer(digest, [{}, {}]) },
  ])('$name is copied from among it, byte for byte', async ({ good }) => {
    const [first = good, ...others] = junk;
    const { copied, held, destination } = await copy({ referrers: [first, good, ...others] });
    expect([copied?.outcome, copied?.attachments.length, held]).toEqual(['complete', 1, 'valid']);
    expect(destination.at(SITE, good.digest)?.bytes).toEqual(good.bytes);
    const { attachments, leftOut } = await collect({ referrers: [first, good, ...others] });
    expect([attachments, leftOut.length]).toEqual([1, junk.length]);
  });

  test('provenance is neither copied nor left out: it is no signature', async () => {
    const provenance = makeReferrer(digest, undefined, toStatement([digest], 'https://slsa.dev/provenance/v1'));
    const { copied, held } = await copy({ referrers: [provenance] });
    expect([copied?.outcome, copied?.rejected, copied?.failed, held]).toEqual(['absent', [], [], 'absent']);
  });
});
