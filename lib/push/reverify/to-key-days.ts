import type { ReadyTrust } from '../../trust/source/ready-trust.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Days until a keyring loses its last key that may sign, the soonest of all; below zero when one has. A key that expires
 * beside one that does not is no reason to worry. Undefined when none ever will.
 */
export function toKeyDays(trusts: readonly Pick<ReadyTrust, 'prepared'>[], now: Date): number | undefined {
  const ends = trusts.flatMap(({ prepared }) =>
    prepared.keyrings.map(({ certificates }) => {
      const usable = certificates
        .flatMap(({ keys }) => keys)
        .filter(({ revoked, notForSigning }) => revoked === undefined && notForSigning === undefined);
      return Math.max(...usable.map(({ expiresAt }) => (expiresAt === undefined ? Infinity : expiresAt * 1000)));
    }),
  );
  const soonest = Math.min(...ends);
  if (soonest === Infinity) return undefined;
  // A keyring that no key can satisfy any more.
  return soonest === -Infinity ? -1 : Math.floor((soonest - now.getTime()) / DAY_MS);
}
