import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { type CollectedRelease, collectRelease } from '../../verdict/decide/collect-release.ts';
import type { Proof } from '../../verdict/judge/requirement.ts';
import type { Attempt, Reason } from '../../verdict/judge/verdict.ts';
import type { IdentifiedSignature } from '../../verdict/judge/verify-signature.ts';
import { toSignedVersion } from '../render/release-version.ts';
import type { SignedRelease } from '../render/signature-config-maps.ts';

/** A place to look in, and what the reader calls it. */
export interface SearchedPlace {
  readonly role: 'mirror' | 'stores';
  readonly name: string;
  readonly store: SignatureStore;
}

/**
 * `held`: what is there satisfies every keyring of the profile. `absent`: it answered that it has none. `refused`: what
 * it has does not. `failed`: it did not answer, so nothing is known.
 */
export type PlaceOutcome = 'held' | 'absent' | 'refused' | 'failed';

export interface PlaceFinding {
  readonly role: SearchedPlace['role'];
  readonly name: string;
  readonly outcome: PlaceOutcome;
  readonly reasons: readonly Reason[];
  readonly attempts: readonly Attempt[];
}

/** Whether signatures of a digest are to be had. */
export interface SignatureSearch {
  readonly digest: Digest;
  readonly places: readonly PlaceFinding[];
  /** Signatures that verify and that clusters can read, of the first place that has what every keyring needs. */
  readonly release: SignedRelease | undefined;
}

/**
 * Looks for signatures that satisfy the profile, each place on its own. All that is read is verified.
 *
 * @throws the abort reason of the signal
 */
export async function findSignatures(
  digest: Digest,
  trust: ReadyTrust,
  places: readonly SearchedPlace[],
  now: Date,
  signal: AbortSignal,
): Promise<SignatureSearch> {
  const findings: PlaceFinding[] = [];
  let release: SignedRelease | undefined;
  for (const { role, name, store } of places) {
    // What clusters cannot read would not mend a cluster.
    const options = { isCounted: ({ signature }: Proof) => signature !== undefined && isOfUse(signature) };
    const { judgement, collected } = await collectRelease(digest, trust, store, now, signal, options);
    const { outcome, reasons } = judgement;
    findings.push({ role, name, outcome: toPlaceOutcome(outcome, reasons), reasons, attempts: collected.attempts });
    if (outcome === 'accepted') release ??= toRelease(digest, collected.verified);
  }
  return { digest, places: findings, release };
}

/** A note says what current operators could not have checked. */
function isOfUse({ isReadableByClusters, notes }: IdentifiedSignature): boolean {
  return isReadableByClusters && notes.length === 0;
}

function toPlaceOutcome(outcome: 'accepted' | 'rejected' | 'indeterminate', reasons: readonly Reason[]): PlaceOutcome {
  if (outcome === 'accepted') return 'held';
  if (outcome === 'indeterminate') return 'failed';
  return reasons.every(({ code }) => code === 'SignatureNotFound') ? 'absent' : 'refused';
}

/** One signature may satisfy several keyrings. */
function toRelease(digest: Digest, verified: CollectedRelease['collected']['verified']): SignedRelease {
  const signatures = new Map<string, Uint8Array>();
  const versions: string[] = [];
  for (const { proof, bytes } of verified) {
    const { signature } = proof;
    if (signature === undefined) continue;
    signatures.set(signature.identity, bytes);
    const named = toSignedVersion(signature.signedReference);
    if (named !== undefined) versions.push(named);
  }
  const [version] = versions;
  return { digest, version, signatures: [...signatures.values()] };
}
