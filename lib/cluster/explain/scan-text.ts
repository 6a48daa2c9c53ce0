import { unescapeText } from './clean-text.ts';
import { findDigests, type Pattern } from './patterns/pattern.ts';
import { PATTERNS, TIME } from './patterns/patterns.ts';
import type { Statement } from './patterns/statement.ts';
import { readAnswer } from './patterns/store-answers.ts';
import { listJoinedTexts } from './wrapped-text.ts';

/** The statements of a text in order, and the pieces that no pattern matches. */
export interface ScannedText {
  readonly statements: readonly Statement[];
  readonly notUnderstood: readonly string[];
}

const TIMED = new RegExp(`(${TIME}): `, 'y');
const NEXT = new RegExp(`, (?=${TIME}: )`, 'y');

const WORD = /[A-Za-z0-9]/;
/** Punctuation between statements; a full stop at the end belongs to what it ends. */
const MARKS = /^[\s,;:.|\\/'"()[\]{}-]$/;

/**
 * Matches patterns from the start of a text to its end. What matches no pattern is returned uninterpreted.
 *
 * A text that a terminal or a mail wrapped is read as it was before, where that says more.
 */
export function scanText(untrustedText: string): ScannedText {
  const text = unescapeText(untrustedText);
  let best = scan(text);
  for (const joined of listJoinedTexts(text)) {
    const other = scan(joined.text);
    if (saysMore(other, best, joined.isCertain)) best = other;
  }
  return best;
}

/** More facts; of as many, more about something named; of as many, fewer words that nothing matches. */
function saysMore(other: ScannedText, than: ScannedText, isCertain: boolean): boolean {
  const facts = countFacts(other.statements) - countFacts(than.statements);
  if (facts !== 0) return facts > 0;
  if (countDigests(other.statements) < countDigests(than.statements)) return false;
  const named = isCertain ? countNamed(other.statements) - countNamed(than.statements) : 0;
  return named === 0 ? countLeft(other) < countLeft(than) : named > 0;
}

function countLeft({ notUnderstood }: ScannedText): number {
  return notUnderstood.reduce((sum, { length }) => sum + length, 0);
}

/** A name alone is no fact. */
const NO_FACTS: readonly Statement['kind'][] = ['line', 'image', 'pull', 'engine', 'sync', 'verdict-attempt'];

function countFacts(statements: readonly Statement[]): number {
  return statements.filter(isFact).length;
}

/** False for a name, and for a line that was cut off, which one that was wrapped looks like. */
export function isFact(statement: Statement): boolean {
  return !NO_FACTS.includes(statement.kind) && !isCutOff(statement);
}

/** Facts on a line that names what they are about. */
function countNamed(statements: readonly Statement[]): number {
  let isNamed = false;
  let count = 0;
  for (const statement of statements) {
    if (statement.kind === 'line') isNamed = false;
    else if (hasName(statement)) isNamed = true;
    if (isNamed && isFact(statement)) count += 1;
  }
  return count;
}

/** Names with a whole digest: what is joined wrongly breaks one. */
function countDigests(statements: readonly Statement[]): number {
  return statements.filter((statement) => {
    const { image = '', digest = '' } = statement as { readonly image?: string; readonly digest?: string };
    return findDigests(`${digest} ${image}`).length > 0;
  }).length;
}

function hasName(statement: Statement): boolean {
  const { image, digest } = statement as { readonly image?: string; readonly digest?: string };
  return digest !== undefined || (image !== undefined && image !== '');
}

function isCutOff(statement: Statement): boolean {
  return statement.kind === 'release' && statement.state === 'not-retrieved';
}

function scan(text: string): ScannedText {
  const statements: Statement[] = [];
  const unknown: string[] = [];
  let unknownFrom = 0;
  let at = 0;
  while (at < text.length) {
    const found = startsWord(text, at) ? (readTimed(text, at) ?? readPattern(text, at)) : undefined;
    if (found === undefined) {
      at += 1;
      continue;
    }
    const between = text.slice(unknownFrom, at);
    unknown.push(between, ...found.unknown);
    // A list of errors may follow on the line after its sentence.
    if (between.includes('\n') && !found.isTimed) statements.push({ kind: 'line' });
    statements.push(...found.statements);
    at = found.end;
    unknownFrom = at;
  }
  unknown.push(text.slice(unknownFrom));
  const lines = unknown.flatMap((piece) => piece.split('\n'));
  const notUnderstood = lines.map(withoutMarks).filter((piece) => WORD.test(piece));
  return { statements: statements.filter(({ kind }) => kind !== 'known'), notUnderstood };
}

function withoutMarks(piece: string): string {
  let start = 0;
  let end = piece.length;
  while (start < end && MARKS.test(piece.charAt(start))) start += 1;
  while (end > start && piece.charAt(end - 1) !== '.' && MARKS.test(piece.charAt(end - 1))) end -= 1;
  return piece.slice(start, end);
}

interface Found {
  readonly statements: readonly Statement[];
  readonly unknown: readonly string[];
  readonly end: number;
  readonly isTimed: boolean;
}

function startsWord(text: string, at: number): boolean {
  return WORD.test(text.charAt(at)) && (at === 0 || !WORD.test(text.charAt(at - 1)));
}

/** Reads `<time>: <answer>`, one error of a list by library-go. */
function readTimed(text: string, start: number): Found | undefined {
  TIMED.lastIndex = start;
  const [head, at] = TIMED.exec(text) ?? [];
  if (head === undefined || at === undefined) return undefined;
  const end = findEnd(text, start + head.length);
  const said = text.slice(start + head.length, end).trimEnd();
  const answer = readAnswer(said);
  if (answer === undefined) return { statements: [], unknown: [said], end, isTimed: true };
  const asked = { at, ...answer.asked };
  return { statements: [{ kind: 'asked', digest: answer.digest, asked }], unknown: [], end, isTimed: true };
}

/** The end of an error in a list: the next error, the closing bracket, or the end of the line. */
function findEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') return at;
    if (character === '[') depth += 1;
    if (character === ']' && depth === 0) return at;
    if (character === ']') depth -= 1;
    if (character === ' ' && text.startsWith(' // ', at)) return at;
    NEXT.lastIndex = at;
    if (character === ',' && NEXT.test(text)) return at;
  }
  return text.length;
}

/** Patterns by the first character of what they match: most characters begin none. */
const BY_FIRST = new Map<string, readonly Pattern[]>();

function listPatterns(first: string): readonly Pattern[] {
  const known = BY_FIRST.get(first);
  if (known !== undefined) return known;
  const able = PATTERNS.filter(({ words: { source } }) => {
    const [, either] = /^\[([A-Za-z]{2})\]/.exec(source) ?? [];
    const start = either ?? (/^[A-Za-z0-9](?![?*+{|])/.test(source) ? source.charAt(0) : undefined);
    return start === undefined || start.includes(first);
  });
  if (BY_FIRST.size < 128) BY_FIRST.set(first, able);
  return able;
}

/** Characters of a line that a pattern may look back at. */
const MAX_LINE = 4096;

function readPattern(text: string, start: number): Found | undefined {
  for (const { words, read } of listPatterns(text.charAt(start))) {
    words.lastIndex = start;
    const match = words.exec(text);
    if (match === null || match[0] === '') continue;
    const end = words.lastIndex;
    const before = text.slice(Math.max(0, start - MAX_LINE), start);
    const statement = read(match, before.slice(before.lastIndexOf('\n') + 1));
    if (statement !== undefined) return { statements: [statement], unknown: [], end, isTimed: false };
  }
  return undefined;
}
