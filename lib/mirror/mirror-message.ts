import type { Digest } from '../pullspec/digest.ts';

/** What the mirror queue carries: a digest to mirror by a profile's trust. */
export interface MirrorMessage {
  readonly schema: 1;
  readonly profile: string;
  readonly digest: Digest;
}

export function toMirrorBody(profile: string, digest: Digest): string {
  return JSON.stringify({ schema: 1, profile, digest } satisfies MirrorMessage);
}
