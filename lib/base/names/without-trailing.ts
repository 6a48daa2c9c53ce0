/**
 * A text without the characters of a set at its end. A loop, because an expression that is anchored at the end alone is
 * tried at each place of the text, and takes the square of a long run.
 */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
