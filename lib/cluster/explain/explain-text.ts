import type { Digest } from '../../base/names/digest.ts';
import type { Explanation, Statement } from './explanation.ts';
import { findDigests } from './pattern.ts';
import { readPassages } from './read-passages.ts';
import { scanText } from './scan-text.ts';
import { toFacts } from './to-facts.ts';

/** Bytes of a text to explain: a Kubernetes object is smaller. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/**
 * Reads what a condition, event or log line says about the verification of a release or image: the digest, the keyrings,
 * the places that were searched and their answers. Nothing is inferred that the text does not say.
 *
 * @param untrustedText plain text, or YAML or JSON of Kubernetes objects, whose messages are read
 */
export function explainText(untrustedText: string): Explanation {
  const { kind, passages } = readPassages(untrustedText);
  const scanned = passages.map(({ text, context, otherwise }) => {
    const { statements, notUnderstood } = scanText(text);
    return { statements: says(statements) ? statements : otherwise, notUnderstood, context };
  });
  const read = kind === 'text' ? scanned : scanned.filter(({ statements }) => statements.length > 0);
  // Each message is read alone: the next one in the file may concern another release.
  const facts = toFacts(read);
  const notUnderstood = [...new Set(read.flatMap((one) => one.notUnderstood))];
  return {
    ...facts,
    mentioned: listMentioned(notUnderstood, facts),
    notUnderstood,
    otherMessages: scanned.length - read.length,
  };
}

function says(statements: readonly Statement[]): boolean {
  return statements.some(({ kind }) => kind !== 'line');
}

function listMentioned(
  texts: readonly string[],
  { releases, pulls }: Pick<Explanation, 'releases' | 'pulls'>,
): readonly Digest[] {
  const known = new Set([...releases, ...pulls].map(({ digest }) => digest));
  return [...new Set(texts.flatMap(findDigests))].filter((digest) => !known.has(digest));
}
