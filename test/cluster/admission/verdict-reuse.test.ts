import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parsePullspec, parseRepository } from '../../../lib/base/names/reference.ts';
import { MAX_REUSE_MS, toReuseKey } from '../../../lib/cluster/admission/verdict-reuse.ts';
import type { PreparedKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { creationTime, signatureLifetime } from '../../fixtures/make/signature-writer.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import {
  CANONICAL,
  FOREIGN,
  GOOD,
  SIGNED,
  setUpAdmission,
  signer,
  toUpdate,
  trustOf,
  UNKNOWN,
  type World,
} from './admission-setup.ts';

const ASKED = toUpdate({ image: GOOD });
const later = (ms: number): Date => new Date(FIXTURE_TIME.getTime() + ms);
const { prepared } = trustOf();
const KEY = toReuseKey(parsePullspec(GOOD), prepared);
const KEY_PARTS = [KEY?.profile, KEY?.mode, KEY?.canonicalPullspec, KEY?.trustRevision, KEY?.verifierVersion];
const PLACE = `admission/ocp/${hash('sha256', JSON.stringify(KEY_PARTS))}.json`;

/** What one cluster's question has left for the next; another process asks it. */
async function leave(world: World, body: object = ASKED): Promise<ObjectStore> {
  const { review, objects } = setUpAdmission(world);
  expect(await review({ body })).toMatchObject({ allowed: true });
  return objects;
}

/** Whether the same is decided anew: with stores that must not be asked, the answer is an error. */
async function isReused(world: World, body: object = ASKED): Promise<boolean> {
  let isContacted = false;
  const watched: SignatureStore = {
    description: 'watched',
    fetchSignatures() {
      isContacted = true;
      throw new Error('contacted');
    },
  };
  const { review } = setUpAdmission({ ...world, upstream: watched, mirror: watched });
  const { allowed } = await review({ body });
  if (!allowed) expect(isContacted).toBe(true);
  return !isContacted;
}

/** The signer's keyring, its keys with another expiry. */
function expiring(at: Date): PreparedKeyring {
  const expiresAt = Math.floor(at.getTime() / 1000);
  const certificates = signer.keyring.certificates.map((certificate) => ({
    ...certificate,
    keys: certificate.keys.map((key) => ({ ...key, expiresAt })),
  }));
  return { ...signer.keyring, certificates };
}

function storeOf(...signatures: readonly Uint8Array[]) {
  return createMemorySignatureStore(new Map<Digest, readonly Uint8Array[]>([[SIGNED, signatures]]));
}

describe('a verdict is reused', () => {
  test('by the same process and by another, for an hour', async () => {
    const { review, objects, contacts } = setUpAdmission();
    const first = await review({ body: ASKED });
    const asked = contacts.length;
    expect(await review({ body: ASKED })).toEqual(first);
    expect(contacts.length).toBe(asked);
    expect(await isReused({ objects, now: () => later(MAX_REUSE_MS - 1) })).toBe(true);
    expect(await isReused({ objects, now: () => later(MAX_REUSE_MS) })).toBe(false);
  });

  test('also for another spelling of the same pullspec, and for a dry run', async () => {
    const objects = await leave({});
    expect(await isReused({ objects }, toUpdate({ image: GOOD.replace('@', ':4.99.0-x86_64@') }))).toBe(true);
    expect(await isReused({ objects }, toUpdate({ image: GOOD }, { dryRun: true }))).toBe(true);
  });

  test('and replaced when it is decided again', async () => {
    const objects = await leave({});
    await leave({ objects, now: () => later(2 * MAX_REUSE_MS) });
    expect(await isReused({ objects, now: () => later(2.5 * MAX_REUSE_MS) })).toBe(true);
  });

  test('by nobody after a dry run', async () => {
    const objects = await leave({}, toUpdate({ image: GOOD }, { dryRun: true }));
    expect(await isReused({ objects })).toBe(false);
  });
});

describe('a verdict is never reused', () => {
  const warned: Partial<PreparedTrust> = { mode: 'warn' };
  const policy: Partial<PreparedTrust> = {
    imagePolicies: [
      {
        kind: 'policy.json',
        name: 'policy.json',
        document: 'policy.json',
        coverage: { kind: 'everything' },
        content: { default: [{ type: 'insecureAcceptAnything' }] },
      },
    ],
  };
  const expired = { keyrings: [expiring(later(-1000))] };

  test.each<[name: string, trust: Partial<PreparedTrust>, body: object]>([
    ['that was forced', {}, toUpdate({ image: UNKNOWN, force: true })],
    ['that was forced without need', {}, toUpdate({ image: GOOD, force: true })],
    ['that was warned', warned, toUpdate({ image: FOREIGN })],
    ['that an image policy had a say in', policy, ASKED],
    ['by a key that has expired', expired, ASKED],
  ])('%s', async (_, trust, body) => {
    const objects = await leave({ trust }, body);
    expect(await isReused({ objects, trust }, body)).toBe(false);
  });

  test('forced, for the same release that is not', async () => {
    const trust: Partial<PreparedTrust> = { keyrings: [], canonicalRepositories: [parseRepository(CANONICAL)] };
    const objects = await leave({ trust }, toUpdate({ image: GOOD, force: true }));
    const { review } = setUpAdmission({ objects, trust });
    expect(await review({ body: ASKED })).toMatchObject({ allowed: false });
  });

  test.each<[name: string, change: Partial<PreparedTrust>]>([
    ['another profile', { profile: 'okd' }],
    ['another revision', { revision: 'f'.repeat(64) }],
    ['another mode', { mode: 'warn' }],
  ])('by %s', async (_, trust) => {
    const objects = await leave({});
    expect(await isReused({ objects })).toBe(true);
    expect(await isReused({ objects, trust })).toBe(false);
  });

  test('for another digest', async () => {
    const objects = await leave({});
    const other = parseDigest(`sha256:${'0'.repeat(64)}`);
    expect(await isReused({ objects }, toUpdate({ image: `${CANONICAL}@${other}` }))).toBe(false);
  });

  test('for longer than its key lasts', async () => {
    const trust = { keyrings: [expiring(later(60_000))] };
    const objects = await leave({ trust });
    expect(await isReused({ objects, trust, now: () => later(59_999) })).toBe(true);
    expect(await isReused({ objects, trust, now: () => later(60_000) })).toBe(false);
  });

  test('for longer than its signature lasts', async () => {
    const signedAt = Math.floor(FIXTURE_TIME.getTime() / 1000) - 100;
    const upstream = storeOf(
      signer.sign(SIGNED, CANONICAL, { hashed: [creationTime(signedAt), signatureLifetime(160)] }),
    );
    const objects = await leave({ upstream });
    expect(await isReused({ objects, now: () => later(59_000) })).toBe(true);
    expect(await isReused({ objects, now: () => later(61_000) })).toBe(false);
  });

  test('by a clock that was set back', async () => {
    const objects = await leave({});
    expect(await isReused({ objects, now: () => later(-1000) })).toBe(false);
  });
});

describe('what lies in the store is a short cut only as it was kept', () => {
  test.each<[name: string, change: object]>([
    ['a forced record', { forced: true }],
    ['a warned record', { warned: true }],
    ['a rejection', { outcome: 'rejected' }],
    ['one of another profile', { profile: 'okd' }],
    ['one of another mode', { mode: 'warn' }],
    ['one of another revision', { trustRevision: 'f'.repeat(64) }],
    ['one of another verifier', { verifierVersion: 'signet/0.0.1' }],
    ['one of another pullspec', { canonicalPullspec: FOREIGN }],
    ['one that claims to last', { decidedAt: FIXTURE_TIME.getTime() - MAX_REUSE_MS, reusableUntil: 9e15 }],
    ['one of the future', { decidedAt: FIXTURE_TIME.getTime() + 1 }],
    ['a newer schema', { schema: 2 }],
    ['a member too many', { more: true }],
  ])('%s', async (_, change) => {
    const objects = await leave({});
    const stored = await objects.readObject(PLACE, 1e6);
    const kept = JSON.parse(Buffer.from(stored?.bytes ?? []).toString()) as object;
    const forge = async (content: object): Promise<ObjectStore> => {
      const forged = createMemoryObjectStore();
      await forged.createObject(PLACE, Buffer.from(JSON.stringify(content)));
      return forged;
    };
    expect(await isReused({ objects: await forge(kept) })).toBe(true);
    expect(await isReused({ objects: await forge({ ...kept, ...change }) })).toBe(false);
  });

  test('junk', async () => {
    const objects = createMemoryObjectStore([[PLACE, Buffer.from('{"schema":1')]]);
    expect(await isReused({ objects })).toBe(false);
  });
});
