import type { Digest } from '../../base/names/digest.ts';

/** A signature that was found outside of any trust: what it is said to be for, and where it lay. */
export interface Candidate {
  /** As the path or key says; the signature must say the same. */
  readonly digest: Digest;
  /** Path inside of the bundle or directory, with the key for one in a ConfigMap. */
  readonly location: string;
  readonly untrustedBytes: Uint8Array;
}
