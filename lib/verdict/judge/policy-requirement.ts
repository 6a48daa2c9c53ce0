import { formatUnixTime } from '../../base/documents/unix-time.ts';
import type { ReasonCode } from '../../base/errors/reason-code.ts';
import { toSignatureIdentity } from '../../crypto/openpgp/messages/verify-message.ts';
import { mayBePrehashed } from '../../crypto/sigstore/sigstore-trust.ts';
import type { VerifiedSigstore } from '../../crypto/sigstore/verify-sigstore-blob.ts';
import {
  describeRequirement,
  describeRoot,
  type PolicyRequirement,
  type SignedByRequirement,
  type SigstoreSignedRequirement,
} from '../../trust/policy/policy-requirement.ts';
import {
  type PolicyMaterial,
  type PreparedCheck,
  prepareCheck,
  type Unmeetable,
} from '../../trust/policy/prepare-check.ts';
import { matchesIdentity } from '../../trust/policy/signed-identity.ts';
import { checkCandidate, type Requirement, type SignedRequirement } from './requirement.ts';
import type { Reason } from './verdict.ts';
import { verifyImageSignature } from './verify-signature.ts';

/** One requirement of a policy.json or of a (Cluster)ImagePolicy, as nodes evaluate it. */
export function toPolicyRequirement(requirement: PolicyRequirement, material: PolicyMaterial): Requirement {
  const check = prepareCheck(requirement, material);
  if (check?.kind === 'unmeetable') return toUnmeetable(requirement, check);
  switch (requirement.type) {
    case 'insecureAcceptAnything':
      return { ...fixed(requirement, 'accepted', []), warnings: [NOTHING_VERIFIED] };
    case 'reject':
      return fixed(requirement, 'rejected', [policyRejects('the policy rejects every image here')]);
    case 'signedBaseLayer':
      return fixed(requirement, 'rejected', [
        policyRejects('no image meets signedBaseLayer: nodes do not implement it'),
      ]);
    case 'signedBy':
      if (requirement.keyType !== 'GPGKeys') {
        const fault = `no image meets keyType ${requirement.keyType}: nodes do not implement it`;
        return fixed(requirement, 'rejected', [policyRejects(fault)]);
      }
      return check?.kind === 'openpgp' ? bySigner(requirement, check) : fixed(requirement, 'rejected', [NO_KEYS]);
    case 'sigstoreSigned':
      return check?.kind === 'sigstore'
        ? bySigstore(requirement, check)
        : fixed(requirement, 'indeterminate', [SIGSTORE_NOT_EVALUATED]);
    case 'unsupported':
      return fixed(requirement, 'indeterminate', [notEvaluated(requirement.fault)]);
    default:
      return requirement satisfies never;
  }
}

/** What this version cannot evaluate stays open; keys that nobody can use have signed nothing. */
function toUnmeetable(requirement: PolicyRequirement, { isUnsupported, fault }: Unmeetable): Requirement {
  if (isUnsupported) return fixed(requirement, 'indeterminate', [notEvaluated(fault)]);
  return fixed(requirement, 'rejected', [{ ...NO_KEYS, message: `no signature satisfies the requirement: ${fault}` }]);
}

function notEvaluated(fault: string): Reason {
  return {
    code: 'PolicyNotEvaluated',
    message: `the policy asks for what this version cannot evaluate: ${fault}`,
    remedy: 'name a key or policy of a supported kind beside it, or update Signet',
  };
}

/** Cryptography, key, payload (read as containers/image reads it), digest, then identity. */
function bySigner(
  requirement: SignedByRequirement,
  { keyring }: Extract<PreparedCheck, { kind: 'openpgp' }>,
): SignedRequirement {
  const { signedIdentity } = requirement;
  return {
    ...signed(requirement, 'openpgp'),
    verify: (candidate, { digest, reference }, now) =>
      checkCandidate(candidate, keyring.name, () => {
        const message = candidate.parseMessage();
        const isAccepted = (name: string): boolean => matchesIdentity(signedIdentity, reference, name);
        const claim = { digest, isAccepted, identity: signedIdentity.type };
        const proven = verifyImageSignature(message, keyring, claim, now);
        const { signer, signedReference, createdAt, notes, signingKey } = proven;
        return {
          signer,
          notes,
          message: `signed on ${formatUnixTime(createdAt)} for ${signedReference}`,
          signature: { ...proven, identity: toSignatureIdentity(message, signingKey) },
        };
      }),
  };
}

/** Cryptography and who signed, payload, digest, then identity (formats F7). */
function bySigstore(
  requirement: SigstoreSignedRequirement,
  { trust, bundleIdentity }: Extract<PreparedCheck, { kind: 'sigstore' }>,
): SignedRequirement {
  const { signedIdentity, root } = requirement;
  const name = describeRoot(root);
  return {
    ...signed(requirement, 'sigstore'),
    mayBePrehashed: mayBePrehashed(trust),
    verify: (candidate, { digest, reference }, now) =>
      checkCandidate(candidate, name, (): VerifiedSigstore => {
        const acceptsReference = (named: string): boolean => matchesIdentity(signedIdentity, reference, named);
        const { verifySigstore, untrustedBytes } = candidate;
        if (verifySigstore === undefined) throw new TypeError('nothing that verifies Sigstore signatures is loaded');
        return verifySigstore(untrustedBytes, trust, { digest, acceptsReference, bundleIdentity }, now);
      }),
  };
}

function signed(
  requirement: SignedByRequirement | SigstoreSignedRequirement,
  signatureKind: SignedRequirement['signatureKind'],
): Omit<SignedRequirement, 'verify'> {
  const { type } = requirement;
  return {
    kind: 'signed',
    type,
    description: describeRequirement(requirement),
    signatureKind,
    seesAll: false,
    remedies: REMEDIES,
    explainAbsence: () => NOT_SIGNED,
  };
}

function fixed(
  requirement: PolicyRequirement,
  outcome: Extract<Requirement, { kind: 'fixed' }>['outcome'],
  reasons: readonly Reason[],
): Extract<Requirement, { kind: 'fixed' }> {
  const { type } = requirement;
  return { kind: 'fixed', type, description: describeRequirement(requirement), outcome, reasons, warnings: [] };
}

function policyRejects(message: string): Reason {
  return { code: 'PolicyRejects', message };
}

const NOTHING_VERIFIED: Reason = {
  code: 'PolicyNotEvaluated',
  message: 'nothing was verified: the policy says insecureAcceptAnything',
  remedy: 'name the keys that sign these images in a signedBy requirement',
};

const SIGSTORE_NOT_EVALUATED: Reason = {
  code: 'PolicyNotEvaluated',
  message: 'Sigstore signatures are not evaluated here',
};

const NO_KEYS: Reason = {
  code: 'KeyringUnsatisfied',
  message: 'a key source of the requirement holds no public key',
  remedy: 'repair the key files that the policy names',
};

const NOT_SIGNED: Reason = {
  code: 'SignatureNotFound',
  message: 'a signature is required, and the image has none',
  remedy: 'compare the digest with the publisher’s; check that registries.d names where its signatures are',
};

const REMEDIES: ReadonlyMap<ReasonCode, string> = new Map([
  [
    'IdentityMismatch',
    'ask for the image by the name that was signed, or let signedIdentity of the policy accept it; a Sigstore bundle names none, and counts where bundleIdentity says digest',
  ],
  ['DigestMismatch', 'the manifest is another one than was signed: fetch the image again from its publisher'],
  ['KeyUnknown', 'if the publisher has a new key, verify its fingerprint and add it to the policy’s key files'],
  ['KeyRevoked', 'the publisher withdrew the key: use an image signed by its current one'],
  ['SignatureFromFuture', 'check the clock of this machine'],
]);
