import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { isStale } from '../../trust/source/trust-source.ts';
import {
  type HeldSignatures,
  type LeftOutSignature,
  type ReadRelease,
  readSignedRelease,
  toHeldPrefix,
} from './read-signed-release.ts';
import type { VersionLookup } from './release-version.ts';
import type { SignedRelease } from './signature-config-maps.ts';

export type { LeftOutSignature };

export interface SignedReleasesRequest extends HeldSignatures {
  /** Only these digests; all if undefined. */
  readonly digests?: readonly Digest[] | undefined;
  /** The version of a release whose signatures name none. */
  readonly versionOf?: VersionLookup | undefined;
}

/** A release without a signature of some keyring: the profile would reject it. */
export interface UnsatisfiedRelease {
  readonly digest: Digest;
  /** Names of the unsatisfied keyrings. */
  readonly keyrings: readonly string[];
}

export interface SignedReleases {
  readonly releases: readonly SignedRelease[];
  readonly leftOut: readonly LeftOutSignature[];
  readonly unsatisfied: readonly UnsatisfiedRelease[];
}

const PREFIX = 'signatures/';
/** Names of signatures that clusters read; any other is ignored. */
const NAME = /^signature-([1-9])$/;
/** Digests that are read at the same time. */
const CONCURRENCY = 16;

/**
 * Reads and verifies the signatures of an object store: one listing, then each signature once. A signature that cannot be
 * read fails the whole call: rendered without it, a ConfigMap would remove it from clusters.
 *
 * @throws ConfigurationError `TrustUnusable` for a profile without keyrings; StoreError, also for stale trust; the abort
 *   reason of the signal
 */
export async function readSignedReleases(request: SignedReleasesRequest): Promise<SignedReleases> {
  const { trust, now, versionOf } = request;
  if (trust.prepared.verification === 'disabled' || trust.keyrings.length === 0) {
    const reason = `the profile ${trust.prepared.profile} has no keyring: only verified signatures are rendered`;
    throw new ConfigurationError('TrustUnusable', reason);
  }
  if (isStale(trust, now))
    throw new StoreError('Unavailable', 'the trust is stale: it was not refreshed within the last 24 hours');
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

/** Lists the indexes of signatures by digest. Audits report other names. @throws StoreError */
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

/** Reads all releases. The first failure also cancels the other reads. */
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
