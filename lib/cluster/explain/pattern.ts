import type { Statement } from './statement.ts';

/** Words that are looked for where a word starts, and what they say. */
export interface Pattern {
  /** Sticky, so that it is tried at one place alone; without nested repetition, so that it takes linear time. */
  readonly words: RegExp;
  /** Undefined when it is not said after all, as with a digest that is none. */
  readonly read: (match: RegExpExecArray) => Statement | undefined;
}

/** A string as Go's `%q` writes it; bounded, as a quote that never ends is looked for again and again. */
export const QUOTED = String.raw`"((?:[^"\\\n]|\\.){0,2048})"`;

/** A pattern of these words, which are a regular expression. */
export function pattern(words: string, read: Pattern['read'] = () => ({ kind: 'known' })): Pattern {
  return { words: new RegExp(words, 'y'), read };
}
