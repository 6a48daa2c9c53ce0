import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { readOpenpgpEvidence } from '../../../lib/mirror/check/openpgp-evidence.ts';
import { mirrorDigest } from '../../../lib/mirror/sync/mirror-digest.ts';
import type { MirrorResult } from '../../../lib/mirror/sync/mirror-result.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createParallelStore } from '../../../lib/stores/port/composites.ts';
import { MAX_SIGNATURE_BYTES, type SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { MAX_TRUST_AGE_MS } from '../../../lib/trust/prepared/profiles.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { compressedBody, indeterminatePacket, PACKET } from '../../fixtures/make/packet-writer.ts';
import { toDigest, toSeconds } from '../../fixtures/make/payload.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { openMessage, reframeMessage } from '../../support/reframe-message.ts';

const DIGEST = parseDigest(toDigest('mirrored'));
const OTHER_DIGEST = toDigest('another');
const JUNK = Buffer.from('junk');
const NEVER = new AbortController().signal;

const fixture = await readFixtureTrust();
const [a, b, c, unknown] = await Promise.all(['a', 'b', 'c', 'unknown'].map((name) => makeSigner(name)));
const revoked = await makeSigner('revoked', { revocation: { revokedAt: toSeconds('2025-06-01'), reason: 0 } });

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('undefined');
  return value;
}

const [signerA, signerB, signerC, stranger] = [defined(a), defined(b), defined(c), defined(unknown)];
const both = trustOf([signerA, signerB]);

function trustOf(signers: readonly Signer[], change: Partial<PreparedTrust> = {}): ReadyTrust {
  return toReadyTrust(
    { ...fixture.prepared, keyrings: signers.map(({ keyring }) => keyring), ...change },
    FIXTURE_TIME,
  );
}

function serving(...signatures: readonly Uint8Array[]): SignatureStore {
  return createMemorySignatureStore(new Map<Digest, readonly Uint8Array[]>([[DIGEST, signatures]]));
}

const failing = createMemorySignatureStore(new Map(), { failure: new StoreError('ConnectionFailed', 'refused') });

/** Must not be asked. */
const untouchable: SignatureStore = {
  description: 'untouchable',
  fetchSignatures() {
    throw new Error('upstream was contacted');
  },
};

const keyOf = (index: number): string => `signatures/${toStoreSegment(DIGEST)}/signature-${index}`;

function holding(slots: Readonly<Record<number, Uint8Array>>): ObjectStore {
  return createMemoryObjectStore(Object.entries(slots).map(([index, bytes]) => [keyOf(Number(index)), bytes]));
}

async function mirror(
  upstream: SignatureStore,
  trust: ReadyTrust = both,
  objects: ObjectStore = holding({}),
): Promise<MirrorResult> {
  const signal = new AbortController().signal;
  return mirrorDigest({ digest: DIGEST, trust, upstream, objects, now: FIXTURE_TIME, signal });
}

const listed = async (objects: ObjectStore): Promise<readonly string[]> =>
  (await Array.fromAsync(objects.listObjects(''))).map(({ key }) => key);

const bytesAt = async (objects: ObjectStore, index: number): Promise<Buffer> =>
  Buffer.from(defined(await objects.readObject(keyOf(index), MAX_SIGNATURE_BYTES)).bytes);

const many = (signer: Signer, count: number): Buffer[] => Array.from({ length: count }, () => signer.sign(DIGEST));
const reframed = (message: Uint8Array, count: number): Buffer[] =>
  Array.from({ length: count }, (_, variant) => reframeMessage(message, variant));

/** `index: keyrings` of what was written, without the names' common start. */
const written = (result: MirrorResult): readonly string[] =>
  result.written.map(
    ({ index, keyrings }) => `${index}: ${keyrings.map((name) => name.replace('verifier-public-key-', '')).join(' ')}`,
  );

let scratch = '';
let count = 0;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'mirror-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe.each<[string, () => ObjectStore]>([
  ['memory', () => createMemoryObjectStore()],
  [
    'directory',
    () => {
      count += 1;
      return createDirectoryObjectStore(path.join(scratch, String(count)));
    },
  ],
])('in a %s', (_, newObjects) => {
  test('copies byte for byte, from 1 without gaps, into the release layout', async () => {
    const objects = newObjects();
    const [first, second] = [signerA.sign(DIGEST), signerB.sign(DIGEST)];
    const result = await mirror(serving(first, second), both, objects);
    expect(result).toMatchObject({ outcome: 'complete', held: 2, reasons: [], unverified: [], refused: [] });
    expect(written(result)).toEqual(['1: a', '2: b']);
    expect(result.written.map(({ signer }) => signer)).toEqual([signerA.fingerprint, signerB.fingerprint]);
    expect(await listed(objects)).toEqual([keyOf(1), keyOf(2)]);
    expect(await bytesAt(objects, 1)).toEqual(first);
    expect(await bytesAt(objects, 2)).toEqual(second);
  });

  test('asks nobody when what is held satisfies every keyring', async () => {
    const objects = newObjects();
    await mirror(serving(signerA.sign(DIGEST), signerB.sign(DIGEST)), both, objects);
    const again = await mirror(untouchable, both, objects);
    expect(again).toMatchObject({ outcome: 'complete', held: 2, written: [] });
  });

  test('adds what a keyring lacks to what is held, and replaces nothing', async () => {
    const objects = newObjects();
    const first = signerA.sign(DIGEST);
    expect((await mirror(serving(first), both, objects)).outcome).toBe('incomplete');
    const result = await mirror(serving(reframeMessage(first, 1), signerB.sign(DIGEST)), both, objects);
    expect([result.outcome, ...written(result)]).toEqual(['complete', '2: b']);
    expect(await bytesAt(objects, 1)).toEqual(first);
  });
});

describe('outcomes', () => {
  test.each<[string, SignatureStore, string, string | undefined]>([
    ['nobody has one', serving(), 'absent', 'SignatureNotFound'],
    ['a store failed', failing, 'indeterminate', 'StoreUnavailable'],
    [
      'a store failed, and a keyring is satisfied',
      createParallelStore([failing, serving(signerA.sign(DIGEST))]),
      'indeterminate',
      'StoreUnavailable',
    ],
    [
      'a store failed, and all are satisfied',
      createParallelStore([failing, serving(signerA.sign(DIGEST), signerB.sign(DIGEST))]),
      'complete',
      undefined,
    ],
    ['one keyring is left', serving(signerA.sign(DIGEST)), 'incomplete', 'KeyringUnsatisfied'],
    ['junk alone', serving(JUNK), 'incomplete', 'SignatureMalformed'],
    ['no store', createParallelStore([]), 'incomplete', 'SignatureNotFound'],
  ])('%s', async (_, upstream, outcome, reason) => {
    const result = await mirror(upstream);
    expect([result.outcome, result.reasons[0]?.code]).toEqual([outcome, reason]);
  });

  test.each<[string, ReadyTrust, string, string]>([
    ['verification: disabled', trustOf([signerA], { verification: 'disabled' }), 'skipped', 'PolicyNotEvaluated'],
    ['no keyring', trustOf([]), 'skipped', 'KeyringUnsatisfied'],
    [
      'trust that is stale',
      { ...both, refreshedAt: new Date(FIXTURE_TIME.getTime() - MAX_TRUST_AGE_MS - 1) },
      'indeterminate',
      'TrustStale',
    ],
  ])('%s mirrors nothing, says why and asks nobody', async (_, trust, outcome, reason) => {
    const objects = holding({});
    const result = await mirror(untouchable, trust, objects);
    expect([result.outcome, result.reasons[0]?.code]).toEqual([outcome, reason]);
    expect(await listed(objects)).toEqual([]);
  });

  test('a mirror that fails is a failure, not a result', async () => {
    const broken = createMemoryObjectStore([[keyOf(1), JUNK]], { failure: new StoreError('TimedOut', 'slow') });
    await expect(mirror(serving(signerA.sign(DIGEST)), both, broken)).rejects.toThrow(StoreError);
  });

  test('the caller’s abort is passed on', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const request = { digest: DIGEST, trust: both, upstream: serving(JUNK), objects: holding({}), now: FIXTURE_TIME };
    await expect(mirrorDigest({ ...request, signal })).rejects.toThrow('enough');
  });
});

describe('what upstream may try', () => {
  const onlyA = trustOf([signerA]);
  test.each<[string, Uint8Array, string]>([
    ['a signature of another digest', signerA.sign(OTHER_DIGEST), 'DigestMismatch'],
    ['one of another repository', signerA.sign(DIGEST, 'quay.io/example/other-release'), 'RepositoryMismatch'],
    ['one by an unknown key', stranger.sign(DIGEST), 'KeyUnknown'],
    ['junk', JUNK, 'SignatureMalformed'],
    ['an empty one', Buffer.alloc(0), 'SignatureMalformed'],
    ['a spoilt one', Buffer.concat([signerA.sign(DIGEST), JUNK]), 'SignatureMalformed'],
  ])('%s is not written', async (_, bytes, code) => {
    const objects = holding({});
    const result = await mirror(serving(bytes), onlyA, objects);
    expect(result.outcome).toBe('incomplete');
    expect(result.attempts.map((attempt) => attempt.code)).toContain(code);
    expect(await listed(objects)).toEqual([]);
  });

  test('an oversized one is a store’s failure, and not written', async () => {
    const objects = holding({});
    const result = await mirror(serving(Buffer.alloc(MAX_SIGNATURE_BYTES + 1, 0xa3)), onlyA, objects);
    expect(result.outcome).toBe('indeterminate');
    expect(await listed(objects)).toEqual([]);
  });

  test('one by a revoked key is not written, though its keyring has the key', async () => {
    const objects = holding({});
    const result = await mirror(serving(revoked.sign(DIGEST)), trustOf([revoked]), objects);
    expect([result.outcome, result.reasons[0]?.code]).toEqual(['incomplete', 'KeyRevoked']);
    expect(await listed(objects)).toEqual([]);
  });

  test('eight junk signatures do not hide the ninth', async () => {
    const junk = Array.from({ length: 8 }, () => JUNK);
    const result = await mirror(serving(...junk, signerA.sign(DIGEST)), onlyA);
    expect([result.outcome, ...written(result)]).toEqual(['complete', '1: a']);
  });

  test.each<[string, (first: Buffer, second: Buffer) => SignatureStore]>([
    [
      'nine in a store of their own',
      (first, second) => createParallelStore([serving(...reframed(first, 9)), serving(second)]),
    ],
    ['eight before it in its store', (first, second) => serving(...reframed(first, 8), second)],
    [
      'nine, and then eight junk before it',
      (first, second) =>
        createParallelStore([
          serving(...reframed(first, 9)),
          serving(...Array.from({ length: 8 }, () => JUNK), second),
        ]),
    ],
  ])('re-framed copies of one signature count once and do not hide another keyring’s: %s', async (_, serve) => {
    const objects = holding({});
    const result = await mirror(serve(signerA.sign(DIGEST), signerB.sign(DIGEST)), both, objects);
    expect([result.outcome, result.held]).toEqual(['complete', 2]);
    expect(
      written(result)
        .map((text) => text.slice(3))
        .toSorted(),
    ).toEqual(['a', 'b']);
    expect(await listed(objects)).toEqual([keyOf(1), keyOf(2)]);
  });

  test('a framing that clusters cannot read does not stand in for one that they can', async () => {
    const good = signerA.sign(DIGEST);
    // Compression algorithm 0: Signet reads it, the library of current clusters does not.
    const unreadable = indeterminatePacket(PACKET.compressed, compressedBody(0, openMessage(good)));
    const only = trustOf([signerA]);
    expect(await mirror(serving(unreadable), only)).toMatchObject({ outcome: 'incomplete', written: [] });
    const objects = holding({});
    expect(await mirror(serving(unreadable, good), only, objects)).toMatchObject({ outcome: 'complete' });
    expect((await objects.readObject(keyOf(1), MAX_SIGNATURE_BYTES))?.bytes).toEqual(new Uint8Array(good));
    const planted = holding({ 1: unreadable });
    expect(await mirror(serving(good), only, planted)).toMatchObject({ outcome: 'complete' });
    expect((await planted.readObject(keyOf(2), MAX_SIGNATURE_BYTES))?.bytes).toEqual(new Uint8Array(good));
  });

  test('a signature of OpenPGP version 6 is kept, and clusters get the one that they read beside it', async () => {
    const version6 = await makeSigner('version-6', { kind: 'mldsa65' });
    // Either key of the keyring is enough for Signet; a cluster reads one of them alone.
    const certificates = [signerA, version6].flatMap(({ keyring }) => keyring.certificates);
    const trust = trustOf([{ ...signerA, keyring: { ...signerA.keyring, certificates } }]);
    const [unread, read] = [version6.sign(DIGEST), signerA.sign(DIGEST)];
    const objects = holding({});
    const result = await mirror(serving(unread, read), trust, objects);
    expect([result.outcome, written(result)]).toEqual(['complete', ['1: a', '2: a']]);
    expect([await bytesAt(objects, 1), await bytesAt(objects, 2)]).toEqual([unread, read]);
    expect(result.attempts.map(({ code, note }) => [code, note?.includes('OpenPGP version 6')])).toEqual([
      ['Verified', true],
      ['Verified', undefined],
    ]);
    // Alone it is kept too: Signet reads it.
    const alone = await mirror(serving(unread), trust);
    expect([alone.outcome, written(alone)]).toEqual(['complete', ['1: a']]);
    const { state, notes } = await readOpenpgpEvidence(DIGEST, trust, serving(unread), FIXTURE_TIME, NEVER);
    expect([state, notes]).toEqual([
      'unreadable',
      ['clusters cannot read the signatures for verifier-public-key-a: they are of OpenPGP version 6'],
    ]);
    const beside = await readOpenpgpEvidence(DIGEST, trust, serving(unread, read), FIXTURE_TIME, NEVER);
    expect([beside.state, beside.notes]).toEqual(['valid', undefined]);
  });

  test('of the copies of one signature, the first one is kept', async () => {
    const objects = holding({});
    const original = signerA.sign(DIGEST);
    await mirror(serving(original, ...reframed(original, 3)), both, objects);
    expect(await bytesAt(objects, 1)).toEqual(original);
  });

  test('a re-framed copy differs in bytes and is the same signature', () => {
    const original = signerA.sign(DIGEST);
    const copies = reframed(original, 9);
    expect(new Set([original, ...copies].map((bytes) => bytes.toString('hex'))).size).toBe(10);
  });

  test('many distinct signatures of one keyring leave a place for each other', async () => {
    const objects = holding({});
    const three = trustOf([signerA, signerB, signerC]);
    const flood = createParallelStore([serving(...many(signerA, 9)), serving(...many(signerA, 9))]);
    const flooded = await mirror(flood, three, objects);
    expect(flooded).toMatchObject({ outcome: 'incomplete', held: 7 });
    expect(flooded.refused).toHaveLength(11);
    expect(new Set(flooded.refused.map(({ code }) => code))).toEqual(new Set(['CapacityReserved']));
    const result = await mirror(serving(signerB.sign(DIGEST), signerC.sign(DIGEST)), three, objects);
    expect([result.outcome, ...written(result)]).toEqual(['complete', '8: b', '9: c']);
  });

  test('a signature that satisfies two keyrings is written once', async () => {
    const shared: Signer = { ...signerA, keyring: { ...signerA.keyring, name: 'verifier-public-key-shared' } };
    const objects = holding({});
    const result = await mirror(serving(signerA.sign(DIGEST)), trustOf([signerA, shared]), objects);
    expect([result.outcome, ...written(result)]).toEqual(['complete', '1: a shared']);
    expect(await listed(objects)).toEqual([keyOf(1)]);
  });

  test('nine keyrings fill nine places', async () => {
    const signers = await Promise.all(Array.from({ length: 9 }, (_, index) => makeSigner(`k${index}`)));
    const result = await mirror(serving(...signers.map((signer) => signer.sign(DIGEST))), trustOf(signers));
    expect([result.outcome, result.held, result.written.length]).toEqual(['complete', 9, 9]);
  });
});

describe('what somebody may have planted in the mirror', () => {
  test.each<[string, Uint8Array]>([
    ['junk', JUNK],
    ['nothing', Buffer.alloc(0)],
    ['a signature by an unknown key', stranger.sign(DIGEST)],
    ['another digest’s', signerA.sign(OTHER_DIGEST)],
    ['another repository’s', signerA.sign(DIGEST, 'quay.io/example/other-release')],
    ['too many bytes', Buffer.alloc(MAX_SIGNATURE_BYTES + 1)],
  ])('%s in place 1 satisfies nothing, keeps its place and is told', async (_, planted) => {
    const objects = holding({ 1: planted });
    const result = await mirror(serving(signerA.sign(DIGEST), signerB.sign(DIGEST)), both, objects);
    expect(result).toMatchObject({ outcome: 'complete', held: 2, unverified: [1] });
    expect(written(result)).toEqual(['2: a', '3: b']);
    expect(result.attempts[0]?.location).toBe(`memory/${keyOf(1)}`);
    const stored = await objects.readObject(keyOf(1), Number.MAX_SAFE_INTEGER);
    expect(Buffer.from(defined(stored).bytes)).toEqual(Buffer.from(planted));
  });

  test('a signature whose key was revoked since satisfies nothing any more, and stays', async () => {
    const objects = holding({ 1: revoked.sign(DIGEST) });
    const result = await mirror(serving(), trustOf([revoked]), objects);
    expect(result).toMatchObject({
      outcome: 'incomplete',
      held: 0,
      unverified: [1],
      reasons: [{ code: 'KeyRevoked' }],
    });
    expect(await listed(objects)).toEqual([keyOf(1)]);
  });

  test('junk in all places leaves none, and that is said', async () => {
    const planted = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [index + 1, JUNK]));
    const result = await mirror(serving(signerA.sign(DIGEST)), trustOf([signerA]), holding(planted));
    expect(result.outcome).toBe('incomplete');
    expect(result.reasons[0]?.code).toBe('LimitExceeded');
    expect(result.refused).toEqual([
      { signer: signerA.fingerprint, keyrings: ['verifier-public-key-a'], code: 'MirrorFull' },
    ]);
  });

  test('what lies behind a gap is not held: readers stop before it, and new ones go into the gap', async () => {
    const planted = signerA.sign(DIGEST);
    const objects = holding({ 3: planted });
    const result = await mirror(serving(reframeMessage(planted, 1)), both, objects);
    expect([result.outcome, ...written(result)]).toEqual(['incomplete', '1: a']);
    expect(result.unreachable).toEqual([3]);
    const next = await mirror(serving(signerB.sign(DIGEST)), both, objects);
    expect([next.outcome, ...written(next)]).toEqual(['complete', '2: b']);
    expect(next.unreachable).toEqual([]);
  });

  test('a place behind a gap is passed over, and counts as taken', async () => {
    const objects = holding({ 3: JUNK, 9: JUNK });
    const flooded = await mirror(serving(...many(signerA, 9)), both, objects);
    expect(written(flooded)).toEqual(['1: a', '2: a', '4: a', '5: a', '6: a', '7: a']);
    const result = await mirror(serving(signerB.sign(DIGEST)), both, objects);
    expect(result).toMatchObject({ outcome: 'complete', unverified: [3, 9] });
    expect(written(result)).toEqual(['8: b']);
  });

  test('other names beside the signatures are left alone', async () => {
    const objects = createMemoryObjectStore([
      [keyOf(10), signerA.sign(DIGEST)],
      [`${keyOf(1)}.bak`, JUNK],
    ]);
    const result = await mirror(serving(signerA.sign(DIGEST)), trustOf([signerA]), objects);
    expect(written(result)).toEqual(['1: a']);
  });
});

describe('another writer', () => {
  /** Just before we write at this index for the first time, another writer puts its bytes there. */
  function raced(theirs: Uint8Array, index = 1): ObjectStore {
    const objects = holding({});
    return {
      ...objects,
      async createObject(key, bytes) {
        if (key === keyOf(index)) await objects.createObject(key, theirs);
        return objects.createObject(key, bytes);
      },
    };
  }

  test('was faster with the same signature in other bytes: it is not written twice', async () => {
    const signature = signerA.sign(DIGEST);
    const result = await mirror(serving(signature), trustOf([signerA]), raced(reframeMessage(signature, 1)));
    expect(result).toMatchObject({ outcome: 'complete', held: 1, written: [] });
  });

  test('was faster with another one: ours goes to the next place', async () => {
    const result = await mirror(serving(signerA.sign(DIGEST)), both, raced(signerB.sign(DIGEST)));
    expect([result.outcome, ...written(result)]).toEqual(['complete', '2: a']);
  });

  test('took the last place that was not reserved: ours stays out', async () => {
    const objects = raced(signerA.sign(DIGEST), 8);
    const flooded = await mirror(serving(...many(signerA, 8)), both, objects);
    expect(flooded).toMatchObject({ outcome: 'incomplete', held: 8, refused: [{ code: 'CapacityReserved' }] });
    const late = await mirror(serving(signerB.sign(DIGEST)), both, objects);
    expect([late.outcome, ...written(late)]).toEqual(['complete', '9: b']);
  });

  test('takes every place only to empty it again: the caller has to retry', async () => {
    const objects: ObjectStore = { ...holding({}), createObject: async () => false };
    await expect(mirror(serving(signerA.sign(DIGEST)), both, objects)).rejects.toThrow(/keep changing/);
  });
});
