import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import type { LeftOutSignature } from '../../cluster/render/list-held.ts';
import { readSignedReleases } from '../../cluster/render/read-signed-releases.ts';
import type { SignedRelease } from '../../cluster/render/signature-config-maps.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';

export interface CollectedReleases {
  /** Sorted by digest; signatures in the order in which a bundle numbers them. */
  readonly releases: readonly SignedRelease[];
  /** What the object store holds and no profile verifies. */
  readonly leftOut: readonly LeftOutSignature[];
}

/**
 * Reads what a mirror holds, and keeps what verifies by any of the profiles. Signatures are held in memory, about 1 KB
 * each: the ConfigMaps are made of all of them.
 *
 * @throws ConfigurationError, StoreError; the abort reason of the signal
 */
export async function collectReleases(
  objects: ObjectStore,
  trusts: readonly ReadyTrust[],
  now: Date,
  signal: AbortSignal,
): Promise<CollectedReleases> {
  const merged = new Map<Digest, SignedRelease>();
  let leftOut: readonly LeftOutSignature[] | undefined;
  for (const trust of trusts) {
    const signed = await readSignedReleases({ objects, trust, now, signal, leaveOutIrregular: true });
    for (const release of signed.releases) merged.set(release.digest, merge(merged.get(release.digest), release));
    leftOut = leftOut === undefined ? signed.leftOut : intersect(leftOut, signed.leftOut);
  }
  const releases = [...merged.values()].toSorted((left, right) =>
    toKeySegment(left.digest) < toKeySegment(right.digest) ? -1 : 1,
  );
  return { releases, leftOut: leftOut ?? [] };
}

function merge(first: SignedRelease | undefined, second: SignedRelease): SignedRelease {
  if (first === undefined) return second;
  const more = second.signatures.filter((bytes) => !first.signatures.some((held) => Buffer.compare(held, bytes) === 0));
  return {
    digest: first.digest,
    version: first.version ?? second.version,
    signatures: [...first.signatures, ...more],
  };
}

/** What neither verifies, with the attempts of both. */
function intersect(left: readonly LeftOutSignature[], right: readonly LeftOutSignature[]): LeftOutSignature[] {
  const said = new Map(right.map(({ location, attempts }) => [location, attempts]));
  return left.flatMap((one) => {
    const others = said.get(one.location);
    return others === undefined ? [] : [{ ...one, attempts: [...one.attempts, ...others] }];
  });
}
