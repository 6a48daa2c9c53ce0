import { type Pattern, pattern } from './pattern.ts';
import { PULL_PATTERNS } from './pull-patterns.ts';
import { readAnswer } from './read-answer.ts';
import { RELEASE_PATTERNS } from './release-patterns.ts';
import type { Statement } from './statement.ts';

/** What a text says, in its order, and the pieces of it that say something else. */
export interface ScannedText {
  readonly statements: readonly Statement[];
  readonly notUnderstood: readonly string[];
}

const TIME = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})`;
const TIMED = new RegExp(`(${TIME}): `, 'y');
const NEXT = new RegExp(`, (?=${TIME}: )`, 'y');

/** What logs, events and `oc` write around messages. */
const AROUND: readonly Pattern[] = [
  String.raw`[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [\w.-]+:[0-9]+\] `,
  String.raw`(?:Reason|Message|Type|Status):(?=\s)`,
  // Cells of a table: further text is far from them.
  String.raw`(?:Warning|Normal|Failed|BackOff|LAST SEEN|TYPE|REASON|OBJECT|MESSAGE|kubelet)(?=\s{2}|\s*$)`,
  String.raw`[0-9]{1,4}[smhd](?:[0-9]{1,2}[smh])?(?: \(x[0-9]+ over [0-9smhd]+\))?(?=\s{2})`,
  String.raw`pod/[\w.-]+(?=\s{2})`,
  String.raw`(?:level|time)=(?:"[^"\n]{0,2048}"|\S*)`,
  `(?:msg|error|err)=`,
  `${TIME}(?!: )`,
  String.raw`spec\.signatureStores(?=:)`,
].map((words) => pattern(words));

const PATTERNS = [...RELEASE_PATTERNS, ...PULL_PATTERNS, ...AROUND];
const WORD = /[A-Za-z0-9]/;
/** Marks between statements, which say nothing themselves. */
const MARKS = /^[\s,;:.|\\/'"()[\]{}-]+|[\s,;:|\\/'"()[\]{}-]+$/g;

/**
 * Reads a text from its start to its end. What fits no pattern is given back, and nothing is made of it; a word is
 * never guessed from its surroundings.
 */
export function scanText(untrustedText: string): ScannedText {
  // Logs of JSON and shells escape what a message holds.
  const text = untrustedText.replaceAll(String.raw`\"`, '"').replaceAll(String.raw`\n`, '\n');
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
    // A list of errors may stand on the line after the sentence that it belongs to.
    if (between.includes('\n') && !found.isTimed) statements.push({ kind: 'line' });
    statements.push(...found.statements);
    at = found.end;
    unknownFrom = at;
  }
  unknown.push(text.slice(unknownFrom));
  const notUnderstood = unknown.map((piece) => piece.replaceAll(MARKS, '')).filter((piece) => WORD.test(piece));
  return { statements: statements.filter(({ kind }) => kind !== 'known'), notUnderstood };
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

/** `<time>: <what a store answered>`: one error of several that library-go lists. */
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

/** Where an error of a list ends: before the next one, the list's bracket, or the line's end. */
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

function readPattern(text: string, start: number): Found | undefined {
  for (const { words, read } of PATTERNS) {
    words.lastIndex = start;
    const match = words.exec(text);
    if (match === null || match[0] === '') continue;
    const statement = read(match);
    if (statement !== undefined) {
      return { statements: [statement], unknown: [], end: words.lastIndex, isTimed: false };
    }
  }
  return undefined;
}
