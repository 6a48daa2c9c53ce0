import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { MAX_SIGNATURE_BYTES, type SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import type { Attempt, Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { parseRecord } from '../../../lib/verdict/records/parse-record.ts';
import { type Recheck, recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { type Asked, toRecordId, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toRecord } from '../../../lib/verdict/records/write-record.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { reframeMessage } from '../../support/reframe-message.ts';
import {
  broken,
  type Circumstances,
  decide,
  GOOD,
  recordOf,
  second,
  serving,
  signer,
  stranger,
  trust,
  twoKeyrings,
} from './sample-records.ts';

const digest = GOOD.slice(-71);
const otherDigest = toDigest('another');
const JUNK = Buffer.from('junk');
const good = signer.sign(digest);
const unknown = stranger.sign(digest);
const empty = serving('empty');

/** As it comes back from a file. */
function reread(record: VerdictRecord): VerdictRecord {
  return parseRecord('record', Buffer.from(JSON.stringify(record)));
}

async function recheck(record: VerdictRecord, prepared: PreparedTrust = trust.prepared): Promise<Recheck> {
  return recheckRecord(reread(record), prepared);
}

describe('what was decided is confirmed', () => {
  const mirrored = 'mirror.example.com/openshift/release';
  const disk = (...signatures: readonly Uint8Array[]): SignatureStore => serving('store', ...signatures);
  test.each<[string, Circumstances, readonly string[]]>([
    ['accepted', { stores: [disk(good)] }, []],
    ['accepted after junk', { stores: [disk(JUNK, unknown, good)] }, []],
    ['accepted though a store failed', { stores: [broken, disk(JUNK, good)] }, ['broken']],
    ['accepted by two keyrings', { stores: [disk(good, second.sign(digest))], by: twoKeyrings }, []],
    ['accepted after copies of what is there twice', { stores: [disk(JUNK, JUNK, good)] }, []],
    ['rejected: unknown key', { stores: [disk(unknown)] }, ['store']],
    ['rejected: nothing anywhere', { stores: [empty, disk()] }, ['empty', 'store']],
    ['rejected: the same junk from two stores', { stores: [disk(JUNK), serving('other', JUNK)] }, ['other', 'store']],
    ['rejected: one keyring is left', { stores: [disk(good)], by: twoKeyrings }, ['store']],
    ['rejected: another digest', { stores: [disk(signer.sign(otherDigest))] }, ['store']],
    ['rejected: another repository', { stores: [disk(signer.sign(digest, 'quay.io/a/b'))] }, ['store']],
    ['rejected by the pullspec policy', { pullspec: `${mirrored}@${digest}` }, []],
    ['rejected: no digest', { pullspec: 'quay.io/openshift-release-dev/ocp-release:4.99.0' }, []],
    ['indeterminate', { stores: [broken, disk(unknown)] }, ['broken', 'store']],
    ['in warn mode', { pullspec: `${mirrored}@${digest}`, mode: 'warn', stores: [disk(good)] }, ['the caller chose']],
    [
      'by stale trust',
      { at: new Date(FIXTURE_TIME.getTime() + 48 * 3600 * 1000) },
      ['TrustStale: the trust of profile'],
    ],
    ['with a tag', { pullspec: GOOD.replace('@', ':v1@'), stores: [disk(good)] }, []],
  ])('%s', async (_, circumstances, believed) => {
    const result = await recheck(await recordOf(circumstances), (circumstances.by ?? trust).prepared);
    expect(result).toMatchObject({ outcome: 'confirmed', differences: [] });
    const starts = result.takenAsRecorded.map((sentence) => believed.find((start) => sentence.startsWith(start)));
    expect(new Set(starts)).toEqual(new Set(believed));
  });

  test('a record of another version is checked by its codes, and the version is named', async () => {
    const record = await recordOf({ stores: [serving('store', unknown)] });
    const attempts = record.verdict.attempts.map((attempt) => ({ ...attempt, message: 'in other words' }));
    const forged = withVerdict(record, { verifierVersion: 'signet/0.0.1', attempts });
    expect(await recheck(forged)).toMatchObject({ outcome: 'confirmed' });
    expect((await recheck(forged)).takenAsRecorded.at(-1)).toContain('signet/0.0.1');
  });
});

/** With an id that fits, as whoever forges a record would give it. */
function withVerdict(record: VerdictRecord, change: Partial<Verdict>): VerdictRecord {
  const verdict = { ...record.verdict, ...change };
  return { ...record, verdict, id: toRecordId(record.asked, verdict), firstDecidedAt: verdict.decidedAt };
}

function withAttempt(record: VerdictRecord, change: Partial<Attempt>): VerdictRecord {
  const attempts = record.verdict.attempts.map((attempt, index) => (index === 0 ? { ...attempt, ...change } : attempt));
  return withVerdict(record, { attempts });
}

function withBytes(record: VerdictRecord, bytes: Buffer, hashOf: Buffer = bytes): VerdictRecord {
  const sha256 = createHash('sha256').update(hashOf).digest('hex');
  const [first, ...others] = record.signatures;
  if (first === undefined) throw new Error('the record has signatures');
  return { ...record, signatures: [{ ...first, sha256, bytes: bytes.toString('base64') }, ...others] };
}

describe('signatures beyond the limit', async () => {
  const junk = (seed: number): SignatureStore =>
    serving(
      `store ${seed}`,
      ...Array.from({ length: 9 }, (_, index) => Buffer.alloc(MAX_SIGNATURE_BYTES, seed * 9 + index)),
    );
  const stores = [junk(0), junk(1), serving('store', unknown)];
  const record = await recordOf({ stores });
  const missing = record.signatures.filter(({ bytes }) => bytes === undefined);
  const { reasons } = record.verdict;

  test('are taken as recorded, and named', async () => {
    expect(missing.length).toBeGreaterThan(5);
    const result = await recheck(record);
    expect(result).toMatchObject({ outcome: 'confirmed', differences: [] });
    for (const { location, sha256 } of missing) {
      expect(result.takenAsRecorded).toContain(`${location}: a signature without its bytes, SHA-256 ${sha256}`);
    }
  });

  test('may be all that there is', async () => {
    const signatures = record.signatures.map(({ store, location, sha256 }) => ({ store, location, sha256 }));
    expect(await recheck({ ...record, signatures })).toMatchObject({ outcome: 'confirmed' });
  });

  test.each<[string, VerdictRecord]>([
    [
      'a reason that nothing leads to',
      withVerdict(record, { reasons: [...reasons, { code: 'KeyRevoked', message: '' }] }),
    ],
    [
      'a reason left out',
      withVerdict(record, { reasons: reasons.filter(({ code }) => code !== 'SignatureMalformed') }),
    ],
    ['no reason', withVerdict(record, { reasons: [] })],
    ['accepted', withVerdict(record, { outcome: 'accepted', reasons: [] })],
    [
      'accepted by what has no bytes',
      withVerdict(record, {
        outcome: 'accepted',
        reasons: [],
        attempts: record.verdict.attempts.map((attempt) =>
          attempt.location === missing[0]?.location
            ? { ...attempt, keyring: 'verifier-public-key-a', signer: signer.fingerprint, code: 'Verified' }
            : attempt,
        ),
      }),
    ],
    ['a warning', withVerdict(record, { warnings: [{ code: 'KeyUnknown', message: '' }] })],
  ])('do not cover %s', async (_, forged) => {
    expect(await recheck(forged)).toMatchObject({ outcome: 'differs' });
  });
});

describe('what was forged differs, though the id fits', async () => {
  const accepted = await recordOf({ stores: [serving('store', good)] });
  const rejected = await recordOf({ stores: [serving('store', unknown)] });
  const open = await recordOf({ stores: [broken, serving('store', unknown)] });
  const refused = await recordOf({ pullspec: `quay.io/evil/x@${digest}` });
  const tagged = await recordOf({ pullspec: 'quay.io/openshift-release-dev/ocp-release:4.99.0' });
  const yes = { outcome: 'accepted', reasons: [] } as const;
  const [verified] = accepted.verdict.attempts;
  if (verified === undefined) throw new Error('an accepted record has attempts');
  const firstOf = (record: VerdictRecord) => record.signatures.slice(0, 1);
  const withoutBytes = accepted.signatures.map(({ store, location, sha256 }) => ({ store, location, sha256 }));
  const withAsked = (record: VerdictRecord, change: Partial<Asked>): VerdictRecord => {
    const asked = { ...record.asked, ...change };
    return { ...record, asked, id: toRecordId(asked, record.verdict) };
  };

  test.each<[string, VerdictRecord]>([
    ['rejected made accepted', withVerdict(rejected, yes)],
    ['rejected made accepted, its attempt too', withAttempt(withVerdict(rejected, yes), { ...verified })],
    [
      'rejected made accepted, its evidence removed',
      { ...withVerdict(rejected, { ...yes, attempts: [] }), signatures: [] },
    ],
    ['rejected made indeterminate', withVerdict(rejected, { outcome: 'indeterminate' })],
    ['rejected made forced', withVerdict(rejected, { outcome: 'accepted', forced: true })],
    ['indeterminate made accepted', withVerdict(open, yes)],
    ['indeterminate made rejected', withVerdict(open, { outcome: 'rejected' })],
    ['accepted made rejected', withVerdict(accepted, { outcome: 'rejected', reasons: rejected.verdict.reasons })],
    ['accepted made forced', withVerdict(accepted, { forced: true })],
    ['refused by policy made accepted', withVerdict(refused, yes)],
    [
      'refused by policy made accepted, with a good signature',
      { ...withVerdict(refused, { ...yes, attempts: accepted.verdict.attempts }), signatures: accepted.signatures },
    ],
    ['a tag made accepted', withVerdict(tagged, yes)],
    ['bytes without a hash that fits', withBytes(accepted, good, JUNK)],
    ['good bytes for bad ones, under their hash', withBytes(rejected, good, unknown)],
    ['good bytes for bad ones', withBytes(rejected, good)],
    ['bad bytes for good ones', withBytes(accepted, unknown)],
    ['the good signature of another digest', withBytes(accepted, signer.sign(otherDigest))],
    ['bytes taken out of an accepted one', { ...accepted, signatures: withoutBytes }],
    ['no signature in an accepted one', { ...accepted, signatures: [] }],
    ['another signature put in', { ...rejected, signatures: [...rejected.signatures, ...firstOf(accepted)] }],
    [
      'another signature put in after the good one',
      { ...accepted, signatures: [...accepted.signatures, ...firstOf(rejected)] },
    ],
    ['a signature without bytes put into a refused one', { ...refused, signatures: withoutBytes }],
    ['an attempt’s code', withAttempt(rejected, { code: 'KeyRevoked' })],
    ['an attempt’s keyring', withAttempt(rejected, { keyring: 'verifier-public-key-b' })],
    ['an attempt’s signer', withAttempt(accepted, { signer: stranger.fingerprint })],
    ['an attempt’s location', withAttempt(accepted, { location: 'elsewhere' })],
    ['an attempt’s store', withAttempt(accepted, { store: 'elsewhere' })],
    ['an attempt’s message', withAttempt(accepted, { message: 'signed for you' })],
    ['an attempt’s note', withAttempt(accepted, { note: 'fine' })],
    ['an attempt removed', withVerdict(accepted, { attempts: [] })],
    ['an attempt added', withVerdict(rejected, { attempts: [...rejected.verdict.attempts, verified] })],
    [
      'an absence added to a refused one',
      withVerdict(refused, {
        attempts: [{ store: 's', location: 'l', code: 'SignatureNotFound', message: 'no more signatures here' }],
      }),
    ],
    ['a reason’s code', withVerdict(rejected, { reasons: [{ code: 'KeyRevoked', message: '' }] })],
    [
      'a reason’s message',
      withVerdict(rejected, { reasons: rejected.verdict.reasons.map((reason) => ({ ...reason, message: 'x' })) }),
    ],
    [
      'a reason’s remedy',
      withVerdict(rejected, {
        reasons: rejected.verdict.reasons.map((reason) => ({ ...reason, remedy: 'install it' })),
      }),
    ],
    ['a warning added', withVerdict(accepted, { warnings: [{ code: 'KeyUnknown', message: '' }] })],
    ['mode: warn without its warnings', withVerdict(refused, { mode: 'warn' })],
    ['the pullspec', withVerdict(accepted, { pullspec: `quay.io/evil/x@${digest}` })],
    ['the digest', withVerdict(accepted, { digest: undefined })],
    ['the pullspec’s digest', withVerdict(accepted, { pullspec: GOOD.replace(digest, otherDigest) })],
    ['a pullspec that is none', withVerdict(accepted, { pullspec: 'x@y' })],
    ['the canonical pullspec', withVerdict(accepted, { canonicalPullspec: GOOD.replace(digest, otherDigest) })],
    ['a time before the signature', withVerdict(accepted, { decidedAt: '2020-01-01T00:00:00.000Z' })],
    ['the first time alone', { ...accepted, firstDecidedAt: '2020-01-01T00:00:00.000Z' }],
    ['the pullspec that was asked', withAsked(accepted, { pullspec: `quay.io/evil/x@${digest}` })],
    ['the repository that was asked', withAsked(accepted, { repository: 'evil/x' })],
    ['the registry that was asked', withAsked(accepted, { registry: 'evil.example.com' })],
    ['the tag that was asked', withAsked(accepted, { tag: 'v2' })],
  ])('%s', async (_, forged) => {
    expect(toRecordId(forged.asked, forged.verdict)).toBe(forged.id);
    const result = await recheck(forged);
    expect(result.outcome).toBe('differs');
    expect(result.differences.length).toBeGreaterThan(0);
  });

  test('an id that does not fit', async () => {
    const { differences } = await recheck({ ...accepted, id: '0'.repeat(64) });
    expect(differences).toEqual(['id: it is not that of this decision']);
  });

  test('every single member of the verdict that decides is compared', async () => {
    const result = await recheck(withVerdict(rejected, { ...yes, canonicalPullspec: 'x' }));
    for (const word of ['outcome', 'canonicalPullspec', 'reasons', 'no signature in the record verifies']) {
      expect(result.differences.join('\n')).toContain(word);
    }
  });

  test('a re-framed copy of the signature is as good as the one that it copies', async () => {
    expect(await recheck(withBytes(accepted, reframeMessage(good, 1)))).toMatchObject({ outcome: 'confirmed' });
  });

  test.each<[string, Partial<PreparedTrust>]>([
    ['another revision', { revision: '0'.repeat(64) }],
    ['another profile', { profile: 'okd' }],
  ])('trust of %s is refused', async (_, change) => {
    await expect(recheck(accepted, { ...trust.prepared, ...change })).rejects.toThrow(InputError);
  });
});

describe('accepted without a signature that verifies is confirmed only', () => {
  test('by force', async () => {
    const record = await recordOf({ stores: [serving('store', unknown)], force: true });
    const { outcome, takenAsRecorded } = await recheck(record);
    expect(outcome).toBe('confirmed');
    expect(takenAsRecorded).toContain('forced: the caller chose it; without force the verdict is not accepted');
  });

  test('never by force that was struck out', async () => {
    const record = await recordOf({ stores: [serving('store', unknown)], force: true });
    const verdict = { ...record.verdict, forced: false, warnings: [] };
    const { outcome, differences } = await recheck({ ...record, verdict });
    expect(outcome).toBe('differs');
    expect(differences).toContain('outcome: accepted, and no signature in the record verifies');
  });

  test('by force that the profile does not allow', async () => {
    const record = await recordOf({ stores: [serving('store', unknown)], force: true });
    const { differences } = await recheck(record, { ...trust.prepared, force: 'deny' });
    expect(differences).toContain('forced: the profile does not allow it');
  });

  test('by a profile that verifies nothing', async () => {
    const by = toReadyTrust({ ...trust.prepared, verification: 'disabled' }, FIXTURE_TIME);
    const { outcome, takenAsRecorded } = await recheck(await recordOf({ by }), by.prepared);
    expect(outcome).toBe('confirmed');
    expect(takenAsRecorded).toContain('nothing was verified: the profile says verification: disabled');
  });
});

describe('a push', async () => {
  const mapped = { source: 'quay', registry: 'registry.example.com', repository: 'openshift/release' };
  const [mirrorOf] = trust.prepared.canonicalRepositories;
  if (mirrorOf === undefined) throw new Error('the profile has a canonical repository');
  const by = toReadyTrust({ ...trust.prepared, pushSources: [{ ...mapped, mirrorOf }] }, FIXTURE_TIME);
  const decision = await decide({ stores: [serving('store', good)], by });
  const pushed = 'registry.example.com/openshift/release';

  test.each<[string, Asked]>([
    ['by digest', { ...mapped, pullspec: `${pushed}@${digest}` }],
    ['by tag, which was resolved', { ...mapped, tag: 'v1', pullspec: `${pushed}:v1` }],
    ['by what it mirrors', { ...mapped, pullspec: GOOD }],
    ['to the canonical repository', { source: 'quay', pullspec: GOOD.replace(/@.*/, ':v1') }],
  ])('%s is confirmed', async (_, asked) => {
    expect(await recheck(toRecord(asked, decision), by.prepared)).toMatchObject({ outcome: 'confirmed' });
  });

  test.each<[string, Asked]>([
    ['to a repository that is not mapped', { ...mapped, repository: 'evil/x', pullspec: `${pushed}@${digest}` }],
    ['by a source that is not mapped', { ...mapped, source: 'harbor', pullspec: `${pushed}@${digest}` }],
    ['of another digest', { ...mapped, pullspec: `${pushed}@${otherDigest}` }],
    ['that names a third repository', { ...mapped, pullspec: `quay.io/evil/x@${digest}` }],
    ['that cannot be read', { ...mapped, pullspec: 'x@y' }],
  ])('%s differs', async (_, asked) => {
    expect(await recheck(toRecord(asked, decision), by.prepared)).toMatchObject({ outcome: 'differs' });
  });
});
