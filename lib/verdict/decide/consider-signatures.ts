import type { StoreEntry } from '../../stores/port/signature-store.ts';
import type { UntrustedSignature } from '../judge/evaluate-image-signature.ts';
import { considerSignature, isWaiting, type RequirementProgress } from '../judge/requirement-progress.ts';
import type { SignedImage } from '../judge/requirement-result.ts';
import type { Attempt } from '../judge/verdict.ts';

/** What the signatures of an image made of its requirements. */
export interface ConsideredSignatures {
  readonly progress: readonly RequirementProgress[];
  /** What was absent or failed beside the signatures themselves. */
  readonly attempts: readonly Attempt[];
  /** True when a place that failed could have held a signature. */
  readonly storeFailed: boolean;
  /** Every signature that was read, good or not. */
  readonly examined: readonly UntrustedSignature[];
}

/**
 * Reads signatures until every requirement that asks for one is met, or to the end. Nothing is read where none asks.
 *
 * @param read called once at most; throws as a SignatureStore does
 */
export async function considerSignatures(
  started: readonly RequirementProgress[],
  image: SignedImage,
  read: () => AsyncIterable<StoreEntry>,
  now: Date,
): Promise<ConsideredSignatures> {
  const seconds = Math.floor(now.getTime() / 1000);
  const attempts: Attempt[] = [];
  const examined: UntrustedSignature[] = [];
  let storeFailed = false;
  let progress = started;
  if (!progress.some(isWaiting)) return { progress, attempts, storeFailed, examined };
  for await (const entry of read()) {
    if (entry.kind === 'signature') {
      const { store, location, untrustedBytes } = entry;
      examined.push({ store, location, untrustedBytes });
      progress = progress.map((each) => considerSignature(each, entry, image, seconds));
      if (!progress.some(isWaiting)) break;
    } else {
      storeFailed ||= entry.kind === 'failed';
      attempts.push(toAttempt(entry));
    }
  }
  return { progress, attempts, storeFailed, examined };
}

function toAttempt(entry: Exclude<StoreEntry, { kind: 'signature' }>): Attempt {
  const { store, location } = entry;
  if (entry.kind === 'absent') {
    return { store, location, code: 'SignatureNotFound', message: 'no more signatures here' };
  }
  const { message } = entry.error;
  const prefix = `${location}: `;
  const said = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return { store, location, code: 'StoreUnavailable', message: said };
}
