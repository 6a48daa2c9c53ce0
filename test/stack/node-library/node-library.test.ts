import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { type KeyPair, makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { REFERENCE, signContent, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { pushCosignManifests, readCosignImages, SIGNED_NAME } from '../../registry/attachments/cosign-images.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { startReferrersRegistry } from '../../registry/client/start-referrers-registry.ts';
import { findTool } from '../../support/tools.ts';
import { askNodeLibrary, type NodeAnswer } from './ask-node-library.ts';

const program = findTool('node-library');
const registry = findTool('referrers-registry');
const scratch = await mkdtemp(path.join(tmpdir(), 'signet-node-library-'));
afterAll(() => rm(scratch, { recursive: true }));

const keys = makeKeys();
const stranger = makeKeys();

interface Instance {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly signer?: KeyPair;
  /** An index in the place of an image. */
  readonly isIndex?: boolean;
}

interface Plan {
  readonly indexSigner?: KeyPair;
  readonly instances: readonly Instance[];
}

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

function toBlob(digest: Digest, signer: KeyPair): Buffer {
  const payload = toPayload(REFERENCE, digest);
  const annotations = { 'dev.cosignproject.cosign/signature': signContent(payload, signer) };
  const mimeType = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const content = JSON.stringify({ mimeType, payload: payload.toString('base64'), annotations });
  return Buffer.from(`\0sigstore-json\n${content}`);
}

/** An index with its images and signatures, as `skopeo copy --all` leaves them in a directory. */
async function writeIndex({
  indexSigner,
  instances,
}: Plan): Promise<{ readonly image: string; readonly digests: Digest[] }> {
  const directory = await mkdtemp(path.join(scratch, 'image-'));
  const write = (name: string, content: Uint8Array | string) => writeFile(path.join(directory, name), content);
  await write('version', 'Directory Transport Version: 1.1\n');
  const manifests = await Promise.all(
    instances.map(async ({ signer, isIndex = false, ...platform }, position) => {
      const config = {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        size: 2,
        digest: toDigest(`${position}`),
      };
      const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
      const nested = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
      const bytes = JSON.stringify(isIndex ? nested : image);
      const digest = toDigest(bytes);
      const hex = digest.slice('sha256:'.length);
      await write(`${hex}.manifest.json`, bytes);
      if (signer !== undefined) await write(`${hex}.signature-1`, toBlob(digest, signer));
      return { mediaType: isIndex ? OCI_INDEX : OCI_MANIFEST, size: bytes.length, digest, platform };
    }),
  );
  const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  await write('manifest.json', index);
  if (indexSigner !== undefined) await write('signature-1', toBlob(toDigest(index), indexSigner));
  return { image: `dir:${directory}`, digests: [toDigest(index), ...manifests.map(({ digest }) => digest)] };
}

async function writePolicy(publicKey: string | Buffer): Promise<string> {
  const file = path.join(await mkdtemp(path.join(scratch, 'policy-')), 'policy.json');
  const keyData = Buffer.from(publicKey).toString('base64');
  const signedIdentity = { type: 'exactRepository', dockerRepository: REFERENCE };
  await writeFile(file, JSON.stringify({ default: [{ type: 'sigstoreSigned', keyData, signedIdentity }] }));
  return file;
}

describe.skipIf(program === undefined)('the library of nodes', () => {
  const both = [
    { ...amd64, signer: keys },
    { ...arm64, signer: keys },
  ];

  test.each<{
    readonly name: string;
    readonly plan: Plan;
    readonly isTopLevel?: boolean;
    readonly platform?: { readonly os: string; readonly arch: string; readonly variant?: string };
    readonly stage: NodeAnswer['stage'];
    /** Position of what is judged: 0 for the index. */
    readonly judged?: number;
  }>([
    { name: 'all images signed', plan: { instances: both }, stage: 'allowed', judged: 1 },
    {
      name: 'the index alone signed',
      plan: { indexSigner: keys, instances: [amd64, arm64] },
      stage: 'policy',
      judged: 1,
    },
    {
      name: 'the index alone signed, judged as given',
      plan: { indexSigner: keys, instances: [amd64, arm64] },
      isTopLevel: true,
      stage: 'allowed',
      judged: 0,
    },
    {
      name: 'all images signed, the index judged as given',
      plan: { instances: both },
      isTopLevel: true,
      stage: 'policy',
      judged: 0,
    },
    {
      name: 'the other platform alone signed',
      plan: { instances: [amd64, { ...arm64, signer: keys }] },
      stage: 'policy',
      judged: 1,
    },
    {
      name: 'the other platform alone signed, asked for it',
      plan: { instances: [amd64, { ...arm64, signer: keys }] },
      platform: { os: 'linux', arch: 'arm64', variant: 'v8' },
      stage: 'allowed',
      judged: 2,
    },
    {
      name: 'signed by another key',
      plan: { instances: [{ ...amd64, signer: stranger }] },
      stage: 'policy',
      judged: 1,
    },
    {
      name: 'a platform that the index does not have',
      plan: { instances: both },
      platform: { os: 'linux', arch: 's390x' },
      stage: 'choose',
    },
    {
      name: 'an index within the index',
      plan: { instances: [{ ...amd64, signer: keys, isIndex: true }] },
      stage: 'choose',
      judged: 1,
    },
  ])('$name: $stage', async ({ plan, isTopLevel = false, platform, stage, judged }) => {
    const { image, digests } = await writeIndex(plan);
    const policyFile = await writePolicy(toPem(keys.publicKey));
    const question = { image, policyFile, isTopLevel, ...(platform === undefined ? {} : { platform }) };
    const answer = await askNodeLibrary(program ?? '', question);
    expect(answer).toMatchObject({
      stage,
      allowed: stage === 'allowed',
      digest: judged === undefined ? '' : digests[judged],
    });
    expect(answer.reason === '').toBe(stage === 'allowed');
  });

  test('an image that is not there', async () => {
    const policyFile = await writePolicy(toPem(keys.publicKey));
    const image = `dir:${path.join(scratch, 'absent')}`;
    expect(await askNodeLibrary(program ?? '', { image, policyFile })).toMatchObject({
      allowed: false,
      stage: 'manifest',
    });
  });

  test.skipIf(registry === undefined).each([
    ['p256', true, 'allowed'],
    ['rsa4096', true, 'policy'],
    ['p256', false, 'policy'],
  ])('by the key %s in a mirror, attachments in registries.d: %s: %s', async (key, hasAttachments, stage) => {
    const started = await startReferrersRegistry(registry ?? '');
    try {
      const images = await readCosignImages();
      await pushCosignManifests(started.host, images.manifests);
      const registriesConf = path.join(scratch, 'registries.conf');
      const mirror = `[[registry.mirror]]\nlocation = "${started.host}/legacy/p256"\ninsecure = true\n`;
      await writeFile(registriesConf, `[[registry]]\nlocation = "${SIGNED_NAME}"\n${mirror}`);
      const registriesD = await mkdtemp(path.join(scratch, 'registries.d-'));
      // Nodes look up the name of the mirror, not that of the image.
      const entry = `docker:\n  ${started.host}:\n    use-sigstore-attachments: ${hasAttachments}\n`;
      await writeFile(path.join(registriesD, 'release.yaml'), entry);
      const policyFile = await writePolicy(await images.key(`${key}.pub`));
      const image = `docker://${SIGNED_NAME}@${images.release}`;
      const answer = await askNodeLibrary(program ?? '', { image, policyFile, registriesConf, registriesD });
      expect(answer).toMatchObject({ stage, digest: images.release });
    } finally {
      await started.stop();
    }
  });
});
