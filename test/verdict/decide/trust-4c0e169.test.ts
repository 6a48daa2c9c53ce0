import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { loadRevision, loadTrust } from '../../../lib/trust/source/load-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { RELEASE_DIGEST, RELEASE_REPOSITORY } from '../../fixtures/make/payload.ts';
import { NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import { createMemoryObjectStore, type MemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedManifests } from '../../support/untouched-store.ts';
import { type Asking, decideBy } from './policy-setup.ts';

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/trust-4c0e169');
const PUBLISHED = path.join(FIXTURES, 'published');
const DIGEST = parseDigest(RELEASE_DIGEST);
const IMAGE = `${NAME}@${DIGEST}`;
const RELEASE = `${RELEASE_REPOSITORY}@${DIGEST}`;

const signature = (name: string): Uint8Array => readFileSync(path.join(FIXTURES, 'signatures', name));
const [release, openpgp, cosign] = ['release', 'openpgp', 'cosign'].map(signature);
if (release === undefined || openpgp === undefined || cosign === undefined) throw new Error('a signature is missing');

/** What commit 4c0e169 published, by object key. */
const objects: readonly (readonly [key: string, bytes: Uint8Array])[] = readdirSync(PUBLISHED, {
  recursive: true,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name))
  .map((file) => [path.relative(PUBLISHED, file), readFileSync(file)]);

const open = (): MemoryObjectStore => createMemoryObjectStore(objects);

/** The documents of a profile, as they are stored beside its revision. */
function sourcesOf(profile: string, revision: string) {
  const prefix = `trust/${profile}/revisions/${revision}/sources/`;
  return objects
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, bytes]) => ({ name: key.slice(prefix.length), bytes }));
}

async function decide(profile: string, asking: Asking): Promise<Verdict> {
  const { trust, refreshedAt } = await loadTrust(open(), profile, NOW);
  return (await decideBy(toReadyTrust(trust, refreshedAt), asking)).verdict;
}

const beside = (...signatures: readonly Uint8Array[]): Asking => ({
  pullspec: IMAGE,
  lookaside: createMemoryLookaside({ [IMAGE]: signatures }),
  manifests: createMemoryManifests(),
});
const stored = (...signatures: readonly Uint8Array[]): Asking => ({
  pullspec: RELEASE,
  store: createMemorySignatureStore(new Map([[DIGEST, signatures]])),
  manifests: untouchedManifests,
});

const decided: [profile: string, name: string, asking: Asking, expected: readonly string[]][] = [
  ['release', 'signed', stored(release), ['accepted']],
  ['release', 'not signed', stored(), ['rejected', 'SignatureNotFound']],
  ['release', 'signed for another repository', stored(openpgp), ['rejected', 'RepositoryMismatch']],
  ['policy', 'signed by both keys', beside(openpgp, cosign), ['accepted']],
  ['policy', 'without the OpenPGP signature', beside(cosign), ['rejected', 'SignatureNotFound']],
  ['policy', 'without the Sigstore signature', beside(openpgp), ['rejected', 'SignatureNotFound']],
  ['policy', 'signed for another repository', beside(release, cosign), ['rejected', 'IdentityMismatch']],
  ['cluster', 'signed', beside(cosign), ['accepted']],
  ['cluster', 'not signed', beside(), ['rejected', 'SignatureNotFound']],
];

describe('trust that commit 4c0e169 published decides', () => {
  test.each(decided)('%s: %s', async (profile, _, asking, expected) => {
    const { outcome, reasons } = await decide(profile, asking);
    expect([outcome, ...reasons.map(({ code }) => code)]).toEqual(expected);
  });

  test.each(['release', 'policy', 'cluster'])(
    '%s has the same revision when it is published again',
    async (profile) => {
      const store = open();
      const { trust } = await loadTrust(store, profile, NOW);
      const documents = sourcesOf(profile, trust.revision);
      const published = await publishTrust(store, await prepareTrust(profile, documents), documents);
      expect(published).toMatchObject({ profile, revision: trust.revision, previous: trust.revision });
      expect(await loadRevision(store, profile, trust.revision)).toMatchObject({ profile, revision: trust.revision });
    },
  );
});

describe('trust of 4c0e169 with a scope that nodes do not compare', () => {
  test.each(['policy-port', 'cluster-port'])('%s decides nothing, and says what to do', async (profile) => {
    const { outcome, reasons } = await decide(profile, beside(openpgp, cosign));
    expect([outcome, ...reasons.map(({ code }) => code)]).toEqual(['indeterminate', 'PolicyNotEvaluated']);
    expect(reasons[0]?.remedy).toContain('publish the trust of the profile again');
  });

  test.each(['policy-port', 'cluster-port'])(
    '%s is not published again before the scope is written as nodes have it',
    async (profile) => {
      const { trust } = await loadTrust(open(), profile, NOW);
      const preparing = prepareTrust(profile, sourcesOf(profile, trust.revision));
      await expect(preparing).rejects.toThrow(ConfigurationError);
      await expect(preparing).rejects.toThrow(/443/);
    },
  );
});

test.each([
  ['a byte of the prepared JSON', 'prepared/'],
  ['a byte of the pointer', 'current'],
])('%s changed: nothing is loaded', async (_, part) => {
  const changed = objects.map(([key, bytes]) => {
    if (!key.startsWith('trust/cluster/') || !key.includes(part)) return [key, bytes] as const;
    const copy = Uint8Array.from(bytes);
    copy[copy.length - 4] = (copy[copy.length - 4] ?? 0) ^ 1;
    return [key, copy] as const;
  });
  await expect(loadTrust(createMemoryObjectStore(changed), 'cluster', NOW)).rejects.toThrow(ConfigurationError);
});
