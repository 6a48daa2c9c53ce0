import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addBundle } from '../../../cli/bundle/index.ts';
import { addMirror } from '../../../cli/mirror/index.ts';
import { type Digest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { buildImage, referencesOf, releaseLayer } from '../../artifact/release/release-setup.ts';
import { makeBundleSigner } from '../../bundle/bundle-setup.ts';
import { RELEASE_REPOSITORY } from '../../fixtures/make/payload.ts';
import {
  cosignKeys,
  makeAttachment,
  makeImage,
  makeList,
  pushAttachment,
  pushImage,
  toImagePolicy,
} from '../../mirror/check/mirror-setup.ts';
import { pushBlob, pushManifest } from '../../registry/client/push-content.ts';
import { OCI_INDEX, toDigest } from '../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../registry/client/start-registry.ts';
import { callNoun } from '../../support/run-signet.ts';
import { findTool } from '../../support/tools.ts';

const program = findTool('docker-registry');
const COMPONENT = 'parts.example.com/product/component';
const SOURCE = 'source.example.com/ocp/release';
const MIRROR = 'mirror.example.com/ocp/release';
const [amd64, arm64] = [makeImage('amd64'), makeImage('arm64')];
const whole = makeList([amd64.digest, arm64.digest]);
const nested = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ mediaType: OCI_INDEX, digest: toDigest(whole), size: whole.length }],
  }),
);
const lost = makeImage('lost').digest;

function testCommands(installed: string): void {
  let work = '';
  let registry: TestRegistry;
  const releases = new Map<string, Digest>();
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-cli-components-'));
    registry = await startRegistry(installed);
    const { host } = registry;
    const signer = await makeBundleSigner();
    const policy = JSON.stringify(toImagePolicy(cosignKeys))
      .replaceAll('registry.example.com/product/release', RELEASE_REPOSITORY)
      .replaceAll('registry.example.com/product/component', COMPONENT);
    await mkdir(path.join(work, 'trust/ocp'), { recursive: true });
    for (const { name, bytes } of [...signer.documents, { name: 'policy.yaml', bytes: policy }]) {
      await writeFile(path.join(work, 'trust/ocp', name), bytes);
    }
    const sign = (repository: string, digest: Digest) =>
      makeAttachment(digest, [{ reference: `${repository}@${digest}` }]);
    for (const { bytes, digest } of [amd64, arm64]) {
      await pushImage(host, bytes, 'product/component');
      await pushAttachment(host, digest, sign(COMPONENT, digest), 'product/component');
    }
    for (const bytes of [whole, nested]) await pushImage(host, bytes, 'product/component', OCI_INDEX);
    const parts = { whole: toDigest(whole), nested: toDigest(nested), lost };
    for (const [name, part] of Object.entries(parts)) {
      const { manifest, mediaType, blobs } = await buildImage({
        layers: [releaseLayer(referencesOf({ cli: `${COMPONENT}@${part}` }))],
      });
      const digest = toDigest(manifest);
      for (const blob of blobs) await pushBlob(host, 'ocp/release', blob);
      await pushManifest(host, 'ocp/release', { reference: digest, mediaType, bytes: manifest });
      await pushAttachment(host, digest, sign(RELEASE_REPOSITORY, digest), 'ocp/release');
      const folder = path.join(work, name, 'signatures', toStoreSegment(digest));
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, 'signature-1'), signer.sign(digest, name));
      releases.set(name, digest);
    }
  });
  afterAll(async () => {
    await registry.stop();
    await rm(work, { recursive: true });
  });

  /** All names are of one registry, in repositories of their own. */
  async function signet(...args: readonly string[]) {
    const hosts = ['parts', 'source', 'mirror'].map((name) => `${name}.example.com=http://${registry.host}`);
    const access = hosts.flatMap((host) => ['--registry', host]);
    const allowed = [
      '--allow-registry',
      'parts.example.com',
      '--allow-private-stores',
      '--trust',
      path.join(work, 'trust'),
    ];
    return await callNoun([addMirror, addBundle], [...args, ...access, ...allowed]);
  }

  const digestOf = (name: string): string => releases.get(name) ?? '';
  const copy = (name: string, to: string) =>
    signet('mirror', 'sigstore', '--from', SOURCE, '--to', MIRROR, '--components', to, '--digest', digestOf(name));

  test('mirror sigstore copies the signatures of the images of a list; mirror check wants them', async () => {
    const site = 'mirror.example.com/site/component';
    const check = async () => {
      const store = ['--store', path.join(work, 'whole/signatures')];
      const { status, stdout } = await signet(
        'mirror',
        'check',
        MIRROR,
        '--digest',
        digestOf('whole'),
        '--components',
        site,
        ...store,
        '-o',
        'json',
      );
      const { images } = JSON.parse(stdout) as { images: readonly { names: readonly string[]; outcome: string }[] };
      return [status, ...images.slice(1).map(({ names, outcome }) => `${names.join()} ${outcome}`)];
    };
    const { host } = registry;
    for (const { bytes } of [amd64, arm64]) await pushImage(host, bytes, 'site/component');
    await pushImage(host, whole, 'site/component', OCI_INDEX);
    expect(await check()).toEqual([1, 'cli incomplete', 'cli amd64 incomplete', 'cli arm64 incomplete']);
    const { status, stdout } = await copy('whole', site);
    expect([status, stdout.split('\n')[0]]).toEqual([
      0,
      '4 images: 2 attachments copied, 0 merged, 0 replaced, 1 held already, 1 without one',
    ]);
    expect(await check()).toEqual([0, 'cli complete', 'cli amd64 complete', 'cli arm64 complete']);
  });

  test.each([
    { name: 'nested', expected: 1, says: 'lists in lists are refused' },
    { name: 'lost', expected: 3, says: 'HTTP status 404' },
  ])('mirror sigstore with a component that is $name: exit $expected', async ({ name, expected, says }) => {
    const { status, stdout } = await copy(name, 'mirror.example.com/other/component');
    expect(stdout).toContain(`what belongs to ${name === 'lost' ? lost : toDigest(nested)} is not known: `);
    expect(stdout).toContain(says);
    expect(status).toBe(expected);
  });

  const create = (name: string) =>
    signet(
      'bundle',
      'create',
      path.join(work, `${name}.tar.gz`),
      '--from',
      path.join(work, name),
      '--sigstore-from',
      SOURCE,
      '--components',
    );

  test('bundle create takes the signatures of the images of a list along', async () => {
    const { status, stdout } = await create('whole');
    expect(stdout).toContain('  sigstore    3 attachments; 1 image without one');
    expect(status).toBe(0);
  });

  test.each(['nested', 'lost'])('bundle create with a component that is %s makes none', async (name) => {
    await expect(create(name)).rejects.toThrow(
      `what belongs to ${name === 'lost' ? lost : toDigest(nested)} is not known`,
    );
  });
}

if (program === undefined) {
  test.skip('components on a registry: not installed; apt-get install docker-registry');
} else {
  describe('components that are lists', () => {
    testCommands(program);
  });
}
