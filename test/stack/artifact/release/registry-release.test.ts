import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inspectRelease } from '../../../../lib/artifact/release/inspect-release.ts';
import { openRegistryRelease } from '../../../../lib/artifact/release/release-source.ts';
import { parsePullspec } from '../../../../lib/base/names/reference.ts';
import {
  BASE_LAYER,
  type BuiltImage,
  buildImage,
  buildList,
  PINNED,
  referencesOf,
  releaseLayer,
} from '../../../artifact/release/release-setup.ts';
import { createSetup, toDigest } from '../../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../../registry/client/start-registry.ts';
import { findTool } from '../../../support/tools.ts';

const program = findTool('docker-registry');
const setup = createSetup();
const { signal } = new AbortController();
const PATH = 'ocp/release';
afterEach(() => setup.close());

async function push(host: string, { manifest, mediaType, blobs }: BuiltImage, reference: string): Promise<void> {
  for (const bytes of blobs) {
    const started = await fetch(`http://${host}/v2/${PATH}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
    location.searchParams.set('digest', toDigest(bytes));
    expect((await fetch(location, { method: 'PUT', body: new Uint8Array(bytes) })).status).toBe(201);
  }
  const url = `http://${host}/v2/${PATH}/manifests/${reference}`;
  const put = await fetch(url, {
    method: 'PUT',
    body: new Uint8Array(manifest),
    headers: { 'content-type': mediaType },
  });
  expect([put.status, await put.text()]).toEqual([201, '']);
}

async function inspect(host: string, reference: string) {
  const registry = setup.connect({ allowed: [host], plain: [host] });
  const separator = reference.startsWith('sha256:') ? '@' : ':';
  const pullspec = parsePullspec(`${host}/${PATH}${separator}${reference}`);
  return await inspectRelease(openRegistryRelease(pullspec, registry), { signal });
}

function testRegistry(installed: string): void {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry(installed);
  });
  afterAll(() => registry.stop());

  test.each([
    { name: 'an OCI image', docker: false, tag: 'oci' },
    { name: 'a Docker image', docker: true, tag: 'docker' },
  ])('$name, by tag and by digest', async ({ docker, tag }) => {
    const image = await buildImage({ layers: [BASE_LAYER, releaseLayer()], docker });
    await push(registry.host, image, tag);
    const digest = toDigest(image.manifest);
    for (const reference of [tag, digest]) {
      expect(await inspect(registry.host, reference)).toMatchObject({
        outcome: 'accepted',
        digest,
        images: [{ version: '4.21.0', components: [{ name: 'cli', pullspec: PINNED }, { name: 'etcd' }] }],
      });
    }
  });

  test('a list of two platforms', async () => {
    const amd64 = await buildImage({ layers: [releaseLayer()] });
    const arm64 = await buildImage({ layers: [releaseLayer()], architecture: 'arm64' });
    await push(registry.host, amd64, toDigest(amd64.manifest));
    await push(registry.host, arm64, toDigest(arm64.manifest));
    await push(registry.host, buildList([amd64, { ...arm64, architecture: 'arm64' }]), 'multi');
    const { outcome, images } = await inspect(registry.host, 'multi');
    expect([outcome, ...images.map(({ platform }) => platform?.architecture)]).toEqual(['accepted', 'amd64', 'arm64']);
  });

  test('a component by tag rejects the release', async () => {
    await push(
      registry.host,
      await buildImage({ layers: [releaseLayer(referencesOf({ cli: 'quay.io/x/y:1' }))] }),
      'tag',
    );
    expect((await inspect(registry.host, 'tag')).outcome).toBe('rejected');
  });

  test('that serves another layer under its digest: ContentMismatch, and nothing found in it is told', async () => {
    const image = await buildImage({ layers: [releaseLayer(referencesOf({ cli: PINNED, x: PINNED }))] });
    await push(registry.host, image, 'false');
    const [, layer = Buffer.alloc(0)] = image.blobs;
    const [, evil = Buffer.alloc(0)] = (await buildImage({ layers: [releaseLayer(referencesOf({ cli: 'x:1' }))] }))
      .blobs;
    await registry.falsify(toDigest(layer), Buffer.from(evil));
    const { outcome, images } = await inspect(registry.host, 'false');
    expect([outcome, images[0]?.components, images[0]?.faults[0]?.code]).toEqual(['rejected', [], 'ContentMismatch']);
  });

  test('a release that it does not hold is NotFound', async () => {
    await expect(inspect(registry.host, 'none')).rejects.toMatchObject({ name: 'StoreError', code: 'NotFound' });
  });
}

if (program === undefined) {
  test.skip('a real registry: docker-registry is not installed; npm run test:tools');
} else {
  describe('a release in a real registry', () => {
    testRegistry(program);
  });
}
