import { formatUnixTime } from '../../base/documents/unix-time.ts';
import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { toSignatureIdentity } from '../../crypto/openpgp/messages/verify-message.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import {
  type Candidate,
  type Check,
  checkCandidate,
  type Image,
  type SignedRequirement,
  toCandidate,
} from './requirement.ts';
import type { Attempt } from './verdict.ts';
import { type IdentifiedSignature, verifySignature } from './verify-signature.ts';

/** What a profile asks of a release signature's payload beside the digest. */
interface ReleaseRule {
  /** Repositories that the payload may name; undefined: any, as for the cluster-version operator. */
  readonly signedRepositories: readonly Repository[] | undefined;
}

/** The rule of a profile. */
function toReleaseRule({
  signedRepository,
  signedRepositories,
}: Pick<PreparedTrust, 'signedRepository' | 'signedRepositories'>): ReleaseRule {
  return { signedRepositories: signedRepository === 'enforce' ? signedRepositories : undefined };
}

/**
 * A release keyring as a requirement: a signature of the digest asked for, by any key of the keyring, as the
 * cluster-version operator verifies it.
 */
function toKeyringRequirement(keyring: IndexedKeyring, rule: ReleaseRule): SignedRequirement {
  return {
    kind: 'signed',
    type: 'keyring',
    description: keyring.name,
    signatureKind: 'openpgp',
    seesAll: true,
    remedies: REMEDIES,
    explainAbsence: ({ digest }) => ({
      code: 'SignatureNotFound',
      message: `every store answered, and none has a signature of ${digest}`,
      remedy: 'compare the digest with the publisher’s; a release that is not signed must not be installed',
    }),
    verify: (candidate, image, now) => checkKeyring(candidate, keyring, rule, image, now),
  };
}

function checkKeyring(
  candidate: Candidate,
  keyring: IndexedKeyring,
  { signedRepositories }: ReleaseRule,
  { digest }: Pick<Image, 'digest'>,
  now: number,
): Check {
  // Bytes that are no message were compared with no keyring.
  return checkCandidate(candidate, candidate.isMessage() ? keyring.name : undefined, () => {
    const message = candidate.parseMessage();
    const signed = verifySignature(message, keyring, { digest, signedRepositories, payloadMode: 'release' }, now);
    const { signer, signedReference, createdAt, notes, signingKey } = signed;
    return {
      signer,
      notes,
      message: `signed on ${formatUnixTime(createdAt)} for ${signedReference}`,
      signature: { ...signed, identity: toSignatureIdentity(message, signingKey) },
    };
  });
}

/** The keyrings of a profile, and its rule for release signatures. */
export interface ReleaseTrust {
  readonly prepared: Pick<PreparedTrust, 'signedRepository' | 'signedRepositories'>;
  readonly keyrings: readonly IndexedKeyring[];
}

/** Every keyring as a requirement; all of them have to be satisfied. */
export function toKeyringRequirements({ prepared, keyrings }: ReleaseTrust): readonly SignedRequirement[] {
  const rule = toReleaseRule(prepared);
  return keyrings.map((keyring) => toKeyringRequirement(keyring, rule));
}

/** What each keyring made of one signature. */
export interface SignatureEvaluation {
  readonly attempts: readonly Attempt[];
  /** One entry for each keyring that the signature satisfies. */
  readonly verified: readonly IdentifiedSignature[];
}

/**
 * Checks one signature against every keyring of a profile, for a mirror, a bundle or a ConfigMap. Never throws for a
 * signature that does not hold.
 *
 * @param now seconds since 1970
 */
export function evaluateSignature(
  { store, location, untrustedBytes }: Pick<Candidate, 'store' | 'location' | 'untrustedBytes'>,
  digest: Digest,
  { prepared, keyrings }: ReleaseTrust,
  now: number,
): SignatureEvaluation {
  const candidate = toCandidate({ store, location, untrustedBytes });
  const rule = toReleaseRule(prepared);
  const attempts: Attempt[] = [];
  const verified: IdentifiedSignature[] = [];
  for (const keyring of keyrings) {
    const { attempt, proof } = checkKeyring(candidate, keyring, rule, { digest }, now);
    addDistinct(attempts, attempt);
    if (proof?.signature !== undefined) verified.push(proof.signature);
  }
  return { attempts, verified };
}

/** Bytes that are no message fail in the same way for every keyring: one attempt says it. */
export function addDistinct(attempts: Attempt[], attempt: Attempt): void {
  if (attempt.keyring === undefined && attempts.length > 0) return;
  attempts.push(attempt);
}

const REMEDIES: ReadonlyMap<ReasonCode, string> = new Map([
  ['DigestMismatch', 'the store holds the signature of another release under this digest: repair the store'],
  ['KeyUnknown', 'if the publisher has a new key, verify its fingerprint and add it with signet trust add'],
  ['KeyRevoked', 'the publisher withdrew the key: use a release signed by its current one'],
  ['RepositoryMismatch', 'this release was signed for another product; use that product’s profile'],
  ['SignatureFromFuture', 'check the clock of this machine'],
]);
