import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { isStale } from '../../trust/source/ready-trust.ts';
import {
  type HeldSignatures,
  type LeftOutSignature,
  type ReadRelease,
  readSignedRelease,
  toHeldPrefix,
} from './read-signed-release.ts';
import type { SignedRelease } from './signature-config-maps.ts';
import type { VersionLookup } from './version-lookup.ts';

export type { LeftOutSignature };

export interface SignedReleasesRequest extends HeldSignatures {
  /** These alone, unless undefined. */
  readonly digests?: readonly Digest[] | undefined;
  /** For what was signed without a version. */
  readonly versionOf?: VersionLookup | undefined;
}

/** A release that has a signature, but not of every keyring: the profile would not accept it. */
export interface UnsatisfiedRelease {
  readonly digest: Digest;
  /** Names of those that are missing. */
  readonly keyrings: readonly string[];
}

export interface SignedReleases {
  readonly releases: readonly SignedRelease[];
  readonly leftOut: readonly LeftOutSignature[];
  readonly unsatisfied: readonly UnsatisfiedRelease[];
}

const PREFIX = 'signatures/';
/** Names that readers ask for; another name beside them is none. */
const NAME = /^signature-([1-9])$/;
/** Digests that are read at once. */
const CONCURRENCY = 16;

/**
 * Reads and verifies what an object store holds: one listing, then each signature once. One that cannot be read ends
 * the whole, since to go on without it would take it from clusters.
 *
 * @throws ConfigurationError `TrustUnusable` when the profile has nothing to verify by; StoreError, also for stale
 *   trust; the abort reason of the signal
 */
export async function readSignedReleases(request: SignedReleasesRequest): Promise<SignedReleases> {
  const { trust, now, versionOf } = request;
  if (trust.prepared.verification === 'disabled' || trust.keyrings.length === 0) {
    const reason = `the profile ${trust.prepared.profile} has no keyring to verify by, and only what verifies is rendered`;
    throw new ConfigurationError('TrustUnusable', reason);
  }
  if (isStale(trust, now)) throw new StoreError('Unavailable', 'the trust was not refreshed within the last 24 hours');
  const read = await readAll(request, await listHeld(request));
  const signed = read.filter(({ release }) => release.signatures.length > 0);
  return {
    releases: signed.map(({ release }) => ({ ...release, version: release.version ?? versionOf?.(release.digest) })),
    leftOut: read.flatMap(({ leftOut }) => leftOut),
    unsatisfied: signed
      .filter(({ missing }) => missing.length > 0)
      .map(({ release, missing }) => ({ digest: release.digest, keyrings: missing })),
  };
}

/** The indexes that are taken, by digest; audits report other names. @throws StoreError */
async function listHeld({
  objects,
  digests,
  signal,
}: SignedReleasesRequest): Promise<ReadonlyMap<Digest, readonly number[]>> {
  const prefixes = digests === undefined ? [PREFIX] : [...new Set(digests)].map(toHeldPrefix);
  const held = new Map<Digest, number[]>();
  for (const prefix of prefixes) {
    for await (const { key } of objects.listObjects(prefix)) {
      signal.throwIfAborted();
      const [segment = '', name = '', ...more] = key.slice(PREFIX.length).split('/');
      const digest = segment.replace('=', ':');
      const index = NAME.exec(name)?.[1];
      if (index === undefined || more.length > 0 || !segment.includes('=') || !isDigest(digest)) continue;
      held.set(digest, [...(held.get(digest) ?? []), Number(index)]);
    }
  }
  return held;
}

/** The first failure also ends what is under way beside it. */
async function readAll(
  { signal, ...request }: SignedReleasesRequest,
  held: ReadonlyMap<Digest, readonly number[]>,
): Promise<readonly ReadRelease[]> {
  const controller = new AbortController();
  const common = { ...request, signal: AbortSignal.any([signal, controller.signal]) };
  try {
    return await runBounded([...held], CONCURRENCY, ([digest, indexes]) => readSignedRelease(common, digest, indexes));
  } finally {
    controller.abort();
  }
}
