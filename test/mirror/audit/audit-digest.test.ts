import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { type AuditedDigest, type DigestAudit, MAX_LISTED_KEYS } from '../../../lib/mirror/audit/audit-digest.ts';
import { MAX_AUDITED_BYTES } from '../../../lib/mirror/audit/audit-slots.ts';
import { MAX_FOREIGN_KEYS } from '../../../lib/mirror/audit/list-mirrored-digests.ts';
import { type QuarantineEntry, quarantineKey } from '../../../lib/mirror/audit/repair-slots.ts';
import { mirrorDigest } from '../../../lib/mirror/sync/mirror-digest.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { MAX_TRUST_AGE_MS } from '../../../lib/trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { makeFaultyBytes } from '../../crypto/sigstore/poisoned-image.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, toSeconds, writePayload } from '../../fixtures/make/payload.ts';
import { makeEcdsaKey } from '../../fixtures/make/signing-key.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { createDirectoryStores } from './audit-directories.ts';
import {
  audit,
  bytesOf,
  DIGEST,
  holding,
  JUNK,
  keyOf,
  layoutOf,
  objectsOf,
  readOnly,
  signerA,
  signerB,
  snapshotOf,
  stranger,
  trust,
  trustOf,
  watching,
} from './audit-layouts.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function audited(result: DigestAudit): AuditedDigest {
  if (result.outcome !== 'audited') throw new Error(`the audit was ${result.outcome}`);
  return result;
}

/** Index and codes of what was quarantined. */
const quarantined = (result: AuditedDigest): readonly string[] =>
  result.quarantined.map(({ location, codes }) => `${location.at(-1)} ${codes.join(' ')}`);

async function entryOf(objects: ObjectStore, bytes: Uint8Array): Promise<QuarantineEntry | undefined> {
  const stored = await objects.readObject(quarantineKey(DIGEST, sha256(bytes)), 10 * MAX_AUDITED_BYTES);
  return stored === undefined ? undefined : (JSON.parse(Buffer.from(stored.bytes).toString()) as QuarantineEntry);
}

interface Row {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly out?: readonly string[];
  readonly duplicates?: readonly number[];
  readonly gapsClosed?: number;
  readonly changed: readonly number[];
  readonly unreadable?: readonly number[];
}

const LAYOUTS: readonly Row[] = [
  { name: 'nothing', before: '', after: '', changed: [] },
  { name: 'all good', before: 'abc', after: 'abc', changed: [] },
  { name: 'nine good', before: 'abcdefghi', after: 'abcdefghi', changed: [] },
  { name: 'bad at 1', before: 'xab', after: 'ba', out: ['1 SignatureMalformed'], changed: [1, 3] },
  { name: 'bad in the middle', before: 'axb', after: 'ab', out: ['2 SignatureMalformed'], changed: [2, 3] },
  { name: 'bad at the end', before: 'abx', after: 'ab', out: ['3 SignatureMalformed'], changed: [3] },
  { name: 'bad alone', before: 'x', after: '', out: ['1 SignatureMalformed'], changed: [1] },
  {
    name: 'all bad',
    before: 'xysro',
    after: '',
    out: [
      '1 SignatureMalformed',
      '2 SignatureMalformed',
      '3 KeyUnknown',
      '4 KeyUnknown KeyRevoked',
      '5 DigestMismatch KeyUnknown',
    ],
    changed: [1, 2, 3, 4, 5],
  },
  {
    name: 'bad ones between good ones',
    before: 'xaybzcrdl',
    after: 'dacb',
    out: [
      '1 SignatureMalformed',
      '3 SignatureMalformed',
      '5 SignatureMalformed',
      '7 KeyUnknown KeyRevoked',
      '9 LimitExceeded',
    ],
    changed: [1, 3, 5, 6, 7, 8, 9],
  },
  {
    name: 'the same bad bytes twice',
    before: 'xax',
    after: 'a',
    out: ['1 SignatureMalformed', '3 SignatureMalformed'],
    changed: [1, 2, 3],
  },
  { name: 'empty bytes', before: 'az', after: 'a', out: ['2 SignatureMalformed'], changed: [2] },
  { name: 'a gap before a good one', before: '.a', after: 'a', gapsClosed: 1, changed: [1, 2] },
  { name: 'gaps between good ones', before: '.a.b..c', after: 'cab', gapsClosed: 2, changed: [1, 3, 4, 7] },
  {
    name: 'a gap before a bad one',
    before: 'a.x',
    after: 'a',
    out: ['3 SignatureMalformed'],
    changed: [3],
  },
  {
    name: 'a gap, a bad one and a good one',
    before: '.xa',
    after: 'a',
    out: ['2 SignatureMalformed'],
    gapsClosed: 1,
    changed: [1, 2, 3],
  },
  { name: 'a duplicate at the end', before: 'abA', after: 'ab', duplicates: [3], changed: [3] },
  { name: 'a duplicate before a good one', before: 'aAb', after: 'ab', duplicates: [2], changed: [2, 3] },
  { name: 'the same bytes twice', before: 'aba', after: 'ab', duplicates: [3], changed: [3] },
  { name: 'of two framings the first stays', before: 'Aba', after: 'Ab', duplicates: [3], changed: [3] },
  {
    name: 'duplicates alone behind a bad one',
    before: 'xAAAa',
    after: 'A',
    out: ['1 SignatureMalformed'],
    duplicates: [5, 4, 3],
    changed: [1, 2, 3, 4, 5],
  },
  {
    name: 'a framing that no cluster reads',
    before: 'nba',
    after: 'ab',
    out: ['1 SignatureUnsupported KeyUnknown'],
    changed: [1, 3],
  },
  { name: 'too long for a signature', before: 'alb', after: 'ab', out: ['2 LimitExceeded'], changed: [2, 3] },
  { name: 'as long as is quarantined', before: 'amb', after: 'ab', out: ['2 LimitExceeded'], changed: [2, 3] },
  { name: 'longer: left where it is', before: 'aub', after: 'aub', unreadable: [2], changed: [] },
  {
    name: 'longer, and a bad one: closed around it',
    before: 'uxab',
    after: 'uba',
    out: ['2 SignatureMalformed'],
    unreadable: [1],
    changed: [2, 4],
  },
  {
    name: 'longer, behind all good ones',
    before: 'xa.u',
    after: 'a..u',
    out: ['1 SignatureMalformed'],
    unreadable: [4],
    changed: [1, 2],
  },
];

const stores = createDirectoryStores('audit-');

describe.each<[string, (layout: string) => Promise<ObjectStore>]>([
  ['memory', async (layout) => holding(layout)],
  ['directory', (layout) => stores.make(objectsOf(layout))],
])('layouts in a %s', (_, make) => {
  test.each(LAYOUTS)('$name: $before → $after', async (row) => {
    const objects = await make(row.before);
    const before = await snapshotOf(objects);
    const dry = audited(await audit(readOnly(objects), { dryRun: true }));
    expect(await snapshotOf(objects)).toEqual(before);

    const result = audited(await audit(objects));
    expect(await layoutOf(objects)).toBe(row.after);
    expect(quarantined(result)).toEqual(row.out ?? []);
    expect(result).toMatchObject({
      held: row.after.replaceAll(/[.u]/g, '').length,
      duplicates: row.duplicates ?? [],
      gapsClosed: row.gapsClosed ?? 0,
      changed: row.changed,
      unreadable: (row.unreadable ?? []).map((index) => keyOf(index)),
      foreign: { count: 0, keys: [] },
    });
    expect(dry).toEqual(result);

    for (const letter of row.before) {
      const isOut = !row.after.includes(letter) && !'.Aa'.includes(letter);
      const entry = await entryOf(objects, letter === '.' ? Buffer.alloc(1) : bytesOf(letter));
      expect({ letter, isOut: entry !== undefined }).toEqual({ letter, isOut });
      if (isOut) expect(Buffer.from(entry?.bytes ?? '', 'base64').equals(bytesOf(letter))).toBe(true);
    }
    const again = audited(await audit(readOnly(objects)));
    expect(again).toMatchObject({ held: result.held, quarantined: [], duplicates: [], gapsClosed: 0, changed: [] });
  });
});

describe('what somebody else put where a copy belongs does not cost the evidence', () => {
  const key = quarantineKey(DIGEST, sha256(bytesOf('r')));
  test.each<[name: string, planted: Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no JSON', Buffer.from('junk')],
    ['an entry with other bytes', Buffer.from(JSON.stringify({ schema: 1, digest: DIGEST, bytes: 'anVuaw==' }))],
    [
      'an entry of another digest',
      Buffer.from(JSON.stringify({ bytes: Buffer.from(bytesOf('r')).toString('base64') })),
    ],
    ['more than an entry may be', Buffer.alloc(5 * 1024 * 1024, 0x20)],
  ])('%s', async (_, planted) => {
    const objects = holding('ar');
    await objects.createObject(key, planted);
    const result = audited(await audit(objects));
    expect(await layoutOf(objects)).toBe('a');
    const [one] = result.quarantined;
    expect(one?.quarantinedAs).toMatch(new RegExp(`^${key.replace('.json', '')}-[0-9a-f]{32}\\.json$`));
    const stored = await objects.readObject(one?.quarantinedAs ?? '', 10 * MAX_AUDITED_BYTES);
    expect(JSON.parse(Buffer.from(stored?.bytes ?? []).toString())).toMatchObject({
      bytes: Buffer.from(bytesOf('r')).toString('base64'),
    });
    expect((await objects.readObject(key, 8 * 1024 * 1024))?.bytes.length).toBe(planted.length);
  });
});

test('what is quarantined says where it was, why it does not verify and by which trust', async () => {
  const objects = holding('ar');
  const okd = trustOf([stranger], { profile: 'okd', revision: 'f'.repeat(64) });
  const result = audited(await audit(objects, { trusts: [trust, okd] }));
  expect(result.quarantined).toEqual([
    {
      location: keyOf(2),
      quarantinedAs: `quarantine/${toStoreSegment(DIGEST)}/${sha256(bytesOf('r'))}.json`,
      codes: ['KeyUnknown', 'KeyRevoked'],
    },
  ]);
  const entry = await entryOf(objects, bytesOf('r'));
  expect(entry).toMatchObject({
    schema: 1,
    digest: DIGEST,
    location: keyOf(2),
    sha256: sha256(bytesOf('r')),
    trustRevisions: { ocp: trust.prepared.revision, okd: 'f'.repeat(64) },
    quarantinedAt: FIXTURE_TIME.toISOString(),
  });
  const codes = (profile: string) => entry?.attempts[profile]?.map(({ code }) => code);
  expect(codes('ocp')?.toSorted()).toEqual(['KeyRevoked', 'KeyUnknown', 'KeyUnknown']);
  expect(codes('okd')).toEqual(['KeyUnknown']);
});

test('quarantine comes before the removal, and its first entry stays', async () => {
  const objects = holding('ax');
  const operations: string[] = [];
  await audit(watching(objects, (operation, key) => void operations.push(`${operation} ${key.split('/')[0]}`)));
  expect(operations.filter((text) => !/^(read|list)/.test(text))).toEqual(['create quarantine', 'delete signatures']);
  const before = await entryOf(objects, JUNK);
  await objects.createObject(keyOf(2), JUNK);
  const later = new Date(FIXTURE_TIME.getTime() + 60_000);
  await audit(objects, { now: later });
  expect(await layoutOf(objects)).toBe('a');
  expect(await entryOf(objects, JUNK)).toEqual(before);
});

test('a key is revoked: its signatures go, the other signer’s stay as they are, from 1', async () => {
  const primary = makeEcdsaKey('P-256', KEY_CREATED);
  const plan = { primary, userId: 'Signet test withdrawn' };
  const name = 'verifier-public-key-withdrawn';
  const { keyring: good } = await prepareKeyring(name, writeCertificate(plan));
  const revocation = { revokedAt: toSeconds('2026-01-01'), reason: 0 };
  const { keyring: withdrawn } = await prepareKeyring(name, writeCertificate({ ...plan, revocation }));
  const content = writePayload({ digest: DIGEST, reference: `${RELEASE_REPOSITORY}:4.99.0-x86_64` });
  const theirs = [1, 2].map(() => writeRelease(signMessage(primary, { content })));
  const ours = [signerB.sign(DIGEST), signerA.sign(DIGEST)];
  const upstream = createMemorySignatureStore(new Map<Digest, readonly Uint8Array[]>([[DIGEST, [...theirs, ...ours]]]));
  const objects = createMemoryObjectStore();
  const before = trustOf([], { keyrings: [good, signerA.keyring, signerB.keyring] });
  const after = trustOf([], { keyrings: [withdrawn, signerA.keyring, signerB.keyring] });
  const { signal } = new AbortController();
  await mirrorDigest({ objects, digest: DIGEST, trust: before, upstream, now: FIXTURE_TIME, signal });
  expect(audited(await audit(readOnly(objects), { trusts: [before] })).held).toBe(4);
  const result = audited(await audit(objects, { trusts: [after] }));
  expect(result.held).toBe(2);
  expect(result.quarantined.map(({ codes }) => codes.includes('KeyRevoked'))).toEqual([true, true]);
  const left = await Promise.all([1, 2, 3].map((index) => objects.readObject(keyOf(index), MAX_AUDITED_BYTES)));
  const [first, second] = ours.map((bytes) => Uint8Array.from(bytes));
  expect(left.map((object) => object && Uint8Array.from(object.bytes))).toEqual([second, first, undefined]);
});

test('nine places of garbage are free again', async () => {
  const objects = holding('xxyyzzlsr');
  const upstream = createMemorySignatureStore(
    new Map<Digest, readonly Uint8Array[]>([[DIGEST, [bytesOf('a'), bytesOf('b')]]]),
  );
  const two = trustOf([signerA, signerB]);
  const { signal } = new AbortController();
  const request = { objects, digest: DIGEST, trust: two, upstream, now: FIXTURE_TIME, signal };
  expect(await mirrorDigest(request)).toMatchObject({ outcome: 'incomplete', held: 0 });
  expect(audited(await audit(objects)).quarantined).toHaveLength(9);
  expect(await mirrorDigest(request)).toMatchObject({ outcome: 'complete', held: 2 });
  expect(await layoutOf(objects)).toBe('ab');
});

test('keys of other names are reported and left', async () => {
  const others = [keyOf(10), keyOf(0), `${keyOf(1)}.bak`, keyOf('1/deeper'), keyOf('x').replace('signature-x', 'foo')];
  const objects = createMemoryObjectStore([...objectsOf('ax'), ...others.map((key) => [key, JUNK] as const)]);
  const { foreign, quarantined: out } = audited(await audit(objects));
  expect([foreign.count, foreign.keys.toSorted(), out.length]).toEqual([5, others.toSorted(), 1]);
  expect(await layoutOf(objects)).toBe('a');
  for (const key of others) expect(await objects.readObject(key, 100)).toBeDefined();
});

test('any number of other names hides no place and fills no report', async () => {
  // In the order of a listing they stand between signature-1 and signature-2.
  const others = Array.from({ length: MAX_LISTED_KEYS + 10 }, (_, index) => keyOf(10_000 + index));
  const objects = createMemoryObjectStore([...objectsOf('axb'), ...others.map((key) => [key, JUNK] as const)]);
  const { foreign } = audited(await audit(objects));
  expect([foreign.count, foreign.keys.length]).toEqual([MAX_LISTED_KEYS - 1, MAX_FOREIGN_KEYS]);
  expect(await layoutOf(objects)).toBe('ab');
});

describe('profiles share the mirror', () => {
  const okd = trustOf([stranger], { profile: 'okd' });
  const off = trustOf([stranger], { profile: 'off', verification: 'disabled' });
  const bare = trustOf([], { profile: 'bare' });
  const other = trustOf([signerA], { profile: 'other', signedRepositories: [] });

  test.each<[string, readonly ReadyTrust[], string]>([
    ['what one knows and another does not stays', [trust, okd], 'sab'],
    ['in whatever order', [okd, trust], 'sab'],
    ['what the only one does not know goes', [trust], 'ba'],
    ['what the other one only knows', [okd], 's'],
    ['a profile with verification disabled vouches for nothing', [trust, off], 'ba'],
    ['and condemns nothing', [off, okd, trust], 'sab'],
    ['nor does one without a keyring', [bare, okd, trust], 'sab'],
    ['a profile that signs for other repositories condemns nothing alone', [other, okd, trust], 'sab'],
  ])('%s', async (_, trusts, after) => {
    const objects = holding('sabx');
    expect((await audit(objects, { trusts })).outcome).toBe('audited');
    expect(await layoutOf(objects)).toBe(after);
  });

  const stale = (one: ReadyTrust): ReadyTrust => ({
    ...one,
    refreshedAt: new Date(FIXTURE_TIME.getTime() - MAX_TRUST_AGE_MS - 1),
  });
  test.each<[string, readonly ReadyTrust[], string, string]>([
    ['no trust', [], 'indeterminate', 'KeyringUnsatisfied'],
    ['stale trust', [stale(trust)], 'indeterminate', 'TrustStale'],
    ['stale trust of one profile', [trust, stale(okd)], 'indeterminate', 'TrustStale'],
    ['stale trust of a profile that verifies nothing', [trust, stale(off)], 'indeterminate', 'TrustStale'],
    [
      'a clock that was set back',
      [{ ...trust, refreshedAt: new Date(FIXTURE_TIME.getTime() + 3_600_000) }],
      'indeterminate',
      'TrustStale',
    ],
    ['verification disabled everywhere', [off], 'skipped', 'KeyringUnsatisfied'],
    ['no keyring anywhere', [bare, off], 'skipped', 'KeyringUnsatisfied'],
  ])('%s: nothing is looked at', async (_, trusts, outcome, code) => {
    const untouchable = watching(holding('x'), (operation, key) => {
      throw new Error(`${operation} of ${key}`);
    });
    const result = await audit(untouchable, { trusts });
    expect(result).toMatchObject({ outcome, reasons: [{ code }] });
  });
});

describe('failures', () => {
  test.each(['ConnectionFailed', 'TimedOut', 'NotAllowed', 'BodyInvalid'] as const)(
    'a place that cannot be read condemns nothing: %s',
    async (code) => {
      const objects = holding('xab');
      const failing = watching(objects, (operation, key) => {
        if (operation === 'read' && key === keyOf(2)) throw new StoreError(code, 'broken');
      });
      await expect(audit(failing)).rejects.toMatchObject({ code });
      expect(await layoutOf(objects)).toBe('xab');
    },
  );

  test('a quarantine that cannot be written takes nothing out', async () => {
    const objects = holding('xab');
    const failing = watching(objects, (operation) => {
      if (operation === 'create') throw new StoreError('NotAllowed', 'broken');
    });
    await expect(audit(failing)).rejects.toMatchObject({ code: 'NotAllowed' });
    expect(await layoutOf(objects)).toBe('xab');
  });

  test('a mirror that never stands still is a failure', async () => {
    const objects: ObjectStore = { ...holding('xab'), replaceObject: async () => false };
    await expect(audit(objects)).rejects.toMatchObject({ code: 'ConditionFailed' });
    expect(await layoutOf(objects)).toBe('xab');
  });

  test('the caller’s abort is passed on', async () => {
    const objects = readOnly(holding('xab'));
    await expect(audit(objects, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('what Signet itself fails to read', () => {
  const faulty = makeFaultyBytes(0xa3);
  const withFaulty = (objects: ObjectStore, index: number): ObjectStore => ({
    ...objects,
    async readObject(key, limit) {
      const stored = await objects.readObject(key, limit);
      return stored === undefined || key !== keyOf(index) ? stored : { ...stored, bytes: faulty };
    },
  });

  test('is left where it is and named, and what lies beside it is audited', async () => {
    const objects = withFaulty(holding('abxx'), 2);
    const result = audited(await audit(objects));
    expect(quarantined(result)).toEqual(['3 SignatureMalformed', '4 SignatureMalformed']);
    expect(result).toMatchObject({ held: 1, unreadable: [keyOf(2)], changed: [3, 4] });
  });

  test('stops no mirroring of a good one', async () => {
    const upstream = createMemorySignatureStore(new Map([[DIGEST, [faulty, bytesOf('a'), bytesOf('b')]]]));
    const both = trustOf([signerA, signerB]);
    const { signal } = new AbortController();
    const objects = withFaulty(holding('x'), 1);
    const result = await mirrorDigest({ digest: DIGEST, trust: both, upstream, objects, now: FIXTURE_TIME, signal });
    expect(result.written.map(({ index }) => index)).toEqual([2, 3]);
  });
});
