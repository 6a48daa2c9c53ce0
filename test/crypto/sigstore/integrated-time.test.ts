import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInternalFault } from '../../../lib/base/errors/evaluate-candidate.ts';
import type { SigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifySigstoreBlob } from '../../../lib/crypto/sigstore/verify-sigstore-blob.ts';
import { matchesIdentity } from '../../../lib/trust/policy/signed-identity.ts';
import { checkCandidate } from '../../../lib/verdict/judge/requirement.ts';
import { DIGEST, NAME } from '../../registry/images/image-setup.ts';
import { AT, forgeBundle, fulcioTrust, genuine, logBundleAt, publisher, rekor, signAt } from './poisoned-image.ts';

const image = { digest: DIGEST, reference: { name: NAME, tag: '1', digest: undefined } };
const keysTrust: SigstoreTrust = {
  kind: 'keys',
  keys: [publisher.keys.publicKey],
  rekorKeys: [rekor.publicKey],
};

function evaluate(untrustedBytes: Uint8Array, trust: SigstoreTrust = fulcioTrust) {
  const source = { store: 'lookaside', location: '1' };
  const signedIdentity = { type: 'matchRepository' } as const;
  const acceptsReference = (name: string) => matchesIdentity(signedIdentity, image.reference, name);
  const question = { digest: image.digest, acceptsReference, bundleIdentity: 'digest' } as const;
  const { attempt, proof } = checkCandidate(source, 'fulcio', () =>
    verifySigstoreBlob(untrustedBytes, trust, question, AT),
  );
  return { attempt, isMet: proof !== undefined };
}

const isSigned = (time: number): boolean => Number.isInteger(time) && time >= AT - 60 && time <= AT + 540;
const numbers = fc.oneof(
  fc.integer({ min: AT - 120, max: AT + 1200 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-1, 0, 1.5, 253_402_300_800, 8_640_000_000_000, 8_640_000_000_001, 2 ** 53, 2 ** 63, 1e300, -1e300),
);
const anything = fc.oneof(
  numbers,
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.string(),
  fc.jsonValue(),
  fc.constantFrom('1e300', '-1', '1.5', '0x10', '', ' 1', 'NaN', '9223372036854775808'),
);

describe('whatever time a log entry states', () => {
  test('a forged entry is an attempt that fails, and hides no good signature beside it', () => {
    fc.assert(
      fc.property(anything, (time) => {
        const { attempt, isMet } = evaluate(forgeBundle(time));
        expect([isMet, attempt.code]).toEqual([false, expect.stringMatching(/^Signature(?:Invalid|Malformed)$/)]);
        expect(isInternalFault(attempt)).toBe(false);
        expect(evaluate(genuine).isMet).toBe(true);
      }),
    );
  });

  test.each<[form: string, sign: (time: number) => Uint8Array]>([
    ['a bundle', logBundleAt],
    ['a cosign signature', signAt],
  ])('%s that the log has signed counts within the validity of its certificate alone', (_, sign) => {
    fc.assert(
      fc.property(numbers, (time) => {
        const { attempt, isMet } = evaluate(sign(time));
        expect([time, isMet]).toEqual([time, isSigned(time)]);
        expect(isInternalFault(attempt)).toBe(false);
      }),
    );
  });

  test('by a key, where no certificate bounds it, nothing is thrown either', () => {
    fc.assert(
      fc.property(numbers, (time) => {
        for (const bytes of [logBundleAt(time), forgeBundle(time)]) {
          expect(isInternalFault(evaluate(bytes, keysTrust).attempt)).toBe(false);
        }
        expect(evaluate(forgeBundle(time), keysTrust).isMet).toBe(false);
      }),
    );
  });

  test.each<[name: string, bytes: Uint8Array, code: string]>([
    ['beyond Date, forged', forgeBundle('8640000000001'), 'SignatureInvalid'],
    ['beyond Date, signed by the log', logBundleAt(8_640_000_000_001), 'LogEntryInvalid'],
    ['the year 10000, signed by the log', logBundleAt(253_402_300_800), 'LogEntryInvalid'],
    ['beyond Date, in a cosign signature', signAt(8_640_000_000_001), 'SignatureMalformed'],
    ['negative, in a cosign signature', signAt(-1), 'SignatureMalformed'],
    ['an hour late', logBundleAt(AT + 3600), 'KeyExpired'],
    ['forged, when the certificate was valid', forgeBundle(String(AT)), 'SignatureInvalid'],
    ['forged, when the certificate was not', forgeBundle('1'), 'SignatureInvalid'],
  ])('%s: %s', (_, bytes, code) => {
    expect(evaluate(bytes)).toMatchObject({ isMet: false, attempt: { code } });
  });
});
