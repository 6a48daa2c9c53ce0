import type { Digest } from '../../base/names/digest.ts';
import type { ReleaseFacts, ReleaseFault } from './explanation.ts';
import { findDigests } from './patterns/pattern.ts';
import type { Asked, PassageContext, ReleaseState } from './patterns/statement.ts';

/** The facts about a release, as far as the text was read. */
export interface GrowingRelease {
  readonly digest: Digest | undefined;
  image: string | undefined;
  version: string | undefined;
  hosted: string | undefined;
  readonly states: Set<ReleaseState>;
  readonly keyrings: Set<string>;
  readonly asked: Map<string, Asked>;
  readonly faults: Map<string, ReleaseFault>;
}

/** The releases so far, and what the current statement concerns. */
export interface ReleaseReading {
  readonly releases: GrowingRelease[];
  context: PassageContext;
  release: GrowingRelease | undefined;
  /** What the log of the operator is about, until it begins to apply another version. */
  sync: { readonly version: string; release: GrowingRelease | undefined } | undefined;
}

/**
 * The release of the line, of the object, or of the log. Without any it is a new one each time, except for a line that
 * says again what was said before.
 */
export function currentRelease(reading: ReleaseReading, said = ''): GrowingRelease {
  const { release, context, sync, releases } = reading;
  if (release !== undefined) return release;
  if (context.image !== undefined) return enterRelease(reading, findDigests(context.image)[0], context.image);
  const again = releases.find((one) => one.digest === undefined && one.image === undefined && one.faults.has(said));
  return sync?.release ?? again ?? enterRelease(reading, undefined);
}

/** Finds the release by digest, or by image if it has none; without either it is a new one each time. */
export function enterRelease(reading: ReleaseReading, digest: Digest | undefined, image?: string): GrowingRelease {
  const known = reading.releases.find((one) =>
    digest === undefined
      ? one.digest === undefined && image !== undefined && one.image === image
      : one.digest === digest,
  );
  const release = known ?? {
    digest,
    image,
    version: undefined,
    hosted: undefined,
    states: new Set(),
    keyrings: new Set(),
    asked: new Map(),
    faults: new Map(),
  };
  const { context, sync } = reading;
  if (known === undefined) reading.releases.push(release);
  if (context.image !== undefined && findDigests(context.image)[0] === digest && digest !== undefined) {
    release.image ??= context.image;
    release.version ??= context.version;
  }
  release.hosted ??= context.hosted;
  if (sync !== undefined) {
    release.version ??= sync.version;
    sync.release = release;
  }
  reading.release = release;
  return release;
}

export function toReleaseFacts({
  digest,
  image,
  version,
  hosted,
  states,
  keyrings,
  asked,
  faults,
}: GrowingRelease): ReleaseFacts {
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(image === undefined ? {} : { image }),
    ...(version === undefined ? {} : { version }),
    ...(hosted === undefined ? {} : { hosted }),
    states: [...states],
    keyrings: [...keyrings],
    asked: [...asked.values()],
    faults: [...faults.values()],
  };
}
