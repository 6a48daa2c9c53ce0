import type { Digest } from '../../base/names/digest.ts';
import type { Explanation } from './explanation.ts';
import { findDigests } from './find-digests.ts';
import { readPassages } from './read-passages.ts';
import { type ScannedText, scanText } from './scan-text.ts';
import type { Statement } from './statement.ts';
import { toFacts } from './to-facts.ts';

/** Bytes of a text to explain: an object of Kubernetes is smaller. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/**
 * What a condition, event or log line says about the trust in a release or image: its digest, the keyrings, the places
 * that were asked and their answers. Nothing that the text does not say is in it.
 *
 * @param untrustedText a text, or YAML or JSON of objects whose messages are read
 */
export function explainText(untrustedText: string): Explanation {
  const { kind, texts } = readPassages(untrustedText);
  const scanned = texts.map(scanText);
  const isRead = ({ statements }: ScannedText): boolean => kind === 'text' || statements.length > 0;
  const read = scanned.filter(isRead);
  // Each message stands for itself: what follows it in the file is not said of the same release.
  const facts = toFacts(read.map(({ statements }): readonly Statement[] => statements));
  const notUnderstood = [...new Set(read.flatMap((one) => one.notUnderstood))];
  return {
    ...facts,
    mentioned: listMentioned(notUnderstood, facts),
    notUnderstood,
    otherMessages: scanned.length - read.length,
  };
}

function listMentioned(
  texts: readonly string[],
  { releases, pulls }: Pick<Explanation, 'releases' | 'pulls'>,
): readonly Digest[] {
  const known = new Set([...releases, ...pulls].map(({ digest }) => digest));
  return [...new Set(texts.flatMap(findDigests))].filter((digest) => !known.has(digest));
}
