import type { Digest } from '../../base/names/digest.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluateSignature } from '../../verdict/judge/keyring-requirement.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import type { Candidate } from '../format/read-bundle.ts';

/** Why a signature does not verify, by profile and keyring. */
export interface FailedSignature {
  readonly location: string;
  readonly digest: Digest;
  readonly reasons: readonly {
    readonly profile: string;
    readonly keyring?: string;
    readonly code: Attempt['code'];
    readonly message: string;
    /** Given for a fault of Signet's own. */
    readonly note?: string;
  }[];
}

export type Judgement =
  | { readonly kind: 'verified'; readonly profiles: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: FailedSignature };

/**
 * Verifies a candidate by the profiles: one that verifies it is enough, and none may be missing. The digest that its
 * place named has to be the one that was signed, and clusters have to be able to read it.
 */
export function judgeCandidate(candidate: Candidate, trusts: readonly ReadyTrust[], now: Date): Judgement {
  const { digest, location, untrustedBytes } = candidate;
  const seconds = Math.floor(now.getTime() / 1000);
  const profiles: string[] = [];
  const reasons: FailedSignature['reasons'][number][] = [];
  for (const trust of trusts) {
    const { profile } = trust.prepared;
    const signature = { store: location, location, untrustedBytes };
    const { attempts, verified } = evaluateSignature(signature, digest, trust, seconds);
    if (verified.some(({ isReadableByClusters }) => isReadableByClusters)) {
      profiles.push(profile);
    } else if (verified.length > 0) {
      const message = 'it verifies, in a framing that clusters cannot read';
      reasons.push({ profile, code: 'SignatureUnsupported', message });
    } else {
      reasons.push(...attempts.map((attempt) => toReason(profile, attempt)));
    }
  }
  if (profiles.length > 0) return { kind: 'verified', profiles };
  return { kind: 'failed', failure: { location, digest, reasons } };
}

function toReason(profile: string, { keyring, code, message, note }: Attempt): FailedSignature['reasons'][number] {
  const rest = note === undefined ? { code, message } : { code, message, note };
  return { profile, ...(keyring === undefined ? {} : { keyring }), ...rest };
}
