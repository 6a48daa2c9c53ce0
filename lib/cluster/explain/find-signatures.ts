import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type CollectedRelease, collectRelease } from '../../verdict/decide/collect-evidence.ts';
import type { Proof } from '../../verdict/judge/requirement.ts';
import type { Attempt, Reason } from '../../verdict/judge/verdict.ts';
import type { IdentifiedSignature } from '../../verdict/judge/verify-signature.ts';
import { toSignedVersion } from '../render/release-version.ts';
import type { SignedRelease } from '../render/signature-config-maps.ts';

/** A place to search, under the name that the reader knows. */
export interface SearchedPlace {
  readonly role: 'mirror' | 'stores';
  readonly name: string;
  readonly store: SignatureStore;
}

/**
 * `held`: the signatures there satisfy every keyring of the profile. `absent`: there is none. `refused`: there are some,
 * and they do not. `failed`: the place could not be read, so nothing is known.
 */
export type PlaceOutcome = 'held' | 'absent' | 'refused' | 'failed';

export interface PlaceFinding {
  readonly role: SearchedPlace['role'];
  readonly name: string;
  readonly outcome: PlaceOutcome;
  readonly reasons: readonly Reason[];
  readonly attempts: readonly Attempt[];
}

/** Where signatures of a digest were searched, and what was found. */
export interface SignatureSearch {
  readonly digest: Digest;
  readonly places: readonly PlaceFinding[];
  /** Verified signatures that clusters can read, from the first place that satisfies every keyring. */
  readonly release: SignedRelease | undefined;
}

/**
 * Searches each place separately for signatures that satisfy the profile. Every signature that is read is verified.
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
    // A signature that clusters cannot read does not help a cluster.
    const options = { isCounted: ({ signature }: Proof) => signature !== undefined && isUsableByClusters(signature) };
    const { judgement, collected } = await collectRelease(digest, trust, store, now, signal, options);
    const { outcome, reasons } = judgement;
    findings.push({ role, name, outcome: toPlaceOutcome(outcome, reasons), reasons, attempts: collected.attempts });
    if (outcome === 'accepted') release ??= toRelease(digest, collected.verified);
  }
  return { digest, places: findings, release };
}

/** A note names what current operators cannot check. */
function isUsableByClusters({ isReadableByClusters, notes }: IdentifiedSignature): boolean {
  return isReadableByClusters && notes.length === 0;
}

function toPlaceOutcome(outcome: 'accepted' | 'rejected' | 'indeterminate', reasons: readonly Reason[]): PlaceOutcome {
  if (outcome === 'accepted') return 'held';
  if (outcome === 'indeterminate') return 'failed';
  return reasons.every(({ code }) => code === 'SignatureNotFound') ? 'absent' : 'refused';
}

/** Collects each signature once: one may satisfy several keyrings. */
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
