import { describe, expect, test } from 'vitest';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import type { PolicyResult, Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { parseRecord } from '../../../lib/verdict/records/parse-record.ts';
import { type Recheck, recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { toRecordId, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import { DIGEST, NAME } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { reframeMessage } from '../../support/reframe-message.ts';
import {
  type Asking,
  anything,
  bySecond,
  bySigner,
  decideBy,
  IMAGE,
  MIRROR_IMAGE,
  MIRROR_NAME,
  OTHER_NAME,
  policyOf,
  readPolicyTrust,
  reject,
  releaseSigner,
  second,
  signer,
  sigstore,
  stranger,
} from '../decide/policy-setup.ts';

const good = signer.sign();
const junk = Buffer.from('junk');
const released = createMemorySignatureStore(new Map([[DIGEST, [releaseSigner.sign(DIGEST, NAME)]]]));

async function recordOf(trust: ReadyTrust, asking: Asking): Promise<VerdictRecord> {
  const pullspec = asking.pullspec ?? IMAGE;
  return toRecord(toAsked('cli', pullspec), await decideBy(trust, asking));
}

/** As it comes back from a file. */
async function recheck(record: VerdictRecord, prepared: PreparedTrust): Promise<Recheck> {
  return recheckRecord(parseRecord('record', Buffer.from(JSON.stringify(record))), prepared);
}

const plain = await readPolicyTrust({ policy: policyOf([bySigner]) });
const both = await readPolicyTrust({ policy: policyOf([bySigner, bySecond]), hasKeyring: true });
const mirrored = await readPolicyTrust({
  policy: policyOf([bySigner]),
  spec: { mode: 'warn', canonicalRepositories: [OTHER_NAME, NAME] },
});
const holding = (...signatures: readonly Uint8Array[]) => createMemoryLookaside({ [IMAGE]: signatures });
const forMirror = signer.sign({ reference: `${MIRROR_NAME}:1` });

describe('what was decided is confirmed', async () => {
  const broken = createMemoryLookaside({ [IMAGE]: [junk] }, { failing: [IMAGE] });
  // One place for every name, as lookasides have that leave the registry's host out.
  const toLocation = (_: string, index: number): string => `signature-${index}`;
  test.each<[string, ReadyTrust, Asking, string]>([
    ['accepted', plain, { lookaside: holding(junk, stranger.sign(), good) }, 'accepted'],
    ['rejected', plain, { lookaside: holding(junk, stranger.sign()) }, 'rejected'],
    ['rejected: nothing there', plain, { lookaside: holding() }, 'rejected'],
    ['open: the lookaside failed', plain, { lookaside: broken }, 'indeterminate'],
    ['by keyring and policy', both, { lookaside: holding(good, second.sign()), store: released }, 'accepted'],
    ['by the policy, not by the keyring', both, { lookaside: holding(second.sign()), store: released }, 'rejected'],
    [
      'under three names, one of which is signed twice over',
      mirrored,
      {
        pullspec: MIRROR_IMAGE,
        lookaside: createMemoryLookaside({ [MIRROR_IMAGE]: [junk, forMirror], [IMAGE]: [junk, good] }),
      },
      'accepted',
    ],
    [
      'under names whose signatures lie in the same place, in the same and in other bytes',
      mirrored,
      {
        pullspec: MIRROR_IMAGE,
        lookaside: createMemoryLookaside(
          { [MIRROR_IMAGE]: [junk, forMirror], [`${OTHER_NAME}@${DIGEST}`]: [junk], [IMAGE]: [junk, good] },
          { toLocation },
        ),
      },
      'accepted',
    ],
    ['sigstore', await readPolicyTrust({ policy: policyOf([sigstore]) }), { lookaside: broken }, 'indeterminate'],
    ['rejected whatever it is', await readPolicyTrust({ policy: policyOf([bySigner, reject]) }), {}, 'rejected'],
    ['accepted whatever it is', await readPolicyTrust({ policy: policyOf([anything]) }), {}, 'rejected'],
    [
      'by a keyring alone, the policy having no say',
      await readPolicyTrust({ policy: policyOf([anything]), hasKeyring: true }),
      { store: released },
      'accepted',
    ],
  ])('%s', async (_, trust, asking, outcome) => {
    const record = await recordOf(trust, asking);
    expect(record.verdict.outcome).toBe(outcome);
    expect(await recheck(record, trust.prepared)).toMatchObject({ outcome: 'confirmed', differences: [] });
  });

  test('by codes alone, when another version decided', async () => {
    const record = await recordOf(plain, { lookaside: holding(stranger.sign()) });
    const reworded = withRequirement(withVerdict(record, { verifierVersion: 'signet/0.0.1' }), {
      requirement: 'in other words',
      reasons: [{ code: 'KeyUnknown', message: 'in other words' }],
    });
    expect(await recheck(reworded, plain.prepared)).toMatchObject({ outcome: 'confirmed' });
    const other = withRequirement(reworded, { reasons: [{ code: 'KeyRevoked', message: '' }] });
    expect(await recheck(other, plain.prepared)).toMatchObject({ outcome: 'differs' });
  });
});

/** With an id that fits, as whoever forges a record would give it. */
function withVerdict(record: VerdictRecord, change: Partial<Verdict>): VerdictRecord {
  const verdict = { ...record.verdict, ...change };
  return { ...record, verdict, id: toRecordId(record.asked, verdict), firstDecidedAt: verdict.decidedAt };
}

function withPolicy(record: VerdictRecord, change: Partial<PolicyResult>): VerdictRecord {
  const [first, ...others] = record.verdict.policies ?? [];
  if (first === undefined) throw new Error('the record has a policy');
  return withVerdict(record, { policies: [{ ...first, ...change }, ...others] });
}

function withRequirement(record: VerdictRecord, change: Partial<PolicyResult['requirements'][number]>): VerdictRecord {
  const [first, ...others] = record.verdict.policies?.[0]?.requirements ?? [];
  if (first === undefined) throw new Error('the record has a requirement');
  return withPolicy(record, { requirements: [{ ...first, ...change }, ...others] });
}

/** As if one more signature had been read, whose key was revoked, and which had no room in the record. */
function withoutBytes(record: VerdictRecord): VerdictRecord {
  const place = { store: 'lookaside', location: 'far away', image: IMAGE };
  const attempt = { ...place, keyring: 'any', code: 'KeyRevoked', message: '' } as const;
  return {
    ...withVerdict(record, { attempts: [...record.verdict.attempts, attempt] }),
    signatures: [...record.signatures, { ...place, sha256: '0'.repeat(64) }],
  };
}

describe('whatever is changed differs', async () => {
  const accepted = await recordOf(plain, { lookaside: holding(junk, good) });
  const rejected = await recordOf(plain, { lookaside: holding(stranger.sign()) });
  const yes = { outcome: 'accepted', reasons: [] } as const;
  const withSignature = (record: VerdictRecord, index: number, change: object): VerdictRecord => ({
    ...record,
    signatures: record.signatures.map((one, at) => (at === index ? { ...one, ...change } : one)),
  });
  test.each<[string, VerdictRecord]>([
    ['the outcome', withVerdict(rejected, yes)],
    [
      'the outcome, the policy’s and the requirement’s',
      withRequirement(withPolicy(withVerdict(rejected, yes), { outcome: 'accepted' }), yes),
    ],
    ['the policy’s outcome', withPolicy(rejected, { outcome: 'accepted' })],
    ['the requirement’s outcome', withRequirement(rejected, { outcome: 'accepted' })],
    ['the requirement’s reasons', withRequirement(rejected, { reasons: [] })],
    ['the requirement', withRequirement(accepted, { requirement: 'signedBy somebody else' })],
    ['a requirement left out', withPolicy(accepted, { requirements: [] })],
    ['the scope', withPolicy(accepted, { scope: 'docker:quay.io' })],
    ['the policy’s document', withPolicy(accepted, { document: 'other.json' })],
    ['the policy’s image', withPolicy(accepted, { image: MIRROR_IMAGE })],
    ['no policy', withVerdict(accepted, { policies: undefined })],
    [
      'an attempt’s image',
      withVerdict(accepted, {
        attempts: accepted.verdict.attempts.map((attempt) => ({ ...attempt, image: MIRROR_IMAGE })),
      }),
    ],
    [
      'attempts that are said to be the keyrings’',
      withVerdict(accepted, {
        attempts: accepted.verdict.attempts.map((attempt) => ({ ...attempt, image: undefined })),
      }),
    ],
    ['a signature’s image', withSignature(accepted, 1, { image: MIRROR_IMAGE })],
    ['a signature that is said to be a release’s', withSignature(accepted, 1, { image: undefined })],
    ['a signature’s bytes', withSignature(accepted, 1, { bytes: Buffer.from(stranger.sign()).toString('base64') })],
    ['a signature left out', { ...accepted, signatures: accepted.signatures.slice(0, 1) }],
    ['a signature twice', { ...accepted, signatures: [...accepted.signatures, ...accepted.signatures] }],
  ])('%s', async (_, forged) => {
    expect(forged).not.toEqual(accepted);
    expect(await recheck(forged, plain.prepared)).toMatchObject({ outcome: 'differs' });
  });

  const lie = [{ code: 'KeyRevoked', message: 'the key is revoked' }] as const;
  const no = { outcome: 'rejected', reasons: lie } as const;
  test.each<[string, VerdictRecord]>([
    ['the policy’s outcome', withPolicy(withoutBytes(accepted), { outcome: 'rejected' })],
    ['the requirement’s outcome and reasons', withRequirement(withoutBytes(accepted), no)],
    ['the requirement’s reasons', withRequirement(withoutBytes(accepted), { reasons: lie })],
    ['the verdict’s reasons', withVerdict(withoutBytes(accepted), { reasons: lie })],
  ])('beside a signature that is said to be too long to be kept: %s', async (_, forged) => {
    expect(await recheck(withoutBytes(accepted), plain.prepared)).toMatchObject({ outcome: 'confirmed' });
    expect(await recheck(forged, plain.prepared)).toMatchObject({ outcome: 'differs' });
  });

  test('every bit of the signature that vouches', async () => {
    const bytes = Buffer.from(accepted.signatures[1]?.bytes ?? '', 'base64');
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const { outcome } = await recheck(
        withSignature(accepted, 1, { bytes: flipped.toString('base64') }),
        plain.prepared,
      );
      expect(outcome).toBe('differs');
    }
  });

  test('a release signature in the record does not stand in for an image’s, nor the other way about', async () => {
    const record = await recordOf(both, { lookaside: holding(good, second.sign()), store: released });
    const release = record.signatures.find(({ image }) => image === undefined);
    const ofImage = record.signatures.filter(({ image }) => image !== undefined);
    expect([release === undefined, ofImage.length]).toEqual([false, 2]);
    const swapped = {
      ...record,
      signatures: record.signatures.map((one) => ({ ...one, image: one.image === undefined ? IMAGE : undefined })),
    };
    expect(await recheck(swapped, both.prepared)).toMatchObject({ outcome: 'differs' });
  });

  test('a re-framed copy of the signature is as good as the one that it copies', async () => {
    const reframed = reframeMessage(good, 1);
    const record = await recordOf(plain, { lookaside: holding(reframed) });
    expect(await recheck(record, plain.prepared)).toMatchObject({ outcome: 'confirmed' });
  });

  test('without its bytes, an accepted record is not confirmed', async () => {
    const signatures = accepted.signatures.map((one) => ({ ...one, bytes: undefined }));
    const { outcome, differences } = await recheck({ ...accepted, signatures }, plain.prepared);
    expect([outcome, differences]).toEqual([
      'differs',
      expect.arrayContaining(['outcome: accepted, and no signature in the record verifies']),
    ]);
  });
});

test('a record of signatures of releases alone says nothing of images, as before', async () => {
  const trust = await readPolicyTrust({ policy: policyOf([anything]), hasKeyring: true });
  const record = await recordOf(trust, { store: released });
  expect(record.signatures.map((one) => 'image' in one)).toEqual([false]);
});
