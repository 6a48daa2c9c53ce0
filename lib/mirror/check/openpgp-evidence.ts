import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { collectSignatures } from '../../verdict/decide/collect-signatures.ts';
import { judgeSignatures } from '../../verdict/judge/judge-signatures.ts';
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
  const { require, verification } = trust.prepared;
  const isAsked = require === 'openpgp' || (require === 'configured' && trust.keyrings.length > 0);
  if (!isAsked || verification === 'disabled') return UNASKED;
  const { evidence, examined } = await collectSignatures(digest, trust, store, now, signal);
  const { outcome, reasons } = judgeSignatures(evidence);
  const { attempts } = evidence;
  if (outcome === 'accepted') return { state: 'valid', reasons, attempts };
  if (outcome === 'indeterminate') return { state: 'failed', reasons, attempts };
  return { state: examined.length === 0 ? 'absent' : 'invalid', reasons, attempts };
}
