import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistryImages } from '../../../cli/open/images.ts';
import { readPolicyFile } from '../../../cli/open/node-policy.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { parsePlatform } from '../../../lib/base/names/platform.ts';
import { toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import type { ManifestMediaType } from '../../../lib/registry/client/registry-answers.ts';
import { type ChosenImage, chooseImages } from '../../../lib/registry/images/choose-images.ts';
import { decideByPolicy } from '../../../lib/verdict/decide/decide-by-policy.ts';
import { toPem } from '../../crypto/sigstore/make-signature.ts';
import { cosignKeys, makeAttachment, makeImage } from '../../mirror/check/mirror-setup.ts';
import { createSetup, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { findTool } from '../../support/tools.ts';
import { askNodeLibrary } from './ask-node-library.ts';

const OCI_INDEX: ManifestMediaType = 'application/vnd.oci.image.index.v1+json';
const DOCKER_LIST: ManifestMediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';
const NOW = new Date('2026-11-22T00:00:00Z');

/** Platforms of nodes; those of arm detect a variant, and may be told of none. */
const NODES = ['linux/amd64', 'linux/arm64', 'linux/arm64/v8', 'linux/arm/v7', 'linux/arm/v6', 'linux/s390x'];
/** What an index may say of an entry; the empty text is no platform. */
const NAMED = [
  'linux/amd64',
  'linux/amd64/v2',
  'linux/arm64',
  'linux/arm64/v8',
  'linux/arm64/v9',
  'linux/arm',
  'linux/arm/v5',
  'linux/arm/v6',
  'linux/arm/v7',
  'linux/arm/v8',
  'linux/s390x',
  'windows/amd64',
  'unknown/unknown',
  '',
];
/** Every second one is signed. */
const IMAGES = Array.from({ length: 8 }, (_, at) => makeImage(`image ${at}`));
const INDEXES = 80;

/** The same numbers in every run. */
function createNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Generated {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  /** It is a list with what no list has, which a node may be given as an index too. */
  readonly isAmbiguous: boolean;
}

function generate(draw: (below: number) => number, at: number): Generated {
  const mediaType = at % 3 === 2 ? DOCKER_LIST : OCI_INDEX;
  const drawn = Array.from({ length: 1 + draw(6) }, () => ({
    image: IMAGES[draw(IMAGES.length)],
    platform: NAMED[draw(NAMED.length)] ?? '',
    isZstd: draw(4) === 0,
  }));
  const manifests = drawn.map(({ image, platform, isZstd }) => {
    const [os, architecture, variant] = platform.split('/');
    return {
      mediaType: OCI_MANIFEST,
      size: image?.bytes.length,
      digest: image?.digest,
      ...(platform === '' ? {} : { platform: { os, architecture, variant } }),
      ...(isZstd ? { annotations: { 'io.github.containers.compression.zstd': 'true' } } : {}),
    };
  });
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  const isAmbiguous = mediaType === DOCKER_LIST && drawn.some(({ platform, isZstd }) => platform === '' || isZstd);
  return { bytes, digest: toDigest(bytes), mediaType, isAmbiguous };
}

function choose(index: Generated, platform: string): readonly ChosenImage[] {
  try {
    return chooseImages(index, [parsePlatform(platform)]).images;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'BodyInvalid') return [];
    throw error;
  }
}

const draw = createNumbers(16);
const indexes = Array.from({ length: INDEXES }, (_, at) => generate(draw, at));
const program = findTool('node-library');

describe.skipIf(program === undefined)('generated indexes beside the library of nodes', () => {
  const setup = createSetup();
  let work = '';
  let host = '';
  const at = (name: string): string => path.join(work, name);

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-generated-'));
    const manifests = new Map<string, { readonly bytes: Buffer; readonly mediaType: string }>();
    const blobs = new Map<string, Buffer>();
    ({ host } = await setup.serve((request, response) => {
      const [, kind, name = ''] = /^\/v2\/app\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
      const manifest = kind === 'manifests' ? manifests.get(name) : undefined;
      const bytes = kind === 'blobs' ? blobs.get(name) : manifest?.bytes;
      if (request.url === '/v2/') response.end('{}');
      else if (bytes === undefined) response.writeHead(404).end();
      else {
        response.setHeader('content-type', manifest?.mediaType ?? 'application/octet-stream');
        response.setHeader('docker-content-digest', toDigest(bytes));
        response.end(bytes);
      }
    }));
    for (const { bytes, digest, mediaType } of indexes) manifests.set(digest, { bytes, mediaType });
    for (const [position, { bytes, digest }] of IMAGES.entries()) {
      manifests.set(digest, { bytes, mediaType: OCI_MANIFEST });
      if (position % 2 === 1) continue;
      const made = makeAttachment(digest, [{ reference: `${host}/app@${digest}` }]);
      manifests.set(toSignatureTag(digest), { bytes: made.bytes, mediaType: OCI_MANIFEST });
      for (const blob of made.blobs) blobs.set(toDigest(blob), blob);
    }
    const keyData = Buffer.from(toPem(cosignKeys.publicKey)).toString('base64');
    const requirement = { type: 'sigstoreSigned', keyData, signedIdentity: { type: 'matchRepository' } };
    await writeFile(at('policy.json'), JSON.stringify({ default: [requirement] }));
    await writeFile(at('registries.conf'), `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    await mkdir(at('registries.d'));
    await writeFile(at('registries.d/app.yaml'), `docker:\n  "${host}":\n    use-sigstore-attachments: true\n`);
  });
  afterAll(async () => {
    await setup.close();
    await rm(work, { recursive: true });
  });

  async function askSignet({ digest }: Generated, platform: string): Promise<string> {
    const images = await openRegistryImages({
      registry: [`${host}=http://${host}`],
      registriesD: at('registries.d'),
      allowRegistry: [],
      allowPrivateStores: true,
    });
    try {
      const { outcome } = await decideByPolicy({
        source: await images.open(parseDockerReference(`${host}/app@${digest}`)),
        policy: await readPolicyFile(at('policy.json')),
        keys: () => Promise.reject(new Error('the policy names no keyring')),
        sigstore: { readFile: () => Promise.reject(new Error('the policy names no file')), bundleIdentity: 'refuse' },
        platforms: [parsePlatform(platform)],
        now: NOW,
        signal: new AbortController().signal,
      });
      return outcome;
    } finally {
      images.close();
    }
  }

  test.each(NODES)(
    'a node of %s runs what Signet says, and nothing that Signet rejects',
    { timeout: 240_000 },
    async (node) => {
      const [os = '', arch = '', variant = ''] = node.split('/');
      const outcomes = new Set<string>();
      for (const index of indexes) {
        const answer = await askNodeLibrary(program ?? '', {
          image: `docker://${host}/app@${index.digest}`,
          policyFile: at('policy.json'),
          registriesConf: at('registries.conf'),
          registriesD: at('registries.d'),
          platform: { os, arch, ...(variant === '' ? {} : { variant }) },
        });
        const chosen = choose(index, node).map(({ digest }) => String(digest));
        const outcome = await askSignet(index, node);
        const shown = `${index.bytes.toString()}: ${JSON.stringify(answer)}`;
        outcomes.add(answer.stage);
        // A node that detects its variant may choose another image than one that detects none: each has to be signed.
        const isExact = !index.isAmbiguous && node !== 'linux/arm64';
        if (isExact) {
          expect(chosen, shown).toEqual(answer.digest === '' ? [] : [answer.digest]);
          expect(outcome, shown).toBe(answer.allowed ? 'accepted' : 'rejected');
        } else if (answer.digest !== '') {
          expect(chosen, shown).toContain(answer.digest);
          if (outcome === 'accepted') expect(answer.allowed, shown).toBe(true);
        }
      }
      expect(outcomes).toEqual(new Set(['allowed', 'policy', 'choose']));
    },
  );
});
