import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import type { ListedChecksum } from '../checksums/parse-checksum-list.ts';
import type { VerifiedList } from '../checksums/verify-list-file.ts';
import type { BootImage } from './parse-stream.ts';

/** One file to boot from, beside what signed lists say. */
export interface BootImageCheck extends BootImage {
  /** `differs`: a list has another hash under its very name. */
  readonly outcome: 'listed' | 'differs' | 'not listed';
  /** The list and its line: the hash is there, or under the name another one. */
  readonly listed?: { readonly file: string; readonly line: number; readonly name: string; readonly hash: string };
}

/**
 * Looks up each file in the lists, by its hash: a mirror gives files names of its own, and the hash says all about the
 * content. Lists that are not signed count for nothing.
 */
export function compareBootImages(
  images: readonly BootImage[],
  lists: readonly VerifiedList[],
): readonly BootImageCheck[] {
  const entries = lists.flatMap(({ file, listed = [] }) => listed.map((one) => ({ file, ...one })));
  const byHash = new Map(entries.filter(({ algorithm }) => algorithm === 'sha256').map((one) => [one.hash, one]));
  const byName = new Map(entries.map((one) => [one.name.split('/').at(-1) ?? one.name, one]));
  return images.map((image): BootImageCheck => {
    const same = byHash.get(image.sha256);
    if (same !== undefined) return { ...image, outcome: 'listed', listed: toListed(same) };
    const named = byName.get(image.fileName);
    return named === undefined
      ? { ...image, outcome: 'not listed' }
      : { ...image, outcome: 'differs', listed: toListed(named) };
  });
}

function toListed({
  file,
  line,
  name,
  hash,
}: ListedChecksum & { readonly file: string }): NonNullable<BootImageCheck['listed']> {
  return { file, line, name, hash };
}

/** Accepted if there was something to compare, every list is signed, and each file is in one. */
export function judgeBootImages(checks: readonly BootImageCheck[], lists: readonly VerifiedList[]): Outcome {
  const judged = (isGood: boolean): Outcome => (isGood ? 'accepted' : 'rejected');
  return allOf([
    judged(checks.length > 0 && lists.length > 0),
    ...lists.map(({ listed }) => judged(listed !== undefined)),
    ...checks.map(({ outcome }) => judged(outcome === 'listed')),
  ]);
}
