import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust, TrustSource } from '../../trust/source/trust-source.ts';

/** The trust of every profile, as far as it can be read and is fresh. */
interface ReadTrusts {
  readonly trusts: readonly ReadyTrust[];
  readonly unreadable: readonly { readonly profile: string; readonly error: unknown }[];
  /** Profiles for which nothing was ever published: no trust of theirs is stale, and nothing was accepted by it. */
  readonly unpublished: readonly string[];
}

/** It never throws: a profile whose trust is broken stops no other. */
export async function readTrusts(
  source: TrustSource,
  objects: Pick<ObjectStore, 'listObjects'>,
  now: Date,
): Promise<ReadTrusts> {
  const { profiles } = source;
  const settled = await Promise.allSettled(profiles.map((profile) => source.read(profile)));
  const trusts: ReadyTrust[] = [];
  const unpublished: string[] = [];
  const unreadable: { profile: string; error: unknown }[] = [];
  for (const [index, profile] of profiles.entries()) {
    const one = settled[index];
    if (one?.status === 'fulfilled' && !isStale(one.value, now)) trusts.push(one.value);
    else if (one?.status === 'rejected' && (await isUnpublished(one.reason, profile, objects)))
      unpublished.push(profile);
    else unreadable.push({ profile, error: one?.status === 'rejected' ? one.reason : toStaleError(profile) });
  }
  return { trusts, unreadable, unpublished };
}

/** Trust that is there no more is missing too: then something of it is left. */
async function isUnpublished(
  error: unknown,
  profile: string,
  objects: Pick<ObjectStore, 'listObjects'>,
): Promise<boolean> {
  if (!(error instanceof ConfigurationError) || error.code !== 'TrustMissing') return false;
  try {
    for await (const _ of objects.listObjects(`trust/${profile}/`)) return false;
    return true;
  } catch (failure) {
    if (failure instanceof StoreError) return false;
    throw failure;
  }
}

function toStaleError(profile: string): StoreError {
  return new StoreError('Unavailable', `the trust of profile ${profile} was not refreshed within the last 24 hours`);
}

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
