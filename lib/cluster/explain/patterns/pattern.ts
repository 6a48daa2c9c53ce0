import { type Digest, isDigest } from '../../../base/names/digest.ts';
import type { Statement } from './statement.ts';

/** A regular expression that is tried at the start of each word, and the statement that it stands for. */
export interface Pattern {
  /** Sticky, so that it matches at one place only; without nested repetition, so that it takes linear time. */
  readonly words: RegExp;
  /**
   * Undefined when the words do not count after all, for example because a digest is invalid.
   *
   * @param line what stands before the words in their line
   */
  readonly read: (match: RegExpExecArray, line: string) => Statement | undefined;
  /** Who writes it. */
  readonly program: string;
  /** Versions of it, as in `4.1 to 4.6`; of OpenShift unless the program has its own. */
  readonly versions: string;
  /** The file of its sources. */
  readonly source: string;
}

/** Who writes a message, in which versions, and where its sources have it. */
export type Origin = Pick<Pattern, 'program' | 'versions' | 'source'>;

/** Words, and what they say; words alone are known and say nothing. */
export type Row = string | readonly [words: string, read: Pattern['read']];

/** A string as Go's `%q` writes it. Bounded: an unclosed quote would be scanned again from every word. */
export const QUOTED = String.raw`"((?:[^"\\\n]|\\.){0,2048})"`;
/** To the end of the line. */
export const REST = String.raw`([^\n]*)`;
/** Up to the next reason of several, or the end of the line. */
export const REASON = String.raw`[^;\n]*`;
export const IMAGE = String.raw`(?:docker://)?([^\s",;]{1,2048})`;

/** A name of an image as it was before a line broke in it: no name holds a space, and none ends with a colon. */
export function toName(text: string): string {
  return text.replaceAll(/\s/g, '').replace(/[:'"]$/, '');
}

const KNOWN: Pattern['read'] = () => ({ kind: 'known' });

/** The patterns of one source. The first letter may be of either case: it changed from version to version. */
export function from(origin: Origin, rows: readonly Row[]): readonly Pattern[] {
  return rows.map((row) => {
    const [words, read] = typeof row === 'string' ? [row, KNOWN] : row;
    return { words: new RegExp(withEitherCase(words), 'y'), read, ...origin };
  });
}

function withEitherCase(words: string): string {
  const [first = '', second = ''] = words;
  if (!/[A-Za-z]/.test(first) || /[?*+{|]/.test(second)) return words;
  return `[${first.toUpperCase()}${first.toLowerCase()}]${words.slice(1)}`;
}

/** A digest as pullspecs, signature stores and ConfigMap keys write it. */
const SPELLED = /(?<![A-Za-z0-9])(sha(?:256|384|512))[:=-]([0-9a-f]+)(?![A-Za-z0-9])/g;

/** The digests in a text, each once. A truncated or malformed one is ignored. */
export function findDigests(text: string): readonly Digest[] {
  const found = [...text.matchAll(SPELLED)].map(([, algorithm = '', hex = '']) => `${algorithm}:${hex}`);
  return [...new Set(found.filter(isDigest))];
}
