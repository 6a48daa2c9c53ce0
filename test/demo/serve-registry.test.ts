import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_IMAGES, DEMO_MANIFESTS, DEMO_MEDIA_TYPE, DEMO_REFERRER } from '../../demo/demo-images.ts';
import { DEMO_PUSH_SOURCES, DEMO_REGISTRIES, toDemoOrigins } from '../../demo/demo-registries.ts';
import { type ServedRegistry, serveRegistry } from '../../demo/serve-registry.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { createRegistryClient, type RegistryClient } from '../../lib/registry/client/registry-client.ts';

const { signal } = new AbortController();
const { first } = DEMO_IMAGES;
const PATHS = DEMO_PUSH_SOURCES.map(({ repository }) => repository);
const http = createHttpClient({ allowPrivateAddresses: true });
let served: ServedRegistry;
let client: RegistryClient;

beforeAll(async () => {
  served = await serveRegistry(DEMO_MANIFESTS, PATHS);
  client = createRegistryClient({ http, allowedHosts: [served.host], plainHttpHosts: [served.host] });
});
afterAll(async () => {
  http.close();
  await served.close();
});

describe.each([...new Set(PATHS)])('Signet’s own client reads %s', (path) => {
  test.each(Object.values(DEMO_IMAGES).map((image) => [image.tag, image] as const))('%s', async (tag, image) => {
    const repository = parseRepository(`${served.host}/${path}`);
    expect(await client.resolveTag(repository, tag, signal)).toBe(image.digest);
    const { bytes, digest, mediaType } = await client.readManifest(repository, image.digest, signal);
    expect([Buffer.from(bytes), digest, mediaType]).toEqual([
      Buffer.from(image.manifest),
      image.digest,
      DEMO_MEDIA_TYPE,
    ]);
  });

  test('the referrer names release 1.0.0 as its subject', async () => {
    const repository = parseRepository(`${served.host}/${path}`);
    const { bytes } = await client.readManifest(repository, DEMO_REFERRER.digest, signal);
    expect(JSON.parse(Buffer.from(bytes).toString('utf8'))).toMatchObject({
      artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      subject: { digest: first.digest, size: first.manifest.length, mediaType: DEMO_MEDIA_TYPE },
    });
  });
});

test.each([
  ['an unknown tag', 'demo/release', '9.9.9'],
  ['an unknown digest', 'demo/release', `sha256:${'0'.repeat(64)}`],
  ['an unknown repository', 'demo/other', '1.0.0'],
])('%s is not found', async (_, path, reference) => {
  const asked = client.readManifest(parseRepository(`${served.host}/${path}`), reference, signal);
  await expect(asked).rejects.toSatisfy((error) => error instanceof StoreError && error.code === 'NotFound');
});

test.each([
  ['GET', '/v2/', 200, undefined],
  ['HEAD', '/v2/demo/release/manifests/1.0.0', 200, undefined],
  ['GET', '/v2/demo/release/manifests/9.9.9', 404, 'MANIFEST_UNKNOWN'],
  ['GET', '/v2/demo/other/manifests/1.0.0', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/demo/release/blobs/x', 404, 'NAME_UNKNOWN'],
  ['GET', '/', 404, 'NAME_UNKNOWN'],
  ['PUT', '/v2/demo/release/manifests/1.0.0', 405, 'UNSUPPORTED'],
] as const)('%s %s is %i', async (method, path, status, code) => {
  const response = await fetch(`${served.url}${path}`, { method });
  expect(response.status).toBe(status);
  if (code !== undefined) expect(await response.json()).toMatchObject({ errors: [{ code }] });
  else if (path !== '/v2/') {
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': DEMO_MEDIA_TYPE,
      'content-length': String(first.manifest.length),
      'docker-content-digest': first.digest,
    });
    expect((await response.bytes()).length).toBe(0);
  }
});

test('every host of the samples leads to the demo’s registry', async () => {
  const apiOrigins = toDemoOrigins(`${served.url}/`);
  expect([...apiOrigins]).toEqual(DEMO_REGISTRIES.map((host) => [host, served.url]));
  const demo = createRegistryClient({ http, allowedHosts: DEMO_REGISTRIES, apiOrigins });
  const named = DEMO_PUSH_SOURCES.map(({ registry, repository }) => parseRepository(`${registry}/${repository}`));
  const resolved = await Promise.all(named.map((repository) => demo.resolveTag(repository, '1.0.0', signal)));
  expect(resolved).toEqual(named.map(() => first.digest));
  expect(new Set(named).size).toBe(10);
});
