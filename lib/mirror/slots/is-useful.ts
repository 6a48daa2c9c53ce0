import type { IdentifiedSignature } from '../../verdict/judge/verify-signature.ts';

/**
 * Whether a cluster that reads the mirror can use a signature. A store may serve the same signature in a framing that
 * Signet reads and clusters do not: it must not stand in for a copy that they can read.
 */
export function isUseful({ isReadableByClusters }: IdentifiedSignature): boolean {
  return isReadableByClusters;
}
