import { formatUnixDay } from '../../base/documents/unix-time.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';

/** A keyring is told of so long before it loses its last key that may sign: publishers and sites take months. */
const EXPIRY_NOTICE_DAYS = 365;
const DAY_SECONDS = 24 * 60 * 60;

interface ExpiringTrust {
  readonly keyrings: readonly PreparedKeyring[];
  readonly policyKeyrings: readonly PreparedKeyring[];
}

/**
 * A warning for each keyring whose last key that may sign expires within a year, or has. A key that expires beside one
 * that lasts is no reason to worry.
 */
export function listExpiryWarnings({ keyrings, policyKeyrings }: ExpiringTrust, now: Date): readonly string[] {
  const seconds = now.getTime() / 1000;
  return [...keyrings, ...policyKeyrings].flatMap((keyring) => {
    const last = findLast(keyring);
    if (last === undefined) return [];
    const days = Math.floor((last.expiresAt - seconds) / DAY_SECONDS);
    if (days > EXPIRY_NOTICE_DAYS) return [];
    const when = `${last.fingerprint} on ${formatUnixDay(last.expiresAt)}`;
    const ends =
      days < 0
        ? `its last key that may sign has expired, ${when}: what is signed since is KeyExpired`
        : `its last key that may sign expires in ${days} days, ${when}`;
    return [`${keyring.name}: ${ends}; ask the publisher for the next key, and add it before`];
  });
}

/** The key that may sign longest; undefined where one never expires, or where none may sign. */
function findLast({
  certificates,
}: PreparedKeyring): { readonly fingerprint: string; readonly expiresAt: number } | undefined {
  const usable = certificates
    .flatMap(({ keys }) => keys)
    .filter(({ revoked, notForSigning }) => revoked === undefined && notForSigning === undefined);
  const ending = usable.flatMap(({ fingerprint, expiresAt }) =>
    expiresAt === undefined ? [] : [{ fingerprint, expiresAt }],
  );
  if (ending.length < usable.length) return undefined;
  return ending.toSorted((left, right) => right.expiresAt - left.expiresAt)[0];
}
