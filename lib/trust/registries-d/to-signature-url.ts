import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import { appendToPath } from './append-to-path.ts';

/**
 * `<base>@<algo>=<hex>/signature-<index>`, before a query of the base.
 *
 * @param base a `Lookaside`'s, which ends with the repository
 * @param index from 1
 */
export function toSignatureUrl(base: string, digest: Digest, index: number): string {
  return appendToPath(base, `@${toStoreSegment(digest)}/signature-${index}`);
}
