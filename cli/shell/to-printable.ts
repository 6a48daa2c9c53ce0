/** Controls (C0, DEL, C1), what turns the direction of writing, and what Unicode takes for the end of a line. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Shows as `\uXXXX` what a terminal would obey or hide: user IDs and sentences of stores are others' text, and must
 * not draw lines of their own.
 */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same, and lines stay lines: for messages that may have several. */
export function toPrintableLines(text: string): string {
  return text.split('\n').map(toPrintable).join('\n');
}
