import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import {
  BASIC,
  codeOf,
  createSetup,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  PASSWORD,
  toDigest,
  USER,
} from '../../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../../registry/client/start-registry.ts';
import { findTool } from '../../../support/tools.ts';

const program = findTool('docker-registry');
const { signal } = new AbortController();
const setup = createSetup();
const OTHER_DIGEST = parseDigest(`sha256:${'0'.repeat(64)}`);

afterEach(() => setup.close());

/** What a pusher sends with its requests. */
type Headers = Readonly<Record<string, string>>;

async function pushBlob(host: string, path: string, bytes: Buffer, headers: Headers = {}): Promise<void> {
  const started = await fetch(`http://${host}/v2/${path}/blobs/uploads/`, { method: 'POST', headers });
  const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', toDigest(bytes));
  const put = await fetch(location, { method: 'PUT', body: new Uint8Array(bytes), headers });
  expect(put.status).toBe(201);
}

async function pushManifest(
  host: string,
  path: string,
  { reference, mediaType, bytes }: { readonly reference: string; readonly mediaType: string; readonly bytes: Buffer },
  headers: Headers = {},
): Promise<void> {
  const url = `http://${host}/v2/${path}/manifests/${reference}`;
  const body = new Uint8Array(bytes);
  const put = await fetch(url, { method: 'PUT', body, headers: { ...headers, 'content-type': mediaType } });
  expect([put.status, await put.text()]).toEqual([201, '']);
}

async function pushImage(host: string, path: string, mediaType: string, headers: Headers = {}): Promise<Buffer> {
  const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
  const layer = Buffer.from('a layer');
  await pushBlob(host, path, config, headers);
  await pushBlob(host, path, layer, headers);
  const isOci = mediaType === OCI_MANIFEST;
  const configType = isOci
    ? 'application/vnd.oci.image.config.v1+json'
    : 'application/vnd.docker.container.image.v1+json';
  const layerType = isOci
    ? 'application/vnd.oci.image.layer.v1.tar+gzip'
    : 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const content = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: configType, size: config.length, digest: toDigest(config) },
    layers: [{ mediaType: layerType, size: layer.length, digest: toDigest(layer) }],
  };
  return Buffer.from(JSON.stringify(content, null, 3));
}

function testRegistry(installed: string): void {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry(installed);
  });
  afterAll(() => registry.stop());

  test.each([
    { name: 'an OCI image', mediaType: OCI_MANIFEST, path: 'team/oci' },
    { name: 'a Docker image', mediaType: DOCKER_MANIFEST, path: 'team/docker' },
  ])('$name is resolved by its tag, read by digest and by tag, and its blob too', async ({ mediaType, path }) => {
    const bytes = await pushImage(registry.host, path, mediaType);
    await pushManifest(registry.host, path, { reference: '4.20', mediaType, bytes });
    const client = setup.connect({ allowed: [registry.host], plain: [registry.host] });
    const repository = parseRepository(`${registry.host}/${path}`);
    const digest = toDigest(bytes);
    expect(await client.resolveTag(repository, '4.20', signal)).toBe(digest);
    const expected = { bytes: new Uint8Array(bytes), mediaType, digest, etag: `"${digest}"` };
    expect(await client.readManifest(repository, digest, signal)).toEqual(expected);
    expect(await client.readManifest(repository, '4.20', signal)).toEqual(expected);
    const layer = await client.readBlob(repository, toDigest('a layer'), { limitBytes: 7, signal });
    expect(Buffer.from(layer).toString()).toBe('a layer');
    const tooLong = client.readBlob(repository, toDigest('a layer'), { limitBytes: 6, signal });
    expect(await codeOf(tooLong)).toBe('LimitExceeded');
  });

  test('an index is read as one, and its images by their digests; a tag that moves is resolved anew', async () => {
    const path = 'team/index';
    const image = await pushImage(registry.host, path, OCI_MANIFEST);
    await pushManifest(registry.host, path, { reference: toDigest(image), mediaType: OCI_MANIFEST, bytes: image });
    await pushManifest(registry.host, path, { reference: 'latest', mediaType: OCI_MANIFEST, bytes: image });
    const manifests = [{ mediaType: OCI_MANIFEST, size: image.length, digest: toDigest(image) }];
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
    const client = setup.connect({ allowed: [registry.host], plain: [registry.host] });
    const repository = parseRepository(`${registry.host}/${path}`);
    expect(await client.resolveTag(repository, 'latest', signal)).toBe(toDigest(image));
    await pushManifest(registry.host, path, { reference: 'latest', mediaType: OCI_INDEX, bytes: index });
    const digest = await client.resolveTag(repository, 'latest', signal);
    expect(digest).toBe(toDigest(index));
    expect(await client.readManifest(repository, digest, signal)).toMatchObject({ mediaType: OCI_INDEX });
    expect(await client.readManifest(repository, toDigest(image), signal)).toMatchObject({ mediaType: OCI_MANIFEST });
  });

  test('what it does not hold is NotFound', async () => {
    const client = setup.connect({ allowed: [registry.host], plain: [registry.host] });
    const repository = parseRepository(`${registry.host}/team/none`);
    expect(await codeOf(client.resolveTag(repository, 'x', signal))).toBe('NotFound');
    expect(await codeOf(client.readManifest(repository, OTHER_DIGEST, signal))).toBe('NotFound');
    expect(await codeOf(client.readBlob(repository, OTHER_DIGEST, { limitBytes: 1, signal }))).toBe('NotFound');
  });

  test('that serves other bytes under a digest: ContentMismatch, for manifest, tag and blob', async () => {
    const path = 'team/false';
    const bytes = await pushImage(registry.host, path, OCI_MANIFEST);
    await pushManifest(registry.host, path, { reference: 'v1', mediaType: OCI_MANIFEST, bytes });
    const layer = Buffer.from('a layer of its own');
    await pushBlob(registry.host, path, layer);
    const client = setup.connect({ allowed: [registry.host], plain: [registry.host] });
    const repository = parseRepository(`${registry.host}/${path}`);
    const read = (reference: string) => codeOf(client.readManifest(repository, reference, signal));
    const readLayer = () => codeOf(client.readBlob(repository, toDigest(layer), { limitBytes: 1000, signal }));
    expect([await read(toDigest(bytes)), await readLayer()]).toEqual(['answered', 'answered']);
    await registry.falsify(toDigest(bytes), Buffer.from(bytes.toString().replace('"size": 7', '"size": 8')));
    await registry.falsify(toDigest(layer), Buffer.from('a layer of another'));
    expect(await read(toDigest(bytes))).toBe('ContentMismatch');
    expect(await read('v1')).toBe('ContentMismatch');
    expect(await readLayer()).toBe('ContentMismatch');
  });

  test('its token challenge is answered once, with the credential sent to the token service alone', async () => {
    const tokens = await setup.serve((_request, response) => response.end('{"token":"a-token","expires_in":300}'));
    const guarded = await startRegistry(installed, { tokenRealm: `${tokens.origin}/token` });
    setup.onEnd(() => guarded.stop());
    const pusher = { authorization: 'Bearer pusher' };
    const bytes = await pushImage(guarded.host, 'team/app', OCI_MANIFEST, pusher);
    await pushManifest(guarded.host, 'team/app', { reference: 'v1', mediaType: OCI_MANIFEST, bytes }, pusher);
    const client = setup.connect({
      allowed: [guarded.host, tokens.host],
      plain: [guarded.host, tokens.host],
      auths: { [guarded.host]: { username: USER, password: PASSWORD } },
    });
    const repository = parseRepository(`${guarded.host}/team/app`);
    expect(await client.resolveTag(repository, 'v1', signal)).toBe(toDigest(bytes));
    expect((await client.readManifest(repository, 'v1', signal)).digest).toBe(toDigest(bytes));
    expect(tokens.requests.map(({ path }) => path)).toEqual([
      '/token?service=test-registry&scope=repository%3Ateam%2Fapp%3Apull',
    ]);
    expect(tokens.requests[0]?.headers.authorization).toBe(BASIC);
  });

  test.each([
    { name: 'another host', toRealm: (stranger: string) => `http://${stranger}/token` },
    { name: 'a metadata address', toRealm: () => 'http://169.254.169.254/latest/api/token' },
  ])('its token challenge points at $name: NotAllowed, and no credential is sent', async ({ toRealm }) => {
    const stranger = await setup.serve((_request, response) => response.end('{"token":"a-token"}'));
    const guarded = await startRegistry(installed, { tokenRealm: toRealm(stranger.host) });
    setup.onEnd(() => guarded.stop());
    const auths = { [guarded.host]: { username: USER, password: PASSWORD } };
    const client = setup.connect({ allowed: [guarded.host], plain: [guarded.host, stranger.host], auths });
    const repository = parseRepository(`${guarded.host}/team/app`);
    expect(await codeOf(client.readManifest(repository, OTHER_DIGEST, signal))).toBe('NotAllowed');
    expect(await codeOf(client.resolveTag(repository, 'v1', signal))).toBe('NotAllowed');
    expect(stranger.sockets.size).toBe(0);
    expect(stranger.requests).toEqual([]);
  });
}

if (program === undefined) {
  test.skip('a real registry: docker-registry is not installed; npm run test:tools');
} else {
  describe('a real registry', () => {
    testRegistry(program);
  });
}
