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
 * Looks up each file in the lists: by its name where one has that, else by its hash, since a mirror gives files names of its
 * own. Lists that are not signed count for nothing.
 */
export function compareBootImages(
  images: readonly BootImage[],
  lists: readonly VerifiedList[],
): readonly BootImageCheck[] {
  const entries = lists
    .flatMap(({ file, listed = [] }) => listed.map((one) => ({ file, ...one })))
    .filter(({ algorithm }) => algorithm === 'sha256');
  const byHash = new Map(entries.map((one) => [one.hash, one]));
  const byName = Map.groupBy(entries, ({ name }) => name.split('/').at(-1) ?? name);
  return images.map((image): BootImageCheck => {
    const named = byName.get(image.fileName) ?? [];
    const same = named.find(({ hash }) => hash === image.sha256) ?? byHash.get(image.sha256);
    const [other] = named;
    // The content of another listed file is not what was signed under this name.
    const isOwn = same !== undefined && (other === undefined || named.includes(same));
    if (isOwn) return { ...image, outcome: 'listed', listed: toListed(same) };
    return other === undefined
      ? { ...image, outcome: 'not listed' }
      : { ...image, outcome: 'differs', listed: toListed(other) };
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
