import { StoreError } from '../../base/errors/store-error.ts';
import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { TrustSource } from '../../trust/source/trust-source.ts';

/** The trust of every profile, as far as it can be read and is fresh. */
export interface ReadTrusts {
  readonly trusts: readonly ReadyTrust[];
  readonly unreadable: readonly { readonly profile: string; readonly error: unknown }[];
}

/** It never throws: a profile whose trust is broken stops no other. */
export async function readTrusts(source: TrustSource, now: Date): Promise<ReadTrusts> {
  const { profiles } = source;
  const settled = await Promise.allSettled(profiles.map((profile) => source.read(profile)));
  const trusts: ReadyTrust[] = [];
  const unreadable: { profile: string; error: unknown }[] = [];
  for (const [index, profile] of profiles.entries()) {
    const one = settled[index];
    if (one?.status === 'fulfilled' && !isStale(one.value, now)) trusts.push(one.value);
    else unreadable.push({ profile, error: one?.status === 'rejected' ? one.reason : toStaleError(profile) });
  }
  return { trusts, unreadable };
}

function toStaleError(profile: string): StoreError {
  return new StoreError('Unavailable', `the trust of profile ${profile} was not refreshed within the last 24 hours`);
}
