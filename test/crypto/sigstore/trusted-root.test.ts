import { describe, expect, test } from 'vitest';
import { isWithin, MAX_ROOT_MEMBERS, parseTrustedRoot } from '../../../lib/crypto/sigstore/trusted-root.ts';
import { codeOf } from './code-of.ts';
import { formatRoot, INSTANCE, makeRoot, type RootPlan } from './make-instance.ts';

const START = Date.parse('2026-01-01T00:00:00Z') / 1000;

test('a root has its logs and authorities with their validity', () => {
  const root = makeRoot({ logsValidFor: { start: '2026-01-01T00:00:00Z', end: '2026-12-31T23:59:59.999Z' } });
  expect(root.logs.map(({ id, address, validFor }) => ({ id, address, validFor }))).toEqual([
    {
      id: INSTANCE.rekor1.id,
      address: 'https://rekor.example.com',
      validFor: { start: START, end: Date.parse('2026-12-31T23:59:59.999Z') / 1000 },
    },
    {
      id: INSTANCE.rekor2.id,
      address: 'https://log2026.example.com',
      validFor: { start: START, end: Date.parse('2026-12-31T23:59:59.999Z') / 1000 },
    },
  ]);
  expect(root.authorities).toMatchObject([{ validFor: { start: START, end: Number.POSITIVE_INFINITY } }]);
  expect([root.certificateLogs.length, root.timestampAuthorities.length, root.warnings]).toEqual([1, 1, []]);
});

const replace = (from: RegExp | string, to: string) => (text: string) => {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error('nothing was changed');
  return changed;
};
const many = Array.from({ length: MAX_ROOT_MEMBERS + 1 }, () => INSTANCE.rekor1);
const END_FIRST = { start: '2026-06-01T00:00:00Z', end: '2026-05-01T00:00:00Z' };

describe('a root that is not used', () => {
  test.each<[name: string, expected: string, plan: RootPlan]>([
    ['no JSON', 'DocumentInvalid', { change: () => 'root' }],
    ['a member twice', 'DocumentInvalid', { change: replace('{"mediaType"', '{"tlogs":[],"mediaType"') }],
    ['another media type', 'DocumentInvalid', { change: replace('version=0.1', 'version=0.9') }],
    ['a log without a start', 'DocumentInvalid', { logsValidFor: {} }],
    ['a certificate log without a start', 'DocumentInvalid', { certificateLogsValidFor: {} }],
    ['an authority without a start', 'DocumentInvalid', { authoritiesValidFor: {} }],
    ['a timestamp authority without a start', 'DocumentInvalid', { stampsValidFor: {} }],
    [
      'a log without a validity',
      'DocumentInvalid',
      { change: replace('"validFor":{"start":"2026-01-01T00:00:00Z"}', '"other":1') },
    ],
    ['a start that is no time', 'DocumentInvalid', { logsValidFor: { start: 'now' } }],
    ['a start without a zone', 'DocumentInvalid', { logsValidFor: { start: '2026-01-01T00:00:00' } }],
    ['an end before the start', 'DocumentInvalid', { logsValidFor: END_FIRST }],
    ['a key that does not parse', 'DocumentInvalid', { change: replace(/"rawBytes":"..../, '"rawBytes":"AAAA') }],
    ['a key that is no base64', 'DocumentInvalid', { change: replace('"rawBytes":"', '"rawBytes":"*') }],
    ['an authority without certificates', 'DocumentInvalid', { authorities: [[]] }],
    [
      'a certificate that does not parse',
      'DocumentInvalid',
      { change: replace(/"certificates":\[\{"rawBytes":"..../, '"certificates":[{"rawBytes":"AAAA') },
    ],
    ['no log', 'TrustUnusable', { logs: [] }],
    ['more logs than are read', 'LimitExceeded', { logs: many }],
  ])('%s: %s', (_, expected, plan) => {
    expect(codeOf(() => parseTrustedRoot(Buffer.from(formatRoot(plan))))).toBe(expected);
  });
});

test('a log with a key of a kind that is not known is left out, and said', () => {
  const root = makeRoot({ change: replace('PKIX_ED25519', 'LMS_SHA256') });
  expect(root.logs.map(({ id }) => id)).toEqual([INSTANCE.rekor1.id]);
  expect(root.warnings).toEqual([
    'tlogs[1] (https://log2026.example.com) is left out: keys of the kind LMS_SHA256 are not supported',
  ]);
});

test.each([
  'LMS_SHA256',
  'PKIX_RSA_PSS_2048_SHA256',
  'PKIX_ED25519_PH',
  'PKIX_ECDSA_P256_HMAC_SHA_256',
  'SLH_DSA_SHA2_128S',
])('a kind by which no log signs is left out: %s', (details) => {
  expect(makeRoot({ change: replace('PKIX_ED25519', details) }).logs.length).toBe(1);
});

test('a key of ML-DSA that this OpenSSL does not read leaves its log out, and no other', () => {
  const root = makeRoot({ change: replace(/("rawBytes":")[^"]+("[^}]*?)PKIX_ED25519/, '$1MAA=$2ML_DSA_65') });
  expect(root.logs.map(({ id }) => id)).toEqual([INSTANCE.rekor1.id]);
  expect(root.warnings).toEqual([
    'tlogs[1] (https://log2026.example.com) is left out: keys of the kind ML_DSA_65 are not supported',
  ]);
});

test('both ends are within a validity, and no number outside', () => {
  const validity = { start: 10, end: 20 };
  expect([9.999, 10, 20, 20.001, Number.NaN].map((time) => isWithin(validity, time))).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
});
