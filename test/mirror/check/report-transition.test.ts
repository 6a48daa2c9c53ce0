import { afterEach, expect, test } from 'vitest';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { LeftOutPayload } from '../../../lib/mirror/check/check-mirror.ts';
import { reportTransition } from '../../../lib/mirror/check/report-transition.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import { toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import { createNodeAttachmentStore } from '../../../lib/registry/attachments/node-store.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import {
  type MadeAttachment,
  makeAttachment,
  makeImage,
  makeList,
  NOW,
  openpgpSigner,
  otherKeys,
  RELEASES,
  readMirrorTrust,
} from './mirror-setup.ts';

const setup = createSetup();
afterEach(() => setup.close());

const images = ['both', 'only OpenPGP', 'only Sigstore', 'neither', 'other key', 'broken'].map(makeImage);
const [both, onlyOpenpgp, onlySigstore, neither, otherKey, broken] = images.map(({ digest }) => digest) as [
  Digest,
  Digest,
  Digest,
  Digest,
  Digest,
  Digest,
];
const child = makeImage('child');
const unsignedChild = makeImage('unsigned child');
const list = makeList([child.digest]);
const partList = makeList([child.digest, unsignedChild.digest]);
const ownList = makeList([unsignedChild.digest]);
const nestedList = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ mediaType: OCI_INDEX, digest: toDigest(list), size: list.length }],
  }),
);
const lost = makeImage('lost').digest;
const signedByOpenpgp = [
  both,
  onlyOpenpgp,
  otherKey,
  broken,
  lost,
  ...[list, partList, ownList, nestedList].map((bytes) => toDigest(bytes)),
];
const attached = new Map<Digest, MadeAttachment>([
  ...[both, onlySigstore, child.digest, lost, toDigest(ownList), toDigest(nestedList)].map(
    (digest) => [digest, makeAttachment(digest)] as const,
  ),
  [otherKey, makeAttachment(otherKey, [{ keys: otherKeys }])],
]);

async function serve(): Promise<string> {
  const contents = new Map<string, { readonly type: string; readonly bytes: Uint8Array }>();
  const add = (path: string, bytes: Uint8Array, type: string) =>
    contents.set(`/v2/mirror/release/${path}`, { bytes, type });
  for (const [digest, { bytes, blobs }] of attached) {
    add(`manifests/${toSignatureTag(digest)}`, bytes, OCI_MANIFEST);
    for (const blob of blobs) add(`blobs/${toDigest(blob)}`, blob, 'application/octet-stream');
  }
  for (const name of ['both', 'only OpenPGP', 'only Sigstore', 'neither', 'other key', 'broken']) {
    const { digest, bytes } = makeImage(name);
    add(`manifests/${digest}`, bytes, OCI_MANIFEST);
  }
  for (const { bytes, digest } of [child, unsignedChild]) add(`manifests/${digest}`, bytes, OCI_MANIFEST);
  for (const bytes of [list, partList, ownList, nestedList]) add(`manifests/${toDigest(bytes)}`, bytes, OCI_INDEX);
  const { host } = await setup.serve((request, response) => {
    const found = contents.get(request.url ?? '');
    if (request.url?.includes(broken.replace(':', '-')) === true) response.writeHead(500).end();
    else if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': found.type }).end(found.bytes);
  });
  return host;
}

async function report(digests: readonly Digest[], change: object = {}, leftOut: readonly LeftOutPayload[] = []) {
  const host = await serve();
  const registry = setup.connect({ allowed: [host], plain: [host] });
  return await reportTransition({
    releases: digests.map((digest) => ({ digest, versions: ['4.99.0'], repository: parseRepository(RELEASES) })),
    leftOut,
    mirror: parseRepository(`${host}/mirror/release`),
    trust: await readMirrorTrust(change),
    registry,
    attachments: createAttachmentStore(async () => registry),
    nodeAttachments: createNodeAttachmentStore(async () => registry),
    signatures: createMemorySignatureStore(
      new Map(signedByOpenpgp.map((digest) => [digest, [openpgpSigner.sign(digest, RELEASES)]])),
    ),
    concurrency: 4,
    now: () => NOW,
    signal: new AbortController().signal,
  });
}

test.each([
  { name: 'signed by both', digest: both, expected: ['ready', 'both', 'valid', 'valid'] },
  { name: 'by OpenPGP alone', digest: onlyOpenpgp, expected: ['not ready', 'openpgp only', 'valid', 'absent'] },
  { name: 'by Sigstore alone', digest: onlySigstore, expected: ['not ready', 'sigstore only', 'absent', 'valid'] },
  { name: 'by neither', digest: neither, expected: ['not ready', 'neither', 'absent', 'absent'] },
  { name: 'by another Sigstore key', digest: otherKey, expected: ['not ready', 'openpgp only', 'valid', 'invalid'] },
  { name: 'a registry that fails', digest: broken, expected: ['unknown', 'unknown', 'valid', 'failed'] },
  { name: 'a list whose images are signed', digest: toDigest(list), expected: ['ready', 'both', 'valid', 'valid'] },
  {
    name: 'a list of which one image is not',
    digest: toDigest(partList),
    expected: ['not ready', 'openpgp only', 'valid', 'absent'],
  },
  {
    name: 'a list that is signed itself, and its image is not',
    digest: toDigest(ownList),
    expected: ['not ready', 'openpgp only', 'valid', 'absent'],
  },
  {
    name: 'a list in a list',
    digest: toDigest(nestedList),
    expected: ['not ready', 'openpgp only', 'valid', 'invalid'],
  },
  {
    name: 'a signature without the manifest: the mirror lacks the release',
    digest: lost,
    expected: ['not ready', 'openpgp only', 'valid', 'absent'],
  },
])('$name: $expected', async ({ digest, expected }) => {
  const { outcome, releases } = await report([digest]);
  expect([outcome, ...releases.flatMap((one) => [one.readiness, one.openpgp.state, one.sigstore.state])]).toEqual(
    expected,
  );
});

test('each release is counted once; a no outweighs what is not known', async () => {
  const { outcome, counts } = await report([both, onlyOpenpgp, onlySigstore, neither, otherKey, broken]);
  expect([outcome, counts]).toEqual([
    'not ready',
    { both: 1, 'openpgp only': 2, 'sigstore only': 1, neither: 1, unknown: 1, unasked: 0 },
  ]);
});

test.each([{ require: 'openpgp' }, { require: 'sigstore' }, { imagePolicies: [] }])(
  'a profile that asks for one kind alone knows nothing of the other: %o',
  async (change) => {
    const { outcome, counts } = await report([both], change);
    expect([outcome, counts.unasked]).toEqual(['not ready', 1]);
  },
);

test('a payload of the graph that was left out keeps what is signed by both from being ready, and no no from being one', async () => {
  const leftOut = [{ pullspec: `other.example/release@${both}`, versions: ['4.99.1'] }];
  expect(await report([both], {}, leftOut)).toMatchObject({ outcome: 'unknown', leftOut });
  expect((await report([neither], {}, leftOut)).outcome).toBe('not ready');
  expect(await report([both])).not.toHaveProperty('leftOut');
});

test('no release is not ready', async () => {
  expect((await report([])).outcome).toBe('not ready');
});
