import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import { MAX_KEYRINGS } from '../../../lib/trust/prepared/prepared-trust.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import {
  type Asked,
  MAX_EMBEDDED_BYTES,
  toRecordId,
  type VerdictRecord,
} from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import { decide, GOOD, recordOf, second, serving, signer, twoKeyrings } from './sample-records.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('the id', async () => {
  const { asked, verdict, id } = await recordOf({ stores: [serving('store', signer.sign(GOOD.slice(-71)))] });

  test('is the same for the same decision, whenever and with whatever evidence', () => {
    const later: Verdict = { ...verdict, decidedAt: '2027-01-01T00:00:00.000Z', attempts: [], warnings: [] };
    expect(toRecordId(asked, later)).toBe(id);
    const spelled: Asked = { ...asked, pullspec: GOOD.toUpperCase() };
    expect(toRecordId(spelled, verdict)).toBe(id);
  });

  test('takes reason codes as a set', () => {
    const withReasons = (...codes: readonly ('KeyUnknown' | 'KeyRevoked')[]): string =>
      toRecordId(asked, { ...verdict, reasons: codes.map((code) => ({ code, message: '' })) });
    expect(withReasons('KeyUnknown', 'KeyRevoked')).toBe(withReasons('KeyRevoked', 'KeyUnknown', 'KeyRevoked'));
    expect(withReasons('KeyUnknown')).not.toBe(withReasons('KeyRevoked'));
  });

  test.each<[string, Partial<Asked>, Partial<Verdict>]>([
    ['source', { source: 'api' }, {}],
    ['registry', { registry: 'mirror.example.com' }, {}],
    ['no registry', { registry: undefined }, {}],
    ['repository', { repository: 'other/release' }, {}],
    [
      'registry and repository split elsewhere',
      { registry: 'quay.io/openshift-release-dev', repository: 'ocp-release' },
      {},
    ],
    ['tag', { tag: '4.99.0' }, {}],
    ['an empty tag', { tag: '' }, {}],
    ['profile', {}, { profile: 'okd' }],
    ['mode', {}, { mode: 'warn' }],
    ['trust revision', {}, { trustRevision: '0'.repeat(64) }],
    ['verifier version', {}, { verifierVersion: 'signet/0.0.0' }],
    ['outcome', {}, { outcome: 'rejected' }],
    ['forced', {}, { forced: true }],
    ['reasons', {}, { reasons: [{ code: 'KeyUnknown', message: '' }] }],
    ['digest', {}, { digest: undefined }],
    ['a pullspec that is spelled like the digest', {}, { digest: undefined, pullspec: GOOD.slice(-71) }],
  ])('differs with another %s', (_, otherAsked, otherVerdict) => {
    expect(toRecordId({ ...asked, ...otherAsked }, { ...verdict, ...otherVerdict })).not.toBe(id);
  });
});

describe('what was asked', () => {
  test('is what the pullspec says, in canonical spelling', () => {
    expect(toAsked('api', `QUAY.IO:443/a/b:v1@${GOOD.slice(-71)}`)).toEqual({
      source: 'api',
      registry: 'quay.io',
      repository: 'a/b',
      tag: 'v1',
      pullspec: `QUAY.IO:443/a/b:v1@${GOOD.slice(-71)}`,
    });
  });
});

describe('signatures', () => {
  const digest = GOOD.slice(-71);
  const embedded = ({ signatures }: VerdictRecord): number =>
    signatures.reduce((total, { bytes }) => total + Buffer.from(bytes ?? '', 'base64').length, 0);

  test('all that were examined are there, and what was served twice is embedded once', async () => {
    const junk = Buffer.from('junk');
    const good = signer.sign(digest);
    const { signatures } = await recordOf({ stores: [serving('one', junk, good), serving('two', junk, junk, good)] });
    expect(signatures.filter(({ sha256: hash }) => hash === sha256(junk)).length).toBeGreaterThan(1);
    const withBytes = signatures.filter(({ bytes }) => bytes !== undefined);
    expect(withBytes.map(({ sha256: hash }) => hash).toSorted()).toEqual([sha256(good), sha256(junk)].toSorted());
    for (const { sha256: hash, bytes = '' } of withBytes) expect(sha256(Buffer.from(bytes, 'base64'))).toBe(hash);
  });

  test('there is always room for one of each keyring', () => {
    expect(MAX_KEYRINGS * MAX_SIGNATURE_BYTES).toBeLessThanOrEqual(MAX_EMBEDDED_BYTES);
  });

  test('beyond the limit, only the hash is kept; what verifies goes first', async () => {
    const big = (seed: number): Buffer => Buffer.alloc(MAX_SIGNATURE_BYTES, seed);
    const junk = Array.from({ length: MAX_RELEASE_SIGNATURES }, (_, index) => big(index + 1));
    const stores = [
      serving('one', ...junk),
      serving('two', ...junk.slice(0, 8).map((_, index) => big(index + 100)), second.sign(digest)),
    ];
    const decision = await decide({ stores: [...stores, serving('three', signer.sign(digest))], by: twoKeyrings });
    expect(decision.verdict.outcome).toBe('accepted');
    const record = toRecord(toAsked('cli', GOOD), decision);
    expect(record.signatures).toHaveLength(19);
    expect(embedded(record)).toBeLessThanOrEqual(MAX_EMBEDDED_BYTES);
    expect(embedded(record)).toBeGreaterThan(MAX_EMBEDDED_BYTES - MAX_SIGNATURE_BYTES);
    for (const { bytes } of decision.verified) {
      expect(record.signatures.find((signature) => signature.sha256 === sha256(bytes))?.bytes).toBeDefined();
    }
  });
});
