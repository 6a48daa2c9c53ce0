import type { Digest } from '../../base/names/digest.ts';
import { unquoteText, withoutColours } from './clean-text.ts';
import type { Explanation } from './explanation.ts';
import { findDigests } from './patterns/pattern.ts';
import type { Statement } from './patterns/statement.ts';
import { type Passages, readPassages, readPlainText } from './read-passages.ts';
import { isFact, type ScannedText, scanText } from './scan-text.ts';
import { type ReadPassage, toFacts } from './to-facts.ts';
import { joinCutLines } from './wrapped-text.ts';

/** Bytes of a text to explain: a Kubernetes object is smaller. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/**
 * Reads what a condition, event or log line says about the verification of a release or image: the digest, the keyrings,
 * the places that were searched and their answers. Nothing is inferred that the text does not say.
 *
 * @param untrustedText plain text, or YAML or JSON of Kubernetes objects, whose messages are read
 */
export function explainText(untrustedText: string): Explanation {
  const text = unquoteText(withoutColours(untrustedText));
  const read = [text, ...listCut(text)].flatMap(listReadings).map(scanPassages);
  return toExplanation(read.reduce((best, one) => (one.facts > best.facts ? one : best)));
}

/** Objects, tables and JSON are read by their lines, which a terminal may have cut. */
function listCut(text: string): readonly string[] {
  const { text: joined, isCertain } = joinCutLines(text);
  return isCertain ? [joined] : [];
}

interface Scanned {
  readonly kind: Passages['kind'];
  readonly scanned: readonly (ReadPassage & Pick<ScannedText, 'notUnderstood'>)[];
  readonly facts: number;
}

/** Around what `oc describe` wrote may stand lines of a log. */
function listReadings(text: string): readonly Passages[] {
  const passages = readPassages(text);
  return passages.kind === 'described' ? [passages, readPlainText(text)] : [passages];
}

function scanPassages({ kind, passages }: Passages): Scanned {
  const scanned = passages.map(({ text, context, otherwise, said }) => {
    const { statements, notUnderstood } = scanText(text);
    const all = [...(said ?? []), ...(says(statements) ? statements : otherwise)];
    return { statements: all, notUnderstood, context };
  });
  return { kind, scanned, facts: countDistinct(scanned.flatMap(({ statements }) => statements)) };
}

/** What an object says in two places is said once. */
function countDistinct(statements: readonly Statement[]): number {
  return new Set(statements.filter(isFact).map((one) => JSON.stringify(one))).size;
}

function toExplanation({ kind, scanned }: Scanned): Explanation {
  const read = kind === 'text' ? scanned : scanned.filter(({ statements }) => statements.length > 0);
  // Each message is read alone: the next one in the file may concern another release.
  const facts = toFacts(read);
  const names = new Set([...facts.releases, ...facts.pulls].flatMap(({ image, digest }) => [image, digest]));
  const notUnderstood = [...new Set(read.flatMap((one) => one.notUnderstood))].filter((piece) => !names.has(piece));
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
