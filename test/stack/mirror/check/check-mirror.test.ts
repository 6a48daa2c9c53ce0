import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import type { CheckedImage } from '../../../../lib/mirror/check/check-image.ts';
import { checkMirror, type MirrorCheckRequest } from '../../../../lib/mirror/check/check-mirror.ts';
import { createAttachmentStore } from '../../../../lib/registry/attachments/attachment-store.ts';
import { toSignatureTag } from '../../../../lib/registry/attachments/attachment.ts';
import { createNodeAttachmentStore } from '../../../../lib/registry/attachments/node-store.ts';
import type { ReadyTrust } from '../../../../lib/trust/source/trust-source.ts';
import {
  COMPONENTS,
  MIRROR,
  makeAttachment,
  makeImage,
  makeList,
  makeReferrer,
  NOW,
  openpgpSigner,
  otherKeys,
  pushAttachment,
  pushImage,
  pushReferrer,
  RELEASES,
  readMirrorTrust,
} from '../../../mirror/check/mirror-setup.ts';
import { pushManifest } from '../../../registry/client/push-content.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../../registry/client/start-registry.ts';
import { createMemorySignatureStore } from '../../../support/memory-signature-store.ts';
import { findTool } from '../../../support/tools.ts';

const program = findTool('docker-registry');
const setup = createSetup();
const trust = await readMirrorTrust();
const { signal } = new AbortController();

/** Each release by its name, which says what the mirror has of it. */
const names = [
  'complete',
  'without .sig',
  'corrupted .sig',
  'other bytes in .sig',
  'missing',
  'bundle',
  'other key',
  'unsigned',
];
const images = new Map(names.map((name) => [name, makeImage(name)]));
const digestOf = (name: string): Digest => images.get(name)?.digest ?? makeImage(name).digest;
const amd64 = makeImage('amd64');
const arm64 = makeImage('arm64');
const list = makeList([amd64.digest, arm64.digest]);
const component = makeImage('component');
const signed = [...names.filter((name) => name !== 'unsigned').map(digestOf), amd64.digest, arm64.digest];
const byOpenpgp = (digests: readonly Digest[]) =>
  createMemorySignatureStore(new Map(digests.map((digest) => [digest, [openpgpSigner.sign(digest, RELEASES)]])));

type Asked = Partial<Omit<MirrorCheckRequest, 'releases'>> & {
  readonly digests: readonly Digest[];
  readonly trust?: ReadyTrust;
};

async function check(host: string, { digests, ...more }: Asked) {
  const registry = setup.connect({ allowed: [host], plain: [host] });
  const releases = digests.map((digest) => ({ digest, versions: ['4.99.0'], repository: parseRepository(RELEASES) }));
  return await checkMirror({
    mirror: parseRepository(`${host}/${MIRROR}`),
    releases,
    trust,
    registry,
    attachments: createAttachmentStore(async () => registry),
    nodeAttachments: createNodeAttachmentStore(async () => registry),
    signatures: byOpenpgp(signed),
    concurrency: 4,
    now: () => NOW,
    signal,
    ...more,
  });
}

const states = ({ outcome, manifest, sigstore, openpgp }: CheckedImage) =>
  `${outcome}: ${manifest.state}, ${sigstore.state}, ${openpgp.state}`;

function testMirror(installed: string): void {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry(installed);
    const { host } = registry;
    for (const [name, { bytes }] of images) if (name !== 'missing') await pushImage(host, bytes);
    for (const name of ['complete', 'other bytes in .sig', 'unsigned']) {
      await pushAttachment(host, digestOf(name), makeAttachment(digestOf(name)));
    }
    const change = (text: string) => `${text.slice(0, 20)}${text[20] === 'A' ? 'B' : 'A'}${text.slice(21)}`;
    await pushAttachment(host, digestOf('corrupted .sig'), makeAttachment(digestOf('corrupted .sig'), [{ change }]));
    await pushAttachment(host, digestOf('other key'), makeAttachment(digestOf('other key'), [{ keys: otherKeys }]));
    const { blobs } = makeAttachment(digestOf('other bytes in .sig'));
    await registry.falsify(toDigestOf(blobs[1]), Buffer.from('other bytes'));
    await pushReferrer(host, digestOf('bundle'), makeReferrer(digestOf('bundle')), { isListed: true });
    for (const { bytes, digest } of [amd64, arm64]) {
      await pushImage(host, bytes);
      await pushAttachment(host, digest, makeAttachment(digest));
    }
    await pushManifest(host, MIRROR, { reference: 'list', mediaType: OCI_INDEX, bytes: list });
  });
  afterAll(async () => {
    await setup.close();
    await registry.stop();
  });

  test.each([
    { name: 'complete', expected: 'complete: present, valid, valid' },
    { name: 'without .sig', expected: 'incomplete: present, absent, valid' },
    { name: 'corrupted .sig', expected: 'incomplete: present, invalid, valid' },
    { name: 'missing', expected: 'incomplete: absent, absent, valid' },
    { name: 'other bytes in .sig', expected: 'incomplete: present, invalid, valid' },
    { name: 'other key', expected: 'incomplete: present, invalid, valid' },
    // It verifies, and nodes cannot read it yet.
    { name: 'bundle', expected: 'incomplete: present, unreadable, valid' },
    { name: 'unsigned', expected: 'incomplete: present, valid, absent' },
  ])('$name: $expected', async ({ name, expected }) => {
    const { images: checked, outcome } = await check(registry.host, { digests: [digestOf(name)] });
    expect(checked.map(states)).toEqual([expected]);
    expect(outcome).toBe(expected.split(':', 1)[0]);
    for (const { manifest, sigstore, openpgp } of checked) {
      const open = [manifest, sigstore, openpgp].filter(({ state }) => !['valid', 'present'].includes(state));
      expect(open.every(({ reasons }) => reasons.length > 0)).toBe(true);
    }
  });

  test('all at once, in the order that was asked for', async () => {
    const seen: string[] = [];
    const onProgress = (done: number, total: number) => seen.push(`${done}/${total}`);
    const { images: checked, outcome } = await check(registry.host, { digests: names.map(digestOf), onProgress });
    expect(checked.map(({ digest }) => digest)).toEqual(names.map(digestOf));
    expect(outcome).toBe('incomplete');
    expect(seen.at(-1)).toBe(`${names.length}/${names.length}`);
  });

  test('a list has no .sig of its own, and each of its images is looked at', async () => {
    const signatures = byOpenpgp([...signed, toDigestOf(list)]);
    const { images: checked, outcome } = await check(registry.host, { digests: [toDigestOf(list)], signatures });
    expect(checked.map((image) => [states(image), image.names.join()])).toEqual([
      ['complete: present, valid, valid', '4.99.0'],
      ['complete: present, valid, valid', '4.99.0 amd64'],
      ['complete: present, valid, valid', '4.99.0 arm64'],
    ]);
    expect(outcome).toBe('complete');
  });

  test('components are looked for where they are mirrored, once, and need no OpenPGP signature', async () => {
    const { host } = registry;
    const place = 'mirror/components';
    await pushImage(host, component.bytes, place);
    await pushAttachment(
      host,
      component.digest,
      makeAttachment(component.digest, [{ reference: `${COMPONENTS}@${component.digest}` }]),
      place,
    );
    const one = { repository: parseRepository(COMPONENTS), digest: component.digest, name: 'etcd' };
    const components = {
      mirror: parseRepository(`${host}/${place}`),
      list: async () => [one, { ...one, name: 'again' }, { ...one, name: 'gone', digest: digestOf('missing') }],
    };
    const { images: checked } = await check(host, { digests: [digestOf('complete'), digestOf('bundle')], components });
    expect(checked.slice(2).map((image) => [states(image), image.names.join()])).toEqual([
      ['complete: present, valid, unasked', 'etcd'],
      ['incomplete: absent, absent, unasked', 'gone'],
    ]);
  });

  describe('a component that is a list', () => {
    const place = 'mirror/lists';
    const [one, other] = [makeImage('part amd64'), makeImage('part arm64')];
    const attestation = makeImage('attestation');
    const signPart = (digest: Digest) => makeAttachment(digest, [{ reference: `${COMPONENTS}@${digest}` }]);
    const toEntry = (digest: Digest, more: object = {}) => ({
      mediaType: OCI_MANIFEST,
      digest,
      size: 1,
      platform: { architecture: 'amd64', os: 'linux' },
      ...more,
    });
    const toIndex = (manifests: readonly object[]): Buffer =>
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
    const whole = makeList([one.digest, other.digest]);
    const attested = toIndex([
      toEntry(one.digest),
      toEntry(attestation.digest, { platform: { architecture: 'unknown', os: 'unknown' } }),
    ]);
    const refusing = toIndex([toEntry(toDigest(whole), { mediaType: OCI_INDEX })]);
    const lying = toIndex([toEntry(toDigest(whole))]);

    interface Row {
      readonly name: string;
      readonly list: Buffer;
      readonly has: readonly (typeof one)[];
      readonly signed: readonly Digest[];
      readonly expected: readonly string[];
    }
    const complete = 'complete: present, valid, unasked';
    const open = 'incomplete: present, absent, unasked';
    test.each<Row>([
      {
        name: 'whole',
        list: whole,
        has: [one, other],
        signed: [one.digest, other.digest],
        expected: ['complete', complete, complete, complete],
      },
      {
        name: 'without its images',
        list: whole,
        has: [],
        signed: [],
        expected: ['incomplete', open, ...Array<string>(2).fill('incomplete: absent, absent, unasked')],
      },
      {
        name: 'of which one image is not signed',
        list: whole,
        has: [one, other],
        signed: [one.digest],
        expected: ['incomplete', open, complete, open],
      },
      {
        name: 'that is signed itself, and its images are not',
        list: whole,
        has: [one, other],
        signed: [toDigest(whole)],
        expected: ['incomplete', open, open, open],
      },
      {
        name: 'with an attestation that is not there',
        list: attested,
        has: [one],
        signed: [one.digest],
        expected: ['complete', complete, complete],
      },
      {
        name: 'with a list in it',
        list: refusing,
        has: [one, other],
        signed: [one.digest, other.digest],
        expected: ['incomplete', 'incomplete: invalid, invalid, unasked'],
      },
      {
        name: 'with a list in it that is called an image',
        list: lying,
        has: [one, other],
        signed: [one.digest, other.digest, toDigest(whole)],
        expected: ['incomplete', 'incomplete: present, invalid, unasked', 'incomplete: invalid, valid, unasked'],
      },
    ])('$name: $expected', async ({ list: bytes, has, signed: parts, expected }) => {
      const own = await startRegistry(installed);
      try {
        const { host } = own;
        for (const image of has) await pushImage(host, image.bytes, place);
        // The registry takes a list without its images by digest only where it does not look.
        const server = await serveLists(host, [bytes, whole]);
        for (const digest of parts) await pushAttachment(host, digest, signPart(digest), place);
        const components = {
          mirror: parseRepository(`${server}/${place}`),
          list: async () => [{ name: 'cli', repository: parseRepository(COMPONENTS), digest: toDigest(bytes) }],
        };
        const registryOf = setup.connect({ allowed: [server, registry.host], plain: [server, registry.host] });
        const { images: checked, outcome } = await check(registry.host, {
          digests: [digestOf('complete')],
          components,
          registry: registryOf,
          attachments: createAttachmentStore(async () => registryOf),
          nodeAttachments: createNodeAttachmentStore(async () => registryOf),
        });
        expect([outcome, ...checked.slice(1).map(states)]).toEqual(expected);
      } finally {
        await own.stop();
      }
    });

    /** The registry, with lists beside what it has: it takes none whose images it lacks. */
    async function serveLists(upstream: string, lists: readonly Buffer[]): Promise<string> {
      const { host } = await setup.serve((request, response) => {
        const found = lists.find((bytes) => request.url === `/v2/${place}/manifests/${toDigest(bytes)}`);
        if (found !== undefined) {
          response.writeHead(200, { 'content-type': OCI_INDEX }).end(found);
          return;
        }
        const passOn = async (): Promise<void> => {
          const headers = { accept: request.headers.accept ?? '*/*' };
          const answer = await fetch(`http://${upstream}${request.url}`, { headers });
          const type = answer.headers.get('content-type') ?? 'text/plain';
          response.writeHead(answer.status, { 'content-type': type }).end(await answer.bytes());
        };
        void passOn();
      });
      return host;
    }
  });

  test('a component under two names is looked at under each', async () => {
    const { host } = registry;
    await pushImage(host, component.bytes, 'mirror/names');
    const one = { name: 'etcd', repository: parseRepository(COMPONENTS), digest: component.digest };
    const components = {
      mirror: parseRepository(`${host}/mirror/names`),
      list: async () => [{ ...one, name: 'free', repository: parseRepository('registry.example.com/free/x') }, one],
    };
    const { images: checked } = await check(host, { digests: [digestOf('complete')], components });
    expect(checked.slice(1).map(states)).toEqual([
      'complete: present, unasked, unasked',
      'incomplete: present, absent, unasked',
    ]);
  });

  test('components that cannot be listed leave the answer open', async () => {
    const failing = () => Promise.reject(new StoreError('Unavailable', 'later'));
    const components = { mirror: parseRepository(`${registry.host}/${MIRROR}`), list: failing };
    const { outcome, unlisted } = await check(registry.host, { digests: [digestOf('complete')], components });
    expect([outcome, unlisted]).toEqual(['indeterminate', [{ digest: digestOf('complete'), message: 'later' }]]);
  });

  test.each([
    { require: 'openpgp', expected: 'complete: present, unasked, valid' },
    { require: 'sigstore', expected: 'incomplete: present, absent, unasked' },
  ])('require: $require: $expected', async ({ require, expected }) => {
    const profile = await readMirrorTrust({ require });
    const { images: checked } = await check(registry.host, { digests: [digestOf('without .sig')], trust: profile });
    expect(checked.map(states)).toEqual([expected]);
  });
}

function toDigestOf(bytes: Uint8Array | undefined): Digest {
  if (bytes === undefined) throw new Error('there is no blob');
  return toDigest(bytes);
}

describe('a mirror that does not answer', () => {
  test.each([
    {
      name: 'for the manifest',
      failing: `manifests/${digestOf('complete')}`,
      expected: 'indeterminate: failed, failed, valid',
    },
    {
      name: 'for the .sig tag',
      failing: toSignatureTag(digestOf('complete')),
      expected: 'indeterminate: present, failed, valid',
    },
    { name: 'for referrers', failing: '/referrers/', expected: 'indeterminate: present, failed, valid' },
  ])('$name: $expected', async ({ failing, expected }) => {
    const { bytes } = makeImage('complete');
    const server = await setup.serve((request, response) => {
      const url = request.url ?? '';
      if (url.endsWith(failing) || (failing.endsWith('/') && url.includes(failing))) response.writeHead(500).end();
      else if (url.endsWith(digestOf('complete')) && !url.includes('/referrers/')) {
        response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(bytes);
      } else response.writeHead(404).end();
    });
    const { images: checked } = await check(server.host, { digests: [digestOf('complete')] });
    // What could not be read may be a list, which needs no signature of its own.
    expect(checked.map(states)).toEqual([expected]);
  });

  test('nothing to check is no complete mirror', async () => {
    expect((await check('127.0.0.1:1', { digests: [] })).outcome).toBe('incomplete');
  });
});

if (program === undefined) {
  test.skip('mirror check against a registry: not installed; apt-get install docker-registry');
} else {
  describe('a mirror in a real registry', () => {
    testMirror(program);
  });
}
