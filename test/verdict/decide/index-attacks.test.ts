import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parsePlatform } from '../../../lib/base/names/platform.ts';
import { checkManifest, type ManifestMediaType } from '../../../lib/registry/client/registry-answers.ts';
import type { ManifestSource } from '../../../lib/registry/client/registry-client.ts';
import { openDirectoryImage } from '../../../lib/registry/images/open-local-image.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { policyOf as byAnyTag, NAME, signedBy, verify } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import { anything, bySigner, decideBy, policyOf, readPolicyTrust, reject, signer } from './policy-setup.ts';

const OCI_INDEX: ManifestMediaType = 'application/vnd.oci.image.index.v1+json';
const DOCKER_LIST: ManifestMediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const ZSTD = 'io.github.containers.compression.zstd';

interface Made {
  readonly bytes: Buffer;
  readonly digest: Digest;
  /** As the registry sends it. */
  readonly mediaType: ManifestMediaType;
}

const toMade = (text: string, mediaType: ManifestMediaType): Made => {
  const bytes = Buffer.from(text);
  return { bytes, digest: toDigest(bytes), mediaType };
};
const make = (content: object, mediaType: ManifestMediaType): Made =>
  toMade(JSON.stringify({ schemaVersion: 2, mediaType, ...content }), mediaType);
const makeImage = (note: string, config: object = { mediaType: CONFIG }): Made =>
  make({ config, layers: [], annotations: { note } }, OCI_MANIFEST);

/** Signed as it should be; and what the attacker wants to be run, which nobody signed. */
const good = makeImage('good');
const other = makeImage('other');
const evil = makeImage('evil');
const artefact = makeImage('artefact', { mediaType: 'application/vnd.acme.config' });

const entry = ({ digest, mediaType }: Made, platform?: unknown, more: object = {}): object => ({
  mediaType,
  digest,
  size: 1,
  ...(platform === undefined ? {} : { platform }),
  ...more,
});
const linux = (architecture: unknown, variant?: string): object => ({
  os: 'linux',
  architecture,
  ...(variant === undefined ? {} : { variant }),
});
const amd64 = linux('amd64');
const zstd = { annotations: { [ZSTD]: 'true' } };
const index = (...manifests: readonly unknown[]): Made => make({ manifests }, OCI_INDEX);
const list = (...manifests: readonly unknown[]): Made => make({ manifests }, DOCKER_LIST);
/** An index in its own words, which may hold a member twice. */
const raw = (members: string): Made => toMade(`{"schemaVersion":2,"mediaType":"${OCI_INDEX}",${members}}`, OCI_INDEX);
const text = (one: Made, platform: object): string => JSON.stringify(entry(one, platform));

const nowhere = toDigest('nowhere');
const nested = index(entry(evil, amd64));
const sha512 = parseDigest(`sha512:${createHash('sha512').update(evil.bytes).digest('hex')}`);

/** What a registry has, checked as its client does. */
function holding(...more: readonly Made[]): ManifestSource {
  const held = [good, other, evil, artefact, nested, { ...evil, digest: sha512 }, ...more];
  const memory = createMemoryManifests({
    ...Object.fromEntries(held.map((one) => [one.digest, one])),
    [nowhere]: new StoreError('NotFound', 'no such manifest'),
  });
  return {
    async readManifest(repository, digest, signal) {
      const manifest = await memory.readManifest(repository, digest, signal);
      checkManifest(manifest.bytes, manifest.mediaType);
      return manifest;
    },
  };
}

function signed(...images: readonly Made[]): SignatureStore {
  const signatures = images.map(({ digest }) => [`${NAME}@${digest}`, [signer.sign({ digest })]] as const);
  return createMemoryLookaside(Object.fromEntries(signatures));
}

const codes = ({ outcome, reasons }: Verdict): readonly string[] => [outcome, ...reasons.map(({ code }) => code)];
const UNSIGNED = ['rejected', 'SignatureNotFound'] as const;
const REFUSED = ['rejected', 'PolicyRejects'] as const;

interface Attack {
  readonly name: string;
  readonly asked: Made;
  readonly platforms?: readonly string[];
  readonly expected: readonly string[];
}

/** Everything is signed, the index itself too, but for the evil image. */
describe('an index whose author wants an unsigned image to be run', async () => {
  const trust = await readPolicyTrust({ policy: policyOf([bySigner]) });

  test.each<Attack>([
    {
      name: 'members beside `manifests` in capitals',
      asked: raw(`"manifests":[${text(good, amd64)}],"MANIFESTS":[${text(evil, amd64)}]`),
      expected: REFUSED,
    },
    {
      name: 'a member with the long s',
      asked: raw(`"manifests":[${text(good, amd64)}],"manifeſts":[${text(evil, amd64)}]`),
      expected: REFUSED,
    },
    {
      name: 'a member twice',
      asked: raw(`"manifests":[${text(good, amd64)}],"manifests":[${text(evil, amd64)}]`),
      expected: REFUSED,
    },
    {
      name: 'a member twice, once escaped',
      asked: raw(`"manifests":[${text(good, amd64)}],"manifest\\u0073":[${text(evil, amd64)}]`),
      expected: REFUSED,
    },
    { name: 'two digests in one entry', asked: index(entry(good, amd64, { DIGEST: evil.digest })), expected: REFUSED },
    {
      name: 'two platforms in one entry',
      asked: index(entry(good, amd64), entry(evil, linux('s390x'), { Platform: amd64 })),
      expected: REFUSED,
    },
    {
      name: 'two architectures in one platform',
      asked: index(entry(good, amd64), entry(evil, { ...linux('none'), Architecture: 'arm64' })),
      expected: REFUSED,
    },
    {
      name: 'two sets of annotations',
      asked: index(entry(good, amd64, { ...zstd, Annotations: {} }), entry(evil, amd64)),
      expected: REFUSED,
    },
    {
      name: 'no JSON after a byte order mark',
      asked: toMade(`\uFEFF${index(entry(good, amd64)).bytes.toString()}`, OCI_INDEX),
      expected: REFUSED,
    },
    {
      name: 'no image of the platform',
      asked: index(entry(good, amd64)),
      platforms: ['linux/s390x'],
      expected: REFUSED,
    },
    { name: 'manifests that are null', asked: make({ manifests: null }, OCI_INDEX), expected: REFUSED },
    { name: 'an entry that is null', asked: index(entry(good, amd64), null), expected: REFUSED },
    {
      name: 'a platform that is a list',
      asked: index(entry(good, amd64), entry(evil, ['linux', 'arm64'])),
      expected: REFUSED,
    },
    {
      name: 'an architecture that is null',
      asked: index(entry(good, amd64), entry(evil, linux(null))),
      expected: REFUSED,
    },
    {
      name: 'layers beside manifests',
      asked: make({ manifests: [entry(good, amd64)], layers: [] }, OCI_INDEX),
      expected: REFUSED,
    },
    {
      name: 'an index that is sent as an image',
      asked: { ...index(entry(evil, amd64)), mediaType: OCI_MANIFEST },
      expected: REFUSED,
    },
    {
      name: 'an index that says it is an image',
      asked: make({ manifests: [entry(evil, amd64)] }, OCI_MANIFEST),
      expected: REFUSED,
    },
    {
      name: 'an image with `Manifests`, which nodes may be sent as an index',
      asked: make({ layers: null, Manifests: [entry(evil, amd64)] }, OCI_MANIFEST),
      expected: REFUSED,
    },
    {
      name: 'an image with another `MediaType`',
      asked: make({ layers: [], config: {}, MediaType: OCI_INDEX }, OCI_MANIFEST),
      expected: REFUSED,
    },
    {
      name: 'an index in an index',
      asked: index(entry(good, amd64), entry(nested, linux('arm64'))),
      expected: REFUSED,
    },
    {
      name: 'an index by contents alone',
      asked: index(entry(good, amd64), entry({ ...nested, mediaType: OCI_MANIFEST }, linux('arm64'))),
      expected: REFUSED,
    },
    {
      name: 'a media type in capitals',
      asked: index(entry(good, amd64), { ...entry(nested, linux('arm64')), mediaType: OCI_INDEX.toUpperCase() }),
      expected: REFUSED,
    },
    {
      name: 'a digest in capitals',
      asked: index(entry(good, amd64), { ...entry(evil, linux('arm64')), digest: evil.digest.toUpperCase() }),
      expected: REFUSED,
    },
    {
      name: 'a digest of MD5',
      asked: index(entry(good, amd64), { ...entry(evil, linux('arm64')), digest: `md5:${'0'.repeat(32)}` }),
      expected: REFUSED,
    },
    {
      name: 'a digest of SHA-512',
      asked: index(entry(good, amd64), { ...entry(evil, linux('arm64')), digest: sha512 }),
      expected: UNSIGNED,
    },
    {
      name: 'a missing image',
      asked: index(entry(good, amd64), { ...entry(evil, linux('arm64')), digest: nowhere }),
      expected: ['indeterminate', 'StoreUnavailable'],
    },
    {
      name: 'an architecture that looks like a variant',
      asked: index(entry(evil, linux('arm64', 'v8')), entry(good, linux('arm64/v8'))),
      expected: UNSIGNED,
    },
    {
      name: 'a variant that looks like another',
      asked: index(entry(evil, linux('arm', 'v7')), entry(good, linux('arm', 'V7'))),
      expected: UNSIGNED,
    },
    {
      name: 'the variant that arm64 nodes detect',
      asked: index(entry(good, linux('arm64')), entry(evil, linux('arm64', 'v8'))),
      platforms: ['linux/arm64'],
      expected: UNSIGNED,
    },
    {
      name: 'no variant, where a node detects none',
      asked: index(entry(good, linux('arm64', 'v8')), entry(evil, linux('arm64'))),
      platforms: ['linux/arm64'],
      expected: UNSIGNED,
    },
    {
      name: 'an image for every platform that is not named',
      asked: index(entry(good, linux('arm64')), entry(evil)),
      expected: UNSIGNED,
    },
    {
      name: 'the same with a platform that is null',
      asked: index(entry(good, linux('arm64')), entry(evil, null)),
      expected: UNSIGNED,
    },
    {
      name: 'the same, called an artefact',
      asked: index(entry(good, amd64), entry(evil, undefined, { artifactType: 'application/vnd.acme' })),
      expected: UNSIGNED,
    },
    {
      name: 'the same in a list, which a registry may send to nodes as an index',
      asked: list(entry(good, amd64), entry(evil)),
      expected: UNSIGNED,
    },
    {
      name: 'zstd in a list, which a registry may send to nodes as an index',
      asked: list(entry(good, amd64), entry(evil, amd64, zstd)),
      expected: UNSIGNED,
    },
    {
      name: 'zstd, which nodes prefer',
      asked: index(entry(good, amd64), entry(evil, amd64, zstd)),
      expected: UNSIGNED,
    },
    {
      name: 'zstd of another text',
      asked: index(entry(evil, amd64), entry(good, amd64, { annotations: { [ZSTD]: 'True' } })),
      expected: UNSIGNED,
    },
    {
      name: 'zstd that is a boolean',
      asked: index(entry(evil, amd64), entry(good, amd64, { annotations: { [ZSTD]: true } })),
      expected: UNSIGNED,
    },
    {
      name: 'an attestation that is for a platform',
      asked: index(
        entry(good, amd64),
        entry(evil, linux('arm64'), { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
      ),
      expected: UNSIGNED,
    },
    {
      name: 'a good image in `data` of an evil entry',
      asked: index(entry(evil, amd64, { data: good.bytes.toString('base64') })),
      expected: UNSIGNED,
    },
    {
      name: 'a good image at `urls` of an evil entry',
      asked: index(entry(evil, amd64, { urls: ['https://registry.example/good'] })),
      expected: UNSIGNED,
    },
    {
      name: 'the evil image first, for the same platform',
      asked: index(entry(evil, amd64), entry(good, amd64)),
      expected: UNSIGNED,
    },
    { name: 'an empty architecture', asked: index(entry(good, amd64), entry(evil, linux(''))), expected: UNSIGNED },
    {
      name: 'more entries than are read',
      asked: index(...Array.from({ length: 300 }, () => entry(good, amd64))),
      expected: ['indeterminate', 'LimitExceeded'],
    },
  ])('$name: $expected', async ({ asked, platforms, expected }) => {
    const { verdict } = await decideBy(trust, {
      pullspec: `${NAME}@${asked.digest}`,
      lookaside: signed(good, other, nested, asked),
      manifests: holding(asked),
      ...(platforms === undefined ? {} : { platforms: platforms.map(parsePlatform) }),
    });
    expect(codes(verdict)).toEqual(expected);
  });

  test.each<Attack>([
    { name: 'an artefact for no platform', asked: index(entry(good, amd64), entry(artefact)), expected: ['accepted'] },
    {
      name: 'a platform of which nobody is',
      asked: index(entry(good, amd64), entry(evil, { os: 'Linux', architecture: 'amd64' })),
      expected: ['accepted'],
    },
    { name: 'an empty platform', asked: index(entry(good, amd64), entry(evil, {})), expected: ['accepted'] },
    {
      name: 'an unnamed image that no node in question chooses',
      asked: index(entry(good, amd64), entry(evil)),
      platforms: ['linux/amd64'],
      expected: ['accepted'],
    },
    {
      name: 'one image twice',
      asked: index(entry(good, amd64), entry(good, amd64), entry(good)),
      expected: ['accepted'],
    },
    {
      name: 'both variants of arm64',
      asked: index(entry(good, linux('arm64')), entry(other, linux('arm64', 'v8'))),
      platforms: ['linux/arm64'],
      expected: ['accepted'],
    },
  ])('no needless rejection: $name', async ({ asked, platforms, expected }) => {
    const { verdict } = await decideBy(trust, {
      pullspec: `${NAME}@${asked.digest}`,
      lookaside: signed(good, other),
      manifests: holding(asked),
      ...(platforms === undefined ? {} : { platforms: platforms.map(parsePlatform) }),
    });
    expect(codes(verdict)).toEqual(expected);
  });
});

/** Nodes find the policy by the name that was asked for, and apply it to the image that they choose. */
describe('a scope that is the digest of', async () => {
  const asked = index(entry(good, amd64));
  test.each([
    ['the index, which rejects', [bySigner], asked.digest, [reject], 'rejected'],
    ['the index, which asks for the signature', [reject], asked.digest, [bySigner], 'accepted'],
    ['the index, which accepts anything', [bySigner], asked.digest, [anything], 'rejected'],
    ['the image, which accepts anything', [reject], good.digest, [anything], 'rejected'],
    ['the image, which rejects', [bySigner], good.digest, [reject], 'accepted'],
  ] as const)('%s', async (_, otherwise, digest, requirements, expected) => {
    const trust = await readPolicyTrust({ policy: policyOf(otherwise, { [`${NAME}@${digest}`]: requirements }) });
    const asking = { pullspec: `${NAME}@${asked.digest}`, lookaside: signed(good), manifests: holding(asked) };
    expect((await decideBy(trust, asking)).verdict.outcome).toBe(expected);
  });
});

/** Nothing but its contents says what an image in a directory is. */
describe('a directory whose author wants an unsigned image to be run', () => {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });
  const evilEntry = JSON.stringify(entry(evil, amd64));

  test.each<[name: string, manifest: string, expected: string]>([
    ['an index', index(entry(evil, amd64)).bytes.toString(), 'rejected'],
    ['an index without a media type', `{"schemaVersion":2,"manifests":[${evilEntry}]}`, 'rejected'],
    ['`Manifests` alone', `{"schemaVersion":2,"Manifests":[${evilEntry}]}`, 'rejected'],
    ['`Manifests` beside layers', `{"schemaVersion":2,"layers":[],"config":{},"Manifests":[${evilEntry}]}`, 'rejected'],
    [
      'another `MediaType` behind that of an image',
      `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","layers":null,"MediaType":"${OCI_INDEX}","Manifests":[${evilEntry}]}`,
      'rejected',
    ],
    [
      'an index with a member twice',
      `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${evilEntry}],"a":1,"a":2}`,
      'rejected',
    ],
    [
      'an index with what is not UTF-8',
      `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[${evilEntry}],"a":"\u00ff"}`,
      'rejected',
    ],
    [
      'an index of another media type',
      `{"schemaVersion":2,"mediaType":"application/x","manifests":[${evilEntry}]}`,
      'rejected',
    ],
    [
      'an index said to be schema 1 too',
      `{"schemaVersion":1,"mediaType":"${OCI_INDEX}","manifests":[${evilEntry}],"signatures":[{"protected":""}]}`,
      'rejected',
    ],
    ['an image', good.bytes.toString(), 'accepted'],
  ])('%s: %s', async (_, manifest, expected) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'signet-index-attack-'));
    folders.push(folder);
    const bytes = Buffer.from(manifest, 'latin1');
    const write = (name: string, content: Uint8Array | string): Promise<void> =>
      writeFile(path.join(folder, name), content);
    await write('manifest.json', bytes);
    await write('signature-1', signer.sign({ digest: toDigest(bytes) }));
    await write(`${evil.digest.slice('sha256:'.length)}.manifest.json`, evil.bytes);
    expect((await verify(await openDirectoryImage(folder), byAnyTag(signedBy([signer])))).outcome).toBe(expected);
  });
});
