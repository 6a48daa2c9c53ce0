import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { copyAttachments } from '../../../../lib/mirror/sigstore/copy-attachments.ts';
import { createHttpClient } from '../../../../lib/platform/http/http-client.ts';
import { createRegistryClient } from '../../../../lib/registry/client/registry-client.ts';
import { createRegistryPusher } from '../../../../lib/registry/client/registry-pusher.ts';
import { prepareTrust } from '../../../../lib/trust/prepare/prepare-trust.ts';
import {
  COSIGN_FIXTURES,
  type CosignImages,
  pushCosignManifests,
  pushFallbackIndex,
  readCosignImages,
  SIGNED_NAME,
} from '../../../registry/attachments/cosign-images.ts';
import { startRegistry, type TestRegistry } from '../../../registry/client/start-registry.ts';
import { findTool } from '../../../support/tools.ts';
import { file, profile } from '../../../trust/sample-documents.ts';

const { signal } = new AbortController();
const program = findTool('docker-registry');
const cosign = findTool('cosign-2');
const run = promisify(execFile);

/** As the release payload has it, with a key of this test: the real one is RSA-4096 too. */
function toOpenshiftPolicy(key: Buffer): string {
  return JSON.stringify({
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'openshift' },
    spec: {
      scopes: [SIGNED_NAME],
      policy: { rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData: key.toString('base64') } } },
    },
  });
}

function testMirrors(installed: string): void {
  let source: TestRegistry;
  let target: TestRegistry;
  let images: CosignImages;
  let scratch = '';
  const http = createHttpClient({ allowPrivateAddresses: true });
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-cosign-agrees-'));
    // Nothing of Sigstore's own services counts.
    await writeFile(
      path.join(scratch, 'root.json'),
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    );
    images = await readCosignImages();
    [source, target] = [await startRegistry(installed), await startRegistry(installed)];
    await pushCosignManifests(source.host, images.manifests);
    for (const [repository, manifests] of Map.groupBy(images.manifests, (one) => one.repository)) {
      await pushFallbackIndex(source.host, repository, manifests);
      // The images themselves are mirrored by other means.
      await pushCosignManifests(
        target.host,
        manifests.filter(({ reference }) => reference === 'release' || reference === 'other'),
      );
    }
  });
  afterAll(async () => {
    http.close();
    await source.stop();
    await target.stop();
    await rm(scratch, { recursive: true });
  });

  function connect({ host }: TestRegistry) {
    const options = { http, allowedHosts: [host], plainHttpHosts: [host] };
    return { reader: createRegistryClient(options), pusher: createRegistryPusher(options) };
  }

  async function copy(place: string, key: string): Promise<string | undefined> {
    const documents = [
      file('profile.yaml', profile({ canonicalRepositories: [SIGNED_NAME], bundleIdentity: 'digest' })),
      file('policy.yaml', toOpenshiftPolicy(await images.key(`${key}.pub`))),
    ];
    const [copied] = await copyAttachments({
      images: [
        {
          digest: images.release,
          repository: parseRepository(SIGNED_NAME),
          place: parseRepository(`${source.host}/${place}`),
          to: parseRepository(`${target.host}/${place}`),
          names: [],
        },
      ],
      reader: connect(source).reader,
      destination: connect(target),
      replace: false,
      concurrency: 1,
      prepared: await prepareTrust('acme', documents),
      now: () => new Date('2026-11-01T00:00:00Z'),
      signal,
    });
    return copied?.outcome;
  }

  test.each([
    { name: 'P-256', place: 'legacy/p256', key: 'p256', other: 'leaf' },
    { name: 'the kind of key that OpenShift has', place: 'legacy/rsa4096', key: 'rsa4096', other: 'p256' },
    { name: 'a bundle', place: 'bundle/p256', key: 'p256', other: 'leaf' },
    { name: 'a bundle by RSA-4096', place: 'bundle/rsa4096', key: 'rsa4096', other: 'p256' },
  ])('$name: copied by its key, not by another, and cosign verifies the copy', async ({ place, key, other }) => {
    expect(await copy(place, other)).toBe('invalid');
    if (cosign !== undefined) expect(await verify(cosign, place, key)).toBe('refused');
    expect(await copy(place, key)).toBe('complete');
    if (cosign !== undefined) {
      expect([await verify(cosign, place, key), await verify(cosign, place, other)]).toEqual(['verified', 'refused']);
    }
  });

  async function verify(tool: string, place: string, key: string): Promise<'verified' | 'refused'> {
    const options = { cwd: scratch, env: { PATH: process.env['PATH'] ?? '', HOME: scratch } };
    const publicKey = path.join(COSIGN_FIXTURES, 'keys', `${key}.pub`);
    const format = place.startsWith('bundle/') ? ['--new-bundle-format', '--trusted-root', 'root.json'] : [];
    const image = `${target.host}/${place}@${images.release}`;
    const given = [
      'verify',
      '--key',
      publicKey,
      '--insecure-ignore-tlog=true',
      '--private-infrastructure',
      ...format,
      image,
    ];
    return await run(tool, given, options).then(
      () => 'verified' as const,
      () => 'refused' as const,
    );
  }
}

if (program === undefined) {
  test.skip('mirrors of cosign’s signatures: not installed; apt-get install docker-registry');
} else {
  describe('signatures of cosign in a mirror', () => {
    testMirrors(program);
  });
}
