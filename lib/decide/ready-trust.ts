import { type IndexedKeyring, indexKeyring } from '../openpgp/indexed-keyring.ts';
import type { PreparedTrust } from '../trust/prepared-trust.ts';

/** A profile's trust as decisions use it: made once per load, shared by all decisions. */
export interface ReadyTrust {
  readonly prepared: PreparedTrust;
  readonly keyrings: readonly IndexedKeyring[];
  /** When it was last known to be the current revision. */
  readonly refreshedAt: Date;
}

/** Milliseconds after which trust that was not refreshed decides nothing any more. */
export const MAX_TRUST_AGE_MS = 24 * 60 * 60 * 1000;

export function toReadyTrust(prepared: PreparedTrust, refreshedAt: Date): ReadyTrust {
  return { prepared, keyrings: prepared.keyrings.map(indexKeyring), refreshedAt };
}

/** Whether the trust was last refreshed too long ago to decide anything. */
export function isStale({ refreshedAt }: Pick<ReadyTrust, 'refreshedAt'>, now: Date): boolean {
  return now.getTime() - refreshedAt.getTime() > MAX_TRUST_AGE_MS;
}
