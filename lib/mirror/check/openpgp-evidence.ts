import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { collectRelease, requiresOpenpgp } from '../../verdict/decide/collect-release.ts';
import { type Evidence, UNASKED } from './evidence.ts';

/**
 * What the OpenPGP signatures of a store say of a release, by every keyring of the profile.
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
  const { judgement, collected } = await collectRelease(digest, trust, store, now, signal);
  const { outcome, reasons } = judgement;
  const { attempts, examined } = collected;
  if (outcome === 'accepted') return { state: 'valid', reasons, attempts };
  if (outcome === 'indeterminate') return { state: 'failed', reasons, attempts };
  return { state: examined.length === 0 ? 'absent' : 'invalid', reasons, attempts };
}
