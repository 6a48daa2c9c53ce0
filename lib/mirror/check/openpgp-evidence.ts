import type { Digest } from '../../base/names/digest.ts';
import { LATER_BLOCK } from '../../crypto/openpgp/messages/verify-message.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type CollectedRelease, collectRelease, requiresOpenpgp } from '../../verdict/decide/collect-evidence.ts';
import type { Proof } from '../../verdict/judge/requirement.ts';
import { type Evidence, UNASKED } from './evidence.ts';

/**
 * Checks the OpenPGP signatures of a release in a store by every keyring of the profile.
 *
 * @throws the abort reason of the signal
 */
export async function readOpenpgpEvidence(
  digest: Digest,
  trust: ReadyTrust,
  store: SignatureStore,
  now: Date,
  signal: AbortSignal,
): Promise<Evidence> {
  if (!requiresOpenpgp(trust) || trust.prepared.verification === 'disabled') return UNASKED;
  const isEnough = (proof: Proof): boolean => explainUnread(proof) === undefined;
  const { judgement, collected } = await collectRelease(digest, trust, store, now, signal, { isEnough });
  const { outcome, reasons } = judgement;
  const { attempts, examined } = collected;
  if (outcome === 'accepted') {
    const notes = noteUnread(collected);
    const [message] = notes;
    if (message === undefined) return { state: 'valid', reasons, attempts };
    return { state: 'unreadable', reasons: [{ code: 'SignatureUnsupported', message }], attempts, notes };
  }
  if (outcome === 'indeterminate') return { state: 'failed', reasons, attempts };
  return { state: examined.length === 0 ? 'absent' : 'invalid', reasons, attempts };
}

/** A keyring that is satisfied by signatures alone that operators cannot read is not satisfied for any cluster. */
function noteUnread({ verified }: CollectedRelease['collected']): readonly string[] {
  const byKeyring = Map.groupBy(verified, ({ keyring }) => keyring);
  return [...byKeyring].flatMap(([name, proofs]) => {
    const reasons = proofs.map(({ proof }) => explainUnread(proof));
    const [first] = reasons;
    if (first === undefined || reasons.includes(undefined)) return [];
    return [`clusters cannot read the signatures for ${name}: ${first}`];
  });
}

/** Why operators cannot read a signature. That its key is in a later armor block is about this keyring's file alone. */
function explainUnread({ signature }: Proof): string | undefined {
  if (signature === undefined) return 'it is not known';
  if (!signature.isOfClusterVersion) return 'they are of OpenPGP version 6';
  return signature.notes.find((note) => note !== LATER_BLOCK);
}
