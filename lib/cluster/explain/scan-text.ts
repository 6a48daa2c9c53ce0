import type { Statement } from './explanation.ts';
import { type Pattern, PULL_PATTERNS, pattern, RELEASE_PATTERNS } from './patterns.ts';
import { readAnswer } from './read-answer.ts';

/** The statements of a text in order, and the pieces that no pattern matches. */
export interface ScannedText {
  readonly statements: readonly Statement[];
  readonly notUnderstood: readonly string[];
}

const TIME = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})`;
const TIMED = new RegExp(`(${TIME}): `, 'y');
const NEXT = new RegExp(`, (?=${TIME}: )`, 'y');

/** What logs, events and `oc` add around messages. */
const AROUND: readonly Pattern[] = [
  String.raw`[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [\w.-]+:[0-9]+\] `,
  String.raw`(?:Reason|Message|Type|Status):(?=\s)`,
  // Cells of a table, with at least two spaces after them.
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
/** Punctuation between statements. */
const MARKS = /^[\s,;:.|\\/'"()[\]{}-]+|[\s,;:|\\/'"()[\]{}-]+$/g;

/** Matches patterns from the start of a text to its end. What matches no pattern is returned uninterpreted. */
export function scanText(untrustedText: string): ScannedText {
  // JSON logs and shells escape quotes and line feeds.
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
    // A list of errors may follow on the line after its sentence.
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
