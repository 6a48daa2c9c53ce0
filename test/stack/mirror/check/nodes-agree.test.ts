import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { readReadyEvidence } from '../../../../lib/mirror/check/check-image.ts';
import { createAttachmentStore } from '../../../../lib/registry/attachments/attachment-store.ts';
import { toReferrersTag, toSignatureTag } from '../../../../lib/registry/attachments/attachment.ts';
import { createNodeAttachmentStore } from '../../../../lib/registry/attachments/node-store.ts';
import { prepareTrust } from '../../../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../../../lib/trust/source/trust-source.ts';
import { makeBundle, toStatement } from '../../../crypto/sigstore/make-bundle.ts';
import { type KeyPair, makeKeys } from '../../../crypto/sigstore/make-certificate.ts';
import { makePrehashed } from '../../../crypto/sigstore/make-prehashed.ts';
import { toPayload, toPem } from '../../../crypto/sigstore/make-signature.ts';
import {
  cosignKeys,
  type MadeAttachment,
  MIRROR,
  makeAttachment,
  makeCosignReferrer,
  makeImage,
  makeList,
  makeReferrer,
  NOW,
  otherKeys,
  RELEASES,
  readMirrorTrust,
  type SignaturePlan,
  wrapBundle,
} from '../../../mirror/check/mirror-setup.ts';
import {
  createSetup,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  toDigest,
} from '../../../registry/client/registry-setup.ts';
import { findTool } from '../../../support/tools.ts';
import { file, profile } from '../../../trust/sample-documents.ts';
import { askNodeLibrary } from '../../node-library/ask-node-library.ts';

const program = findTool('node-library');
const { prepared } = await readMirrorTrust();
const { signal } = new AbortController();

interface Layer {
  digest?: string;
  mediaType?: unknown;
  annotations?: Record<string, unknown> | null;
  size?: number;
}

interface Content {
  layers: Layer[];
  mediaType?: string;
}

/** Changes a `.sig` manifest after it was made. */
function change(
  { bytes, blobs }: MadeAttachment,
  edit: (content: Content) => void,
  more: readonly Buffer[] = [],
): MadeAttachment {
  const content = JSON.parse(bytes.toString()) as Content;
  edit(content);
  return { bytes: Buffer.from(JSON.stringify(content)), blobs: [...blobs, ...more] };
}

const junk: SignaturePlan = { change: () => '%%%' };
const small = Buffer.alloc(512 * 1024, ' ');
const long = Buffer.alloc(4 * 1024 * 1024 + 1, ' ');
const layerOf = (bytes: Buffer, mediaType: string): Layer => ({
  mediaType,
  digest: toDigest(bytes),
  size: bytes.length,
});
const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';

interface Laid {
  readonly tag?: MadeAttachment;
  readonly tagType?: string;
  readonly referrers?: readonly MadeAttachment[];
}

/** What lies beside an image, by its digest; and whether nodes pull it. */
const ROWS: readonly { name: string; lay: (digest: Digest) => Laid; nodes: 'yes' | 'no'; state: string }[] = [
  { name: 'nothing', lay: () => ({}), nodes: 'no', state: 'absent' },
  { name: 'a tag', lay: (digest) => ({ tag: makeAttachment(digest) }), nodes: 'yes', state: 'valid' },
  {
    name: 'a tag by another key',
    lay: (digest) => ({ tag: makeAttachment(digest, [{ keys: otherKeys }]) }),
    nodes: 'no',
    state: 'invalid',
  },
  {
    name: 'a bundle alone',
    lay: (digest) => ({ referrers: [makeReferrer(digest)] }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'simple signing by referrers alone',
    lay: (digest) => ({ referrers: [makeCosignReferrer(digest)] }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'a bundle beside a tag',
    lay: (digest) => ({ tag: makeAttachment(digest), referrers: [makeReferrer(digest)] }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a bundle beside a tag by another key',
    lay: (digest) => ({ tag: makeAttachment(digest, [{ keys: otherKeys }]), referrers: [makeReferrer(digest)] }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'a good layer behind junk',
    lay: (digest) => ({ tag: makeAttachment(digest, [{ keys: otherKeys }, junk, {}]) }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a good layer behind 200 others',
    lay: (digest) => ({
      tag: makeAttachment(digest, [
        ...Array.from({ length: 200 }, (_, at): SignaturePlan => ({
          change: () => Buffer.from(`junk ${at}`).toString('base64'),
        })),
        {},
      ]),
    }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a layer twice',
    lay: (digest) => ({ tag: makeAttachment(digest, [junk, junk, {}]) }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a statement in the tag',
    lay: (digest) => ({
      tag: change(
        makeAttachment(digest),
        ({ layers }) => layers.unshift(layerOf(statement, 'application/vnd.in-toto+json')),
        [statement],
      ),
    }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a layer of half a megabyte',
    lay: (digest) => ({
      tag: change(makeAttachment(digest), ({ layers }) => layers.unshift(layerOf(small, SIMPLE)), [small]),
    }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a layer that is longer than nodes read',
    lay: (digest) => ({
      tag: change(makeAttachment(digest), ({ layers }) => layers.unshift(layerOf(long, SIMPLE)), [long]),
    }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'a layer that is missing, behind the good one',
    lay: (digest) => ({
      tag: change(makeAttachment(digest), ({ layers }) => layers.push(layerOf(Buffer.from('missing'), SIMPLE))),
    }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'a statement that is missing',
    lay: (digest) => ({
      tag: change(makeAttachment(digest), ({ layers }) =>
        layers.push(layerOf(Buffer.from('gone'), 'application/vnd.in-toto+json')),
      ),
    }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'a layer without a digest',
    lay: (digest) => ({
      tag: change(makeAttachment(digest), ({ layers }) => layers.push({ mediaType: SIMPLE, digest: 'x', size: 1 })),
    }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'an annotation that is no text',
    lay: (digest) => ({
      tag: change(makeAttachment(digest, [{}, {}]), ({ layers }) => {
        const last = layers.at(-1);
        if (last !== undefined) last.annotations = { ...last.annotations, other: 7 };
      }),
    }),
    nodes: 'no',
    state: 'unreadable',
  },
  {
    name: 'annotations that are null',
    lay: (digest) => ({
      tag: change(
        makeAttachment(digest),
        ({ layers }) => layers.unshift({ ...layerOf(statement, SIMPLE), annotations: null }),
        [statement],
      ),
    }),
    nodes: 'yes',
    state: 'valid',
  },
  {
    name: 'a tag of the type of Docker',
    lay: (digest) => ({
      tag: change(makeAttachment(digest), (content) => {
        content.mediaType = DOCKER_MANIFEST;
      }),
      tagType: DOCKER_MANIFEST,
    }),
    nodes: 'no',
    state: 'unreadable',
  },
];

const ARCHITECTURES = ['amd64', 'arm64', 'ppc64le', 's390x'];

/** Every form that a registry may hold beside an image, and whether nodes read it. */
const FORMS: readonly { name: string; lay: (digest: Digest) => Laid; nodes: 'yes' | 'no' }[] = [
  { name: 'nothing', lay: () => ({}), nodes: 'no' },
  { name: 'a tag', lay: (digest) => ({ tag: makeAttachment(digest) }), nodes: 'yes' },
  { name: 'a tag of another image', lay: () => ({ tag: makeAttachment(toDigest('other')) }), nodes: 'no' },
  {
    name: 'a tag by another key',
    lay: (digest) => ({ tag: makeAttachment(digest, [{ keys: otherKeys }]) }),
    nodes: 'no',
  },
  { name: 'a bundle', lay: (digest) => ({ referrers: [makeReferrer(digest)] }), nodes: 'no' },
  { name: 'simple signing', lay: (digest) => ({ referrers: [makeCosignReferrer(digest)] }), nodes: 'no' },
  {
    name: 'a bundle and simple signing',
    lay: (digest) => ({ referrers: [makeReferrer(digest), makeCosignReferrer(digest)] }),
    nodes: 'no',
  },
  {
    name: 'all of them',
    lay: (digest) => ({
      tag: makeAttachment(digest),
      referrers: [makeReferrer(digest), makeCosignReferrer(digest)],
    }),
    nodes: 'yes',
  },
  { name: 'a layer twice', lay: (digest) => ({ tag: makeAttachment(digest, [junk, junk, {}, {}]) }), nodes: 'yes' },
  {
    name: 'more than 128 layers',
    lay: (digest) => ({
      tag: makeAttachment(digest, [...Array.from({ length: 140 }, () => ({ keys: otherKeys })), {}]),
    }),
    nodes: 'yes',
  },
];

function toIndex(entries: readonly object[]): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }));
}

describe.skipIf(program === undefined)('whether nodes can pull, beside the library of nodes', () => {
  const setup = createSetup();
  const manifests = new Map<string, { readonly bytes: Buffer; readonly mediaType: string }>();
  const blobs = new Map<string, Buffer>();
  /** What the registry answers for referrers; undefined for one without the API. */
  let referrersApi: Map<string, Buffer> | undefined;
  let work = '';
  let host = '';
  const at = (name: string): string => path.join(work, name);

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-nodes-agree-'));
    ({ host } = await setup.serve((request, response) => {
      const [, kind, name = ''] = new RegExp(`^/v2/${MIRROR}/(manifests|blobs)/([^?]+)`).exec(request.url ?? '') ?? [];
      const manifest = kind === 'manifests' ? manifests.get(name) : undefined;
      const bytes = kind === 'blobs' ? blobs.get(name) : manifest?.bytes;
      const [, subject = ''] = new RegExp(`^/v2/${MIRROR}/referrers/([^?]+)`).exec(request.url ?? '') ?? [];
      if (request.url === '/v2/') response.end('{}');
      else if (referrersApi !== undefined && subject !== '') {
        response.setHeader('content-type', OCI_INDEX);
        response.end(referrersApi.get(subject) ?? toIndex([]));
      } else if (bytes === undefined) response.writeHead(404).end();
      else {
        response.setHeader('content-type', manifest?.mediaType ?? 'application/octet-stream');
        response.setHeader('docker-content-digest', toDigest(bytes));
        response.end(bytes);
      }
    }));
    await writeFile(at('policy.json'), formatPolicy({ keyData: toData(cosignKeys) }));
    const mirror = `[[registry]]\nlocation = "${RELEASES}"\n[[registry.mirror]]\nlocation = "${host}/${MIRROR}"\ninsecure = true\n`;
    await writeFile(at('registries.conf'), mirror);
    await mkdir(at('registries.d'));
    const beside = `docker:\n  "${host}":\n    use-sigstore-attachments: true\n  "${RELEASES}":\n    use-sigstore-attachments: true\n`;
    await writeFile(at('registries.d/mirror.yaml'), beside);
  });
  afterAll(async () => {
    await setup.close();
    await rm(work, { recursive: true });
  });

  function put(bytes: Buffer, mediaType = OCI_MANIFEST): Digest {
    manifests.set(toDigest(bytes), { bytes, mediaType });
    return toDigest(bytes);
  }

  function lay(digest: Digest, { tag, tagType = OCI_MANIFEST, referrers = [] }: Laid): void {
    for (const { bytes, blobs: own } of [...(tag === undefined ? [] : [tag]), ...referrers]) {
      put(bytes);
      for (const blob of own) blobs.set(toDigest(blob), blob);
    }
    if (tag !== undefined) manifests.set(toSignatureTag(digest), { bytes: tag.bytes, mediaType: tagType });
    const list = referrers.map(({ bytes }) => ({
      mediaType: OCI_MANIFEST,
      digest: toDigest(bytes),
      size: bytes.length,
    }));
    if (referrers.length === 0) return;
    if (referrersApi === undefined)
      manifests.set(toReferrersTag(digest), { bytes: toIndex(list), mediaType: OCI_INDEX });
    else referrersApi.set(digest, toIndex(list));
  }

  async function askSignet(digest: Digest, trust = prepared) {
    const client = setup.connect({ allowed: [host], plain: [host] });
    const open = async () => client;
    const { state, nodes } = await readReadyEvidence(
      { digest, repository: parseRepository(RELEASES), place: parseRepository(`${host}/${MIRROR}`) },
      trust,
      { attachments: createAttachmentStore(open), nodeAttachments: createNodeAttachmentStore(open), registry: client },
      NOW,
      signal,
    );
    return { state, nodes: nodes?.nodes };
  }

  async function askNodes(digest: Digest, arch = 'amd64', policy = 'policy.json'): Promise<'yes' | 'no'> {
    const { allowed } = await askNodeLibrary(program ?? '', {
      image: `docker://${RELEASES}@${digest}`,
      policyFile: at(policy),
      registriesConf: at('registries.conf'),
      registriesD: at('registries.d'),
      platform: { os: 'linux', arch },
    });
    return allowed ? 'yes' : 'no';
  }

  test.each(ROWS)('$name: $state, and nodes: $nodes', async ({ name, lay: toLaid, nodes, state }) => {
    const { bytes, digest } = makeImage(name);
    put(bytes);
    lay(digest, toLaid(digest));
    expect(await askNodes(digest)).toBe(nodes);
    expect(await askSignet(digest)).toEqual({ state, nodes });
  });

  test.each([
    { name: 'every image by a tag', laid: ['tag', 'tag'], expected: ['yes', 'yes'] },
    { name: 'one image by a bundle alone', laid: ['tag', 'bundle'], expected: ['yes', 'no'] },
    { name: 'one image by nothing', laid: ['nothing', 'tag'], expected: ['no', 'yes'] },
  ])('an index, $name', async ({ name, laid, expected }) => {
    const images = laid.map((form, position) => {
      const image = makeImage(`${name} ${position}`);
      put(image.bytes);
      if (form === 'tag') lay(image.digest, { tag: makeAttachment(image.digest) });
      if (form === 'bundle') lay(image.digest, { referrers: [makeReferrer(image.digest)] });
      return image.digest;
    });
    const index = put(makeList(images), OCI_INDEX);
    expect([await askNodes(index, 'amd64'), await askNodes(index, 'arm64')]).toEqual(expected);
    const { state, nodes } = await askSignet(index);
    expect([state === 'valid', nodes]).toEqual(expected.includes('no') ? [false, 'no'] : [true, 'yes']);
  });

  const everyPlatform = FORMS.flatMap((form) =>
    [false, true].flatMap((hasApi) => ARCHITECTURES.map((architecture) => ({ ...form, hasApi, architecture }))),
  );
  test.each(everyPlatform)(
    'an index, $name on $architecture, referrers by the API: $hasApi: nodes $nodes',
    async ({ name, lay: toLaid, nodes, hasApi, architecture: odd }) => {
      referrersApi = hasApi ? new Map() : undefined;
      try {
        const images = ARCHITECTURES.map((architecture) => {
          const image = makeImage(`${name} ${odd} ${architecture} ${hasApi}`);
          put(image.bytes);
          lay(image.digest, architecture === odd ? toLaid(image.digest) : { tag: makeAttachment(image.digest) });
          return image.digest;
        });
        const index = put(makeList(images, ARCHITECTURES), OCI_INDEX);
        // Of the others one is enough: each is asked for in rows of its own.
        const other = ARCHITECTURES.find((architecture) => architecture !== odd) ?? '';
        expect([await askNodes(index, odd), await askNodes(index, other)]).toEqual([nodes, 'yes']);
        const own = await Promise.all(images.map(async (digest) => (await askSignet(digest)).nodes));
        expect(own).toEqual(ARCHITECTURES.map((architecture) => (architecture === odd ? nodes : 'yes')));
        const { state, nodes: whole } = await askSignet(index);
        expect([state === 'valid', whole]).toEqual([nodes === 'yes', nodes]);
      } finally {
        referrersApi = undefined;
      }
    },
  );

  test.each([
    { form: 'tag', state: 'invalid' },
    { form: 'bundle', state: 'unreadable' },
  ])('Ed25519ph in a $form, as cosign signs images: $state, and nodes: no', async ({ form, state }) => {
    const { keys, sign } = makePrehashed();
    const { bytes, digest } = makeImage(`prehashed ${form}`);
    put(bytes);
    const signature = Buffer.from(sign(toPayload(`${RELEASES}@${digest}`, digest))).toString('base64');
    const bundle = makeBundle({ keys, statement: toStatement([digest]), signBy: sign });
    const tag = makeAttachment(digest, [{ keys, change: () => signature }]);
    lay(digest, form === 'tag' ? { tag } : { referrers: [wrapBundle(digest, bundle)] });
    const policy = formatPolicy({ keyData: toData(keys) });
    await writeFile(at('prehashed.json'), policy);
    expect(await askNodes(digest, 'amd64', 'prehashed.json')).toBe('no');
    expect(await askSignet(digest, await prepareAlone(policy))).toEqual({ state, nodes: 'no' });
  });

  test.each<{ name: string; keys: KeyPair; members?: object; nodes: 'yes' | 'no'; state: string }>([
    { name: 'P-384', keys: makeKeys('P-384'), nodes: 'yes', state: 'valid' },
    { name: 'P-521', keys: makeKeys('P-521'), nodes: 'yes', state: 'valid' },
    { name: 'RSA', keys: generateKeyPairSync('rsa', { modulusLength: 2048 }), nodes: 'yes', state: 'valid' },
    { name: 'Ed25519', keys: generateKeyPairSync('ed25519'), nodes: 'yes', state: 'valid' },
    { name: 'ML-DSA-44', keys: generateKeyPairSync('ml-dsa-44'), nodes: 'no', state: 'unreadable' },
    { name: 'ML-DSA-65', keys: generateKeyPairSync('ml-dsa-65'), nodes: 'no', state: 'unreadable' },
    { name: 'ML-DSA-87', keys: generateKeyPairSync('ml-dsa-87'), nodes: 'no', state: 'unreadable' },
    {
      name: 'P-256 beside one of ML-DSA-65',
      keys: cosignKeys,
      members: { keyDatas: [toData(cosignKeys), toData(generateKeyPairSync('ml-dsa-65'))] },
      nodes: 'no',
      state: 'unreadable',
    },
    {
      name: 'P-256 with a Rekor key of Ed25519',
      keys: cosignKeys,
      members: { keyData: toData(cosignKeys), rekorPublicKeyData: toData(generateKeyPairSync('ed25519')) },
      nodes: 'no',
      state: 'failed',
    },
  ])(
    'a policy with a key of the kind $name: $state, and nodes: $nodes',
    async ({ name, keys, members, nodes, state }) => {
      const { bytes, digest } = makeImage(`key ${name}`);
      put(bytes);
      lay(digest, { tag: makeAttachment(digest, [{ keys }]) });
      const policy = formatPolicy(members ?? { keyData: toData(keys) });
      await writeFile(at(`${name}.json`), policy);
      expect(await askNodes(digest, 'amd64', `${name}.json`)).toBe(nodes);
      expect(await askSignet(digest, await prepareAlone(policy))).toEqual({ state, nodes });
    },
  );
});

function toData({ publicKey }: KeyPair): string {
  return Buffer.from(toPem(publicKey)).toString('base64');
}

function formatPolicy(members: object): string {
  const requirement = { type: 'sigstoreSigned', ...members, signedIdentity: { type: 'matchRepoDigestOrExact' } };
  const transports = { docker: { [RELEASES]: [requirement] } };
  return JSON.stringify({ default: [{ type: 'reject' }], transports });
}

async function prepareAlone(policy: string) {
  const spec = profile({ canonicalRepositories: [RELEASES], bundleIdentity: 'digest' });
  const trust = await prepareTrust('acme', [file('profile.yaml', spec), file('policy.json', policy)]);
  return toReadyTrust(trust, NOW).prepared;
}
