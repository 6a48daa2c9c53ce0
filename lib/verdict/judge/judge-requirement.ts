import { describeRequirement } from '../../trust/policy/describe-requirement.ts';
import type { SignedByRequirement } from '../../trust/policy/policy-requirement.ts';
import { closestAttempts } from './closest-attempts.ts';
import type { Judgement } from './judge-signatures.ts';
import type { RequirementProgress } from './requirement-progress.ts';
import type { RequirementResult } from './requirement-result.ts';
import type { Attempt, Reason } from './verdict.ts';

/** How the reading of the image and its signatures ended. */
export interface ImageReading {
  /** What was absent or failed beside the signatures themselves. */
  readonly attempts: readonly Attempt[];
  /** True when what failed could have held a signature that is missing. */
  readonly storeFailed: boolean;
  /** Given when the image itself could not be read: then this is what comes of all that depends on it. */
  readonly fault?: Judgement | undefined;
}

/** What a requirement comes to once everything was read. What is not known to be a yes is none. */
export function judgeRequirement(progress: RequirementProgress, reading: ImageReading): RequirementResult {
  const { requirement } = progress;
  const looksForSignatures = progress.check !== undefined;
  return {
    type: requirement.type,
    requirement: describeRequirement(requirement),
    ...judge(progress, reading),
    warnings: requirement.type === 'insecureAcceptAnything' ? [NOTHING_VERIFIED] : [],
    attempts: looksForSignatures ? [...progress.attempts, ...reading.attempts] : [],
  };
}

function judge(progress: RequirementProgress, reading: ImageReading): Judgement {
  const { requirement } = progress;
  switch (requirement.type) {
    case 'insecureAcceptAnything':
      return reading.fault ?? { outcome: 'accepted', reasons: [] };
    case 'reject':
      return rejected({ code: 'PolicyRejects', message: 'the policy rejects every image here' });
    case 'signedBy':
      return judgeSignedBy(requirement, progress, reading);
    case 'sigstoreSigned':
      return progress.check === undefined
        ? { outcome: 'indeterminate', reasons: [SIGSTORE_NOT_EVALUATED] }
        : judgeSignatures(progress, reading);
    case 'signedBaseLayer':
      return rejected({ code: 'PolicyRejects', message: 'no image meets signedBaseLayer: nodes do not implement it' });
    default:
      return requirement satisfies never;
  }
}

function judgeSignedBy(
  { keyType }: SignedByRequirement,
  progress: RequirementProgress,
  reading: ImageReading,
): Judgement {
  if (keyType !== 'GPGKeys') {
    return rejected({ code: 'PolicyRejects', message: `no image meets keyType ${keyType}: nodes do not implement it` });
  }
  return progress.check === undefined ? rejected(NO_KEYS) : judgeSignatures(progress, reading);
}

/** What signatures came to that were asked for. */
function judgeSignatures(
  { isMet, attempts }: RequirementProgress,
  { attempts: readAttempts, storeFailed, fault }: ImageReading,
): Judgement {
  if (fault !== undefined) return fault;
  if (isMet) return { outcome: 'accepted', reasons: [] };
  const reasons = closestAttempts(attempts).map(toReason);
  if (storeFailed) return { outcome: 'indeterminate', reasons: [explainStores(readAttempts), ...reasons] };
  return { outcome: 'rejected', reasons: reasons.length === 0 ? [NOT_SIGNED] : reasons };
}

function toReason({ code, message }: Pick<Reason, 'code' | 'message'>): Reason {
  const remedy = REMEDIES.get(code);
  return { code, message, ...(remedy === undefined ? {} : { remedy }) };
}

function explainStores(attempts: readonly Attempt[]): Reason {
  const failed = attempts.filter(({ code }) => code === 'StoreUnavailable');
  const [first] = failed;
  const others = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  return {
    code: 'StoreUnavailable',
    message: `a place that could hold the signature failed: ${first?.location ?? 'unknown'}: ${first?.message ?? 'unknown'}${others}`,
    remedy: 'retry; if it stays so, make the place readable from here',
  };
}

function rejected(reason: Reason): Judgement {
  return { outcome: 'rejected', reasons: [reason] };
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

const REMEDIES: ReadonlyMap<Reason['code'], string> = new Map([
  [
    'IdentityMismatch',
    'ask for the image by the name that was signed, or let signedIdentity of the policy accept it; a Sigstore bundle names none, and counts where bundleIdentity says digest',
  ],
  ['DigestMismatch', 'the manifest is another one than was signed: fetch the image again from its publisher'],
  ['KeyUnknown', 'if the publisher has a new key, verify its fingerprint and add it to the policy’s key files'],
  ['KeyRevoked', 'the publisher withdrew the key: use an image signed by its current one'],
  ['SignatureFromFuture', 'check the clock of this machine'],
]);
