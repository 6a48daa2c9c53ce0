import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { LookasideResult } from '../../../lib/mirror/slots/lookaside-mirror.ts';
import { lookasideLayout, MAX_LOOKASIDE_SLOTS, slotKey } from '../../../lib/mirror/slots/slot-layout.ts';
import { mirrorImage } from '../../../lib/mirror/sync/mirror-digest.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { openMirror } from '../../../lib/stores/open/open-stores.ts';
import { createPolicyStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import { DIGEST, NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { reframeMessage } from '../../support/reframe-message.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import {
  anything,
  byPath,
  bySecond,
  bySigner,
  decideBy,
  IMAGE,
  OTHER_NAME,
  type PolicyProfile,
  policyOf,
  readPolicyTrust,
  reject,
  second,
  signer,
  sigstore,
  stranger,
} from '../../verdict/decide/policy-setup.ts';

const REPOSITORY = parseRepository(NAME);
const good = signer.sign();
const goodSecond = second.sign();
const junk = Buffer.from('junk');
const foreign = stranger.sign();
const otherDigest = signer.sign({ digest: toDigest('other') });
const otherName = signer.sign({ reference: `${OTHER_NAME}:1` });

async function mirror(
  trust: ReadyTrust,
  upstream: SignatureStore | readonly Uint8Array[],
  objects: ObjectStore = createMemoryObjectStore(),
  repository = REPOSITORY,
): Promise<LookasideResult> {
  const store = 'fetchSignatures' in upstream ? upstream : createMemoryLookaside({ [IMAGE]: upstream });
  const { signal } = new AbortController();
  const image = { repository, digest: DIGEST };
  return await mirrorImage({ image, trust, upstream: store, objects, now: NOW, signal });
}

async function held(objects: ObjectStore): Promise<readonly Buffer[]> {
  const keys = await Array.fromAsync(objects.listObjects('lookaside/'));
  const stored = await Promise.all(keys.map(({ key }) => objects.readObject(key, 1 << 20)));
  return stored.map((object) => Buffer.from(object?.bytes ?? []));
}

const plain = await readPolicyTrust({ policy: policyOf([bySigner]) });
const two = await readPolicyTrust({ policy: policyOf([bySigner, bySecond]) });

describe('the mirror holds what satisfies a requirement, and nothing else', () => {
  const rows: readonly {
    name: string;
    trust: ReadyTrust;
    upstream: readonly Uint8Array[];
    kept: readonly Uint8Array[];
    outcome: string;
  }[] = [
    {
      name: 'junk, a foreign key, another digest and another repository',
      trust: plain,
      upstream: [junk, foreign, otherDigest, otherName, good],
      kept: [good],
      outcome: 'complete',
    },
    { name: 'nothing that satisfies', trust: plain, upstream: [junk, foreign], kept: [], outcome: 'incomplete' },
    {
      name: 'one for each requirement',
      trust: two,
      upstream: [good, foreign, goodSecond],
      kept: [good, goodSecond],
      outcome: 'complete',
    },
    {
      name: 're-framed copies of one signature',
      trust: two,
      upstream: [good, ...[1, 2, 3].map((variant) => reframeMessage(good, variant)), goodSecond],
      kept: [good, goodSecond],
      outcome: 'complete',
    },
    { name: 'one requirement of two', trust: two, upstream: [good], kept: [good], outcome: 'incomplete' },
  ];
  test.each(rows)('$name', async ({ trust, upstream, kept, outcome }) => {
    const objects = createMemoryObjectStore();
    expect(await mirror(trust, upstream, objects)).toMatchObject({ outcome, held: kept.length });
    expect(await held(objects)).toEqual(kept.map((bytes) => Buffer.from(bytes)));
  });

  test('what is there already is not asked for', async () => {
    const objects = createMemoryObjectStore();
    await mirror(plain, [good], objects);
    expect(await mirror(plain, untouchedStore, objects)).toMatchObject({ outcome: 'complete', written: [] });
  });

  test('a place is left for the requirement that lacks one, however many satisfy the other', async () => {
    const objects = createMemoryObjectStore();
    const many = Array.from({ length: MAX_LOOKASIDE_SLOTS + 5 }, () => signer.sign());
    const result = await mirror(two, [...many, goodSecond], objects);
    expect(result).toMatchObject({ outcome: 'complete', held: MAX_LOOKASIDE_SLOTS });
    const entries = await Array.fromAsync(
      openMirror(objects).lookaside.fetchSignatures(
        { digest: DIGEST, repository: REPOSITORY },
        new AbortController().signal,
      ),
    );
    expect(entries.at(-1)?.kind).toBe('absent');
  });

  test('a lookaside that fails leaves it open', async () => {
    const upstream = createMemoryLookaside({ [IMAGE]: [junk] }, { failing: [IMAGE] });
    expect(await mirror(plain, upstream)).toMatchObject({ outcome: 'indeterminate', written: [] });
  });
});

describe('nothing is asked for or kept', () => {
  const rows: readonly (PolicyProfile & { name: string })[] = [
    { name: 'rejected whatever it is', policy: policyOf([bySigner, reject]) },
    { name: 'accepted whatever it is', policy: policyOf([anything]) },
    { name: 'sigstore, which is mirrored elsewhere', policy: policyOf([sigstore]) },
    { name: 'verification: disabled', policy: policyOf([bySigner]), spec: { verification: 'disabled' } },
    { name: 'require: openpgp', policy: policyOf([bySigner]), hasKeyring: true, change: { require: 'openpgp' } },
    { name: 'no policy', policy: policyOf([bySigner]), hasKeyring: true, change: { imagePolicies: [] } },
    { name: 'trust without the policy’s keys', policy: policyOf([bySigner]), change: { policyKeyrings: [] } },
  ];
  test.each(rows)('$name', async (row) => {
    const objects = createMemoryObjectStore();
    expect(await mirror(await readPolicyTrust(row), untouchedStore, objects)).toMatchObject({ held: 0, written: [] });
    expect(await held(objects)).toEqual([]);
  });

  test('by stale trust: the key may have been revoked since', async () => {
    const stale = toReadyTrust(plain.prepared, new Date(NOW.getTime() - 48 * 3600 * 1000));
    await expect(mirror(stale, untouchedStore)).rejects.toMatchObject({ name: 'StoreError', code: 'Unavailable' });
  });
});

describe('what is mirrored vouches when upstream is off', () => {
  test('for its image', async () => {
    const objects = createMemoryObjectStore();
    await mirror(two, [good, goodSecond], objects);
    const { verdict } = await decideBy(two, { lookaside: openMirror(objects).lookaside });
    expect(verdict.outcome).toBe('accepted');
    expect(verdict.attempts.find(({ code }) => code === 'Verified')?.store).toBe('mirror');
  });

  test('for no other image, wherever somebody puts it', async () => {
    const other = parseRepository(OTHER_NAME);
    const key = slotKey(lookasideLayout({ repository: other, digest: DIGEST }), 1);
    const objects = createMemoryObjectStore([[key, good]]);
    const trust = await readPolicyTrust({
      policy: policyOf([bySigner]),
      spec: { canonicalRepositories: [OTHER_NAME] },
    });
    const { lookaside } = openMirror(objects);
    const { verdict } = await decideBy(trust, { pullspec: `${OTHER_NAME}@${DIGEST}`, lookaside });
    expect([verdict.outcome, verdict.reasons[0]?.code]).toEqual(['rejected', 'IdentityMismatch']);
  });

  test('a message that names another repository writes nothing there', async () => {
    const other = parseRepository(OTHER_NAME);
    const objects = createMemoryObjectStore();
    const upstream = createMemoryLookaside({ [`${OTHER_NAME}@${DIGEST}`]: [good] });
    expect(await mirror(plain, upstream, objects, other)).toMatchObject({ outcome: 'incomplete', written: [] });
    expect(await held(objects)).toEqual([]);
  });

  test('the requirements of the image’s own scope count', async () => {
    const policy = policyOf([byPath('second.gpg')], { [NAME]: [bySigner] });
    const objects = createMemoryObjectStore();
    await mirror(await readPolicyTrust({ policy }), [goodSecond, good], objects);
    expect(await held(objects)).toEqual([Buffer.from(good)]);
  });
});

test('registries are not asked: the mirror has no Sigstore signatures, and what is not there is no failure', async () => {
  const upstream = createPolicyStore({ openpgp: createMemoryLookaside({}), sigstore: untouchedStore });
  expect(await mirror(plain, upstream)).toMatchObject({ outcome: 'incomplete', failures: [] });
});
