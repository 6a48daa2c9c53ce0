import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';

/** What the mirror queue carries: a digest to mirror by a profile's trust. */
export interface MirrorMessage {
  readonly schema: 1;
  readonly profile: string;
  readonly digest: Digest;
  /** Given for what the repository's lookaside holds; a release's signatures otherwise. */
  readonly repository?: Repository | undefined;
}

export function toMirrorBody(profile: string, digest: Digest, repository?: Repository): string {
  return JSON.stringify({ schema: 1, profile, digest, repository } satisfies MirrorMessage);
}
