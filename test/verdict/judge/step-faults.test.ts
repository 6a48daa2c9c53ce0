import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateSignedList } from '../../../lib/artifact/checksums/evaluate-signed-list.ts';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { isInternalFault } from '../../../lib/base/errors/evaluate-candidate.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { indexKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import type { SigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifySigstoreBlob } from '../../../lib/crypto/sigstore/verify-sigstore-blob.ts';
import { matchesIdentity } from '../../../lib/trust/policy/signed-identity.ts';
import { evaluateSignature } from '../../../lib/verdict/judge/keyring-requirement.ts';
import { toPolicyRequirement } from '../../../lib/verdict/judge/policy-requirement.ts';
import { checkCandidate, toCandidate } from '../../../lib/verdict/judge/requirement.ts';
import { makeListSigner } from '../../artifact/checksums/list-signer.ts';
import { makeSignature, OTHER_SIGNER, SIGNER, toPayload, trustKeys } from '../../crypto/sigstore/make-signature.ts';
import { AT, fulcioTrust, logBundleAt, publisher, rekor, signAt } from '../../crypto/sigstore/poisoned-image.ts';
import { DIGEST, makeImageSigner, NAME } from '../../registry/images/image-setup.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { installStepFaults, type StepFaults } from '../../support/step-fault.ts';

/** What an evaluation comes to: whether it is a yes, and what its attempts say. */
interface Evaluated {
  readonly accepts: boolean;
  readonly attempts: readonly (
    | { readonly valid: true }
    | { readonly code: string; readonly note?: string | undefined }
  )[];
}

/** Makes an evaluation of these bytes that remembers nothing of an earlier one. */
type Evaluator = (untrustedBytes: Uint8Array) => () => Evaluated;

type Candidates = readonly [good: Uint8Array, bad: Readonly<Record<string, Uint8Array>>];

const OTHER = parseDigest(`sha256:${'b'.repeat(64)}`);
const REVOKED = { revocation: { reason: 2, revokedAt: AT - 86_400 } };
const source = { store: 'lookaside', location: '1' };
const image = { digest: DIGEST, reference: { name: NAME, tag: '1', digest: undefined } };
const signedIdentity = { type: 'matchRepository' } as const;

const [release, revokedRelease, strange] = await Promise.all([
  makeSigner('release'),
  makeSigner('revoked', REVOKED),
  makeSigner('strange'),
]);
const [signer, revoked, stranger] = [makeImageSigner(), makeImageSigner(REVOKED), makeImageSigner()];
const { keyring: signers } = await prepareKeyring('image', Buffer.concat([signer.certificate, revoked.certificate]));
const [lister, otherLister] = await Promise.all([makeListSigner('list'), makeListSigner('other')]);
const LIST = `${'a'.repeat(64)}  file\n`;

const byKeyring: Evaluator = (bytes) => {
  const keyrings = [release, revokedRelease].map(({ keyring }) => indexKeyring(keyring));
  const trust = { prepared: { signedRepository: 'off', signedRepositories: [] }, keyrings } as const;
  return () => {
    const { attempts, verified } = evaluateSignature({ ...source, untrustedBytes: bytes }, DIGEST, trust, AT);
    return { accepts: verified.length > 0, attempts };
  };
};

const keyPath = { kind: 'path', path: '/keys' } as const;
const bySignedBy: Evaluator = (untrustedBytes) => {
  const requirement = toPolicyRequirement(
    { type: 'signedBy', keyType: 'GPGKeys', keys: [keyPath], signedIdentity },
    { keyrings: new Map([['keyPath /keys', signers]]), sigstore: undefined },
  );
  return () => {
    if (requirement.kind !== 'signed') throw new Error('a signature is needed');
    const { attempt, proof } = requirement.verify(toCandidate({ ...source, untrustedBytes }), image, AT);
    return { accepts: proof !== undefined, attempts: [attempt] };
  };
};

const bySigstore =
  (trust: SigstoreTrust, bundleIdentity: 'refuse' | 'digest' = 'digest'): Evaluator =>
  (untrustedBytes) =>
  () => {
    const acceptsReference = (name: string) => matchesIdentity(signedIdentity, image.reference, name);
    const question = { digest: DIGEST, acceptsReference, bundleIdentity };
    const verify = () => verifySigstoreBlob(untrustedBytes, trust, question, AT);
    const { attempt, proof } = checkCandidate(source, 'sigstore', verify);
    return { accepts: proof !== undefined, attempts: [attempt] };
  };

const keysTrust = trustKeys([SIGNER]);

const byList =
  (list?: Uint8Array): Evaluator =>
  (bytes) =>
  () => {
    const { signatures, signed } = evaluateSignedList(bytes, list, lister.keyring, AT);
    return { accepts: signed !== undefined, attempts: signatures };
  };

const cosign = (keys = SIGNER, digest = DIGEST): Uint8Array =>
  formatSignatureBlob(makeSignature({ keys, payload: toPayload(`${NAME}:1`, digest) }));
const keysWithRekor: SigstoreTrust = {
  kind: 'keys',
  keys: [publisher.keys.publicKey],
  rekorKeys: [rekor.publicKey],
};
const cosigned: Candidates = [
  cosign(),
  { 'another key': cosign(OTHER_SIGNER), 'another digest': cosign(SIGNER, OTHER) },
];
const clearsigned = (text: string): Uint8Array => Buffer.from(text);

const rows: [evaluator: string, evaluate: Evaluator, candidates: Candidates][] = [
  [
    'release keyrings',
    byKeyring,
    [
      release.sign(DIGEST),
      {
        'a revoked key': revokedRelease.sign(DIGEST),
        'another key': strange.sign(DIGEST),
        'another digest': release.sign(OTHER),
      },
    ],
  ],
  [
    'signedBy',
    bySignedBy,
    [
      signer.sign(),
      {
        'a revoked key': revoked.sign(),
        'another key': stranger.sign(),
        'another digest': signer.sign({ digest: OTHER }),
        'another repository': signer.sign({ reference: 'quay.io/other/app:1' }),
      },
    ],
  ],
  ['sigstoreSigned by a key', bySigstore(keysTrust), cosigned],
  ['a signature file of a directory', bySigstore(keysTrust, 'refuse'), cosigned],
  [
    'sigstoreSigned by a logged key',
    bySigstore(keysWithRekor),
    [logBundleAt(AT), { 'another key': logBundleAt(AT, 'anybody') }],
  ],
  ['sigstoreSigned through Fulcio', bySigstore(fulcioTrust), [signAt(AT), { 'too late': signAt(AT + 3600) }]],
  [
    'a bundle through Fulcio',
    bySigstore(fulcioTrust),
    [logBundleAt(AT), { 'another login': logBundleAt(AT, 'anybody'), 'too late': logBundleAt(AT + 3600) }],
  ],
  ['a list with its signature', byList(), [lister.inline(LIST), { 'another key': otherLister.inline(LIST) }]],
  [
    'a clearsigned list',
    byList(),
    [clearsigned(lister.clearsigned(LIST)), { 'another key': clearsigned(otherLister.clearsigned(LIST)) }],
  ],
  [
    'a list beside its signature',
    byList(Buffer.from(LIST)),
    [
      lister.detached(LIST),
      { 'another key': otherLister.detached(LIST), 'another list': lister.detached(`${LIST}\n`) },
    ],
  ],
];

const isYes = (attempt: Evaluated['attempts'][number]): boolean => !('code' in attempt) || attempt.code === 'Verified';
const isFault = (attempt: Evaluated['attempts'][number]): boolean => 'code' in attempt && isInternalFault(attempt);

const THROWN: readonly unknown[] = [
  new RangeError('Invalid time value'),
  new TypeError('undefined is not a function'),
  new ConfigurationError('KeyUnreadable', 'thrown by a step'),
  new StoreError('Unavailable', 'thrown by a step'),
  'a text',
  undefined,
];

let faults: StepFaults;
beforeAll(() => {
  faults = installStepFaults();
});
afterAll(() => faults.restore());

describe.each(rows)('whatever step throws: %s', (_, evaluate, [good, bad]) => {
  test('the good signature is refused with a code at most, and is good the next time', () => {
    const whole = faults.run(evaluate(good));
    expect(whole.value.accepts).toBe(true);
    let found = 0;
    for (let at = 0; at < whole.steps; at++) {
      const { value } = faults.run(evaluate(good), at, THROWN[at % THROWN.length]);
      expect([at, value.attempts.length > 0]).toEqual([at, true]);
      if (value.attempts.some(isFault)) found += 1;
      expect([at, evaluate(good)().accepts]).toEqual([at, true]);
    }
    // Some steps belong to a part whose failure is a no already; most do not.
    expect(found).toBeGreaterThan(whole.steps / 4);
  });

  test.each(Object.entries(bad))('a signature that does not count is never accepted: %s', (__, bytes) => {
    const whole = faults.run(evaluate(bytes));
    expect(whole.value.accepts).toBe(false);
    for (let at = 0; at < whole.steps; at++) {
      const { value } = faults.run(evaluate(bytes), at, THROWN[at % THROWN.length]);
      expect([at, value.accepts, value.attempts.some(isYes)]).toEqual([at, false, false]);
    }
  });
});
