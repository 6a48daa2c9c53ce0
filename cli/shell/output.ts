import { styleText } from 'node:util';
import type { Attempt, Outcome, PolicyResult, Reason, Verdict } from '../../lib/verdict/judge/verdict.ts';
import type { Judgement } from './formats/judgement.ts';
import type { OutputFormat } from './options.ts';

/** Results go to stdout, everything else to stderr. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * Prints a result. As text, every string of it is passed through {@link toPrintable} first; else it begins with the number
 * of its schema.
 *
 * @param toJudgement of a command that decides: what -o junit and -o sarif write
 */
export function printResult<T extends object>(
  format: OutputFormat,
  result: T,
  toText: (result: T) => string,
  toJudgement?: (result: T) => Judgement,
): void {
  if (format === 'text') {
    print(toText(escapeStrings(result)));
    return;
  }
  const answer = { schema: RESULT_SCHEMA, ...result };
  const judgement = toJudgement === undefined ? undefined : () => toJudgement(result);
  const text = format === 'json' ? JSON.stringify(answer, null, 2) : format(answer, judgement);
  if (text !== undefined) print(text);
}

/** Of results that have no number of their own. */
const RESULT_SCHEMA = 1;

/** Results hold only what JSON can hold, so that this copy loses nothing. */
function escapeStrings<T>(result: T): T {
  const revive = (_: string, value: unknown): unknown => (typeof value === 'string' ? toPrintable(value) : value);
  return JSON.parse(JSON.stringify(result), revive) as T;
}

/** A verdict; `release` where it is about an image that something calls by a version. */
export interface ShownVerdict extends Verdict {
  readonly release?: { readonly version: string; readonly architecture: string | undefined; readonly from: string };
}

export function printVerdict(format: OutputFormat, verdict: ShownVerdict, toJudgement?: () => Judgement): void {
  printResult(format, verdict, formatVerdict, toJudgement);
}

function formatVerdict(verdict: ShownVerdict): string {
  const { pullspec, canonicalPullspec, profile, mode, trustRevision, reasons, warnings, attempts, policies, release } =
    verdict;
  const lines = [`${formatOutcome(verdict)}  ${pullspec}`];
  if (canonicalPullspec !== undefined && canonicalPullspec !== pullspec) lines.push(`  meaning   ${canonicalPullspec}`);
  if (release !== undefined) {
    const { version, architecture, from } = release;
    lines.push(`  version   ${version}${architecture === undefined ? '' : ` for ${architecture}`}, by ${from}`);
  }
  lines.push(`  profile   ${profile} (${mode}), trust revision ${trustRevision.slice(0, 12)}`);
  for (const reason of reasons) lines.push(...formatReason('reason ', reason));
  for (const warning of warnings) lines.push(...formatReason('warning', warning));
  lines.push(...(policies ?? []).flatMap(formatPolicy));
  // The image of an attempt is shown only when the attempts are about several.
  const isNamed = new Set((policies ?? []).map(({ image }) => image)).size > 1;
  const shown = isNamed ? attempts : attempts.map((attempt) => ({ ...attempt, image: undefined }));
  if (attempts.length > 0) lines.push('  tried', ...shown.flatMap(formatAttempt));
  return lines.join('\n');
}

function formatOutcome({ outcome, forced }: Verdict): string {
  const text = forced ? `${outcome} (forced)` : outcome;
  return styleText([forced ? 'yellow' : OUTCOME_COLORS[outcome], 'bold'], text, { stream: process.stdout });
}

const OUTCOME_COLORS = { accepted: 'green', rejected: 'red', indeterminate: 'yellow' } as const;

/** An outcome in its color, where standard output is a terminal. */
export function styleOutcome(outcome: Outcome): string {
  return styleText([OUTCOME_COLORS[outcome], 'bold'], outcome, { stream: process.stdout });
}

/** A reason or warning with its remedy. */
export function formatReason(label: string, { code, message, remedy }: Reason): readonly string[] {
  const lines = [`  ${label}   ${code}: ${message}`];
  return remedy === undefined ? lines : [...lines, `            → ${remedy}`];
}

/** Each requirement with its own result; its reasons are among the verdict's where they decide. */
function formatPolicy({ document, image, scope, outcome, requirements }: PolicyResult): readonly string[] {
  return [
    `  policy    ${outcome}  ${document}, ${scope === 'default' ? 'its default' : `scope ${scope}`}`,
    `            for ${image}`,
    ...requirements.flatMap((one) => [
      `    ${one.outcome}  ${one.requirement}`,
      ...one.reasons.map(({ code, message }) => `      ${code}: ${message}`),
    ]),
  ];
}

function formatAttempt({ code, location, image, keyring, signer, message, note }: Attempt): readonly string[] {
  const lines = [`    ${code}  ${location}${image === undefined ? '' : ` for ${image}`}`];
  const by = signer === undefined ? '' : `, signer ${signer}`;
  lines.push(keyring === undefined ? `      ${message}` : `      ${keyring}: ${message}${by}`);
  return note === undefined ? lines : [...lines, `      note: ${note}`];
}

/** Control characters (C0, DEL, C1), bidirectional controls, and Unicode line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Shows as `\uXXXX` what a terminal would interpret or hide: user IDs and messages of stores are untrusted text, and must
 * not forge lines of the output.
 */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The lines of a text of a result, which {@link printResult} made one; empty ones are left out. */
export function splitPrintable(text: string): readonly string[] {
  return text.split(/\\u000a|\n/).filter((line) => line !== '');
}

/** The same, but keeps line feeds: for messages of several lines. */
export function toPrintableLines(text: string): string {
  return text.split('\n').map(toPrintable).join('\n');
}

/** Rows with their columns aligned, the first being the header. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  // By reduce: there may be more rows than one call takes arguments.
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A line of a summary, or none when there is nothing to count. */
export function formatCount(what: string, count: number): readonly string[] {
  return count === 0 ? [] : [`  ${what}: ${count}`];
}

/** `1 digest`, `2 digests`. */
export function countOf(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
