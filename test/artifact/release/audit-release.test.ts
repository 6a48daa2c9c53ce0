import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AuditRequest, auditRelease } from '../../../lib/artifact/release/audit-release.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../support/fixture-releases.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';

const REAL = process.env['SIGNET_RELEASES'];
const REPOSITORY = parseRepository('quay.io/openshift-release-dev/ocp-release');
const DIGESTS: Readonly<Record<string, string>> = {
  '4.16.37-x86_64': 'sha256:0065822bf39b11e3a3113eb2dee4bddf0a07fe0967892498771bd9728e145ad0',
  '4.10.18-x86_64': 'sha256:195de2a5ef3af1083620a62a45ea61ac1233ffa27bbce7b30609a69775aeca19',
};

const READER: AuditRequest['reader'] = {
  ...createMemoryManifests(),
  async resolveTag(_, tag) {
    await Promise.resolve();
    const digest = DIGESTS[tag];
    if (digest === undefined) throw new StoreError('NotFound', `no ${tag}`);
    return parseDigest(digest);
  },
};

async function toRequest(version: string, stores: readonly SignatureStore[], signal = new AbortController().signal) {
  const folder = path.join(REAL ?? '', 'trust/ocp');
  const documents = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(path.join(folder, name)) }));
  const trust = toReadyTrust(await prepareTrust('ocp', documents), FIXTURE_TIME);
  return { version, repository: REPOSITORY, reader: READER, stores, trust, exceptions: [], now: FIXTURE_TIME, signal };
}

describe.skipIf(REAL === undefined)('real releases', () => {
  test.each(['4.16.37', '4.10.18'])('%s of x86_64, as it is published', async (version) => {
    const store = createDirectoryReleaseStore(path.join(REAL ?? '', 'signatures'));
    const audit = await auditRelease(await toRequest(version, [store, store]));
    expect(audit.outcome).toBe('accepted');
    expect(audit.images.map(({ architecture, part, stores }) => [architecture, part, stores.length])).toEqual([
      ['x86_64', 'image', 2],
    ]);
    for (const { state, signatures } of audit.images[0]?.stores ?? []) {
      expect([state, signatures.map(({ signedFor }) => signedFor)]).toEqual([
        'verified',
        [`${REPOSITORY}:${version}-x86_64`],
      ]);
    }
  });
});

const toFixtureRequest = async (stores: readonly SignatureStore[], signal = new AbortController().signal) => ({
  version: '4.16.37',
  repository: REPOSITORY,
  architectures: ['x86_64'],
  reader: READER,
  stores,
  trust: await readFixtureTrust(),
  exceptions: [],
  now: FIXTURE_TIME,
  signal,
});

test('a release without a store is rejected', async () => {
  expect((await auditRelease(await toFixtureRequest([]))).outcome).toBe('rejected');
});

test('a profile without a keyring is satisfied by nothing', async () => {
  const store: SignatureStore = {
    description: 'never read',
    fetchSignatures: () => {
      throw new Error('the store was read');
    },
  };
  const request = await toFixtureRequest([store]);
  const audit = await auditRelease({ ...request, trust: { ...request.trust, keyrings: [] } });
  expect([audit.outcome, audit.images[0]?.stores[0]?.reasons[0]?.code]).toEqual(['rejected', 'KeyringUnsatisfied']);
});

test('a cancelled audit ends, and reads no more', async () => {
  const controller = new AbortController();
  let reads = 0;
  const store: SignatureStore = {
    description: 'slow',
    async *fetchSignatures(_, signal) {
      reads += 1;
      controller.abort(new Error('cancelled'));
      await Promise.resolve();
      signal.throwIfAborted();
      yield { kind: 'absent', store: 'slow', location: 'x' };
    },
  };
  await expect(auditRelease(await toFixtureRequest([store], controller.signal))).rejects.toThrow('cancelled');
  expect(reads).toBe(1);
});

test('a few digests and stores are read at a time', async () => {
  let open = 0;
  let most = 0;
  const store: SignatureStore = {
    description: 'counting',
    async *fetchSignatures() {
      open += 1;
      most = Math.max(most, open);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      open -= 1;
      yield { kind: 'absent', store: 'counting', location: 'x' };
    },
  };
  await auditRelease(await toFixtureRequest(Array.from({ length: 40 }, () => store)));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
});
