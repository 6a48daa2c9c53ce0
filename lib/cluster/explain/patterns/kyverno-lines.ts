import type { JsonObject } from '../../../base/documents/json-value.ts';
import { toKyvernoDenial } from './kyverno-records.ts';

/** klog's head, with file and line: of Kyverno up to 1.12, and of many programs (`kubernetes/klog`). */
const KLOG = /[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9} {1,10}[0-9]{1,10} ([\w.-]{1,64}\.go:[0-9]{1,6})\] /;
/**
 * Of the console form since 1.13, with the module in front (`kyverno/kyverno pkg/logging`). A mail may take its `>` for a
 * mark.
 */
const CONSOLE = /(github\.com\/kyverno\/kyverno\/pkg\/[\w/-]{1,200}\.go:[0-9]{1,6}) (?:> )?/;
/** Where a message ends in the console form: its members follow. */
const MEMBER = /(?:^| )[\w.]{1,64}=/;
/** How klog begins a value of several lines. */
const OPEN = ' err=<';
const BLOCKED = 'was blocked due to the following policies';
/** Lines in which the policies of a value of several lines are named. */
const LOOKED_AT = 5;

/** What a line of either form begins with, whatever stands in front of it. */
const START = /(?:^|[ \t])[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:|^[0-9]{4}-[0-9]{2}-[0-9]{2}T\S{1,40} [A-Z]{3}(?: |$)/;
/** Rows that one line may be in. */
const MAX_ROWS = 80;
/** The columns of a line that stands in one row and may yet go on in the next. */
const MAX_WIDTH = 132;

/**
 * A text in which Kyverno's log, in klog's form or the console's, is read as its log in JSON is: as the denial that its
 * webhook answers with. A line may have been cut or wrapped. Every other line stays as it is.
 */
export function readKyvernoLines(untrustedText: string): string {
  if (!untrustedText.includes('.go:')) return untrustedText;
  const lines = untrustedText.split('\n');
  const written: string[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const rows = START.test(line) ? takeRows(lines, at) : [line];
    const joined = rows.length > 1 ? listJoined(rows) : [];
    const whole = joined.map((one) => readLine(one, lines, at + rows.length)).find((one) => one !== undefined);
    written.push(whole ?? readLine(line, lines, at + 1) ?? line);
    at += whole === undefined ? 1 : rows.length;
  }
  return written.join('\n');
}

/** The line and those that may be the rest of it. */
function takeRows(lines: readonly string[], at: number): readonly string[] {
  let end = at + 1;
  while (end < lines.length && end - at < MAX_ROWS && lines[end] !== '' && !START.test(lines[end] ?? '')) end += 1;
  return lines.slice(at, end);
}

/** As a terminal cuts and as a mail wraps, where the rows may have become so. */
function listJoined(rows: readonly string[]): readonly string[] {
  // A row of one word may be longer than all others: nothing of it could be wrapped.
  const width = rows.reduce((most, row) => (row.trim().includes(' ') ? Math.max(most, row.length) : most), 0);
  if (width > MAX_WIDTH && rows.length === 2) return [];
  const isCut = rows.slice(0, -1).every(({ length }) => length === rows[0]?.length);
  const isWrapped = rows.every((row, next) => {
    const [word = ''] = row.trimStart().split(' ', 1);
    return next === 0 || (rows[next - 1] ?? '').length + 1 + word.length > width;
  });
  const joined = rows.map((row) => row.trim()).join(' ');
  return [...(isCut ? [rows.join('')] : []), ...(isWrapped ? [joined] : [])];
}

/** Undefined for every other line. @param next the line after it: klog writes a value of several lines as several */
function readLine(line: string, lines: readonly string[], next: number): string | undefined {
  if (!line.includes('.go:')) return undefined;
  const klog = KLOG.exec(line);
  const found = klog ?? CONSOLE.exec(line);
  if (found === null) return undefined;
  const before = line.slice(0, found.index).trimEnd();
  const rest = line.slice(found.index + found[0].length);
  const denial = toDenial(found[1] ?? '', rest, klog !== null, lines.slice(next, next + LOOKED_AT));
  if (denial === undefined) return undefined;
  return before === '' ? denial : `${before} ${denial}`;
}

function toDenial(caller: string, text: string, isKlog: boolean, following: readonly string[]): string | undefined {
  if (isKlog && text.trimEnd() === `"image verification failed"${OPEN}`) {
    const isBlocked = following.join(' ').includes(BLOCKED);
    return isBlocked ? 'admission webhook "mutate.kyverno.svc-fail" denied the request:' : undefined;
  }
  const record = isKlog ? readKlog(text) : readConsole(text);
  return toEventDenial(record) ?? toKyvernoDenial({ ...record, caller });
}

/** What its events say stands in its log too, as client-go writes it (`events/event_broadcaster.go`). */
function toEventDenial({ msg, apiVersion, reason, note, object }: JsonObject): string | undefined {
  if (msg !== 'Event occurred' || reason !== 'PolicyViolation' || typeof note !== 'string') return undefined;
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith('kyverno.io/')) return undefined;
  const start = note.indexOf('failed to verify image ');
  const policy = typeof object === 'string' ? object.replaceAll(/[^\w.-]/g, '') : '';
  return start < 0 ? undefined : `policy ${policy || 'unnamed'}/unnamed fail: ${note.slice(start)}`;
}

/** `"message" key="value"`, or of versions up to 1.9 `Logger "msg"="message" "key"="value"`. */
function readKlog(text: string): JsonObject {
  if (text.startsWith('"')) {
    const { value, end } = readQuoted(text, 0);
    return { msg: value, ...readMembers(text.slice(end)) };
  }
  const space = text.indexOf(' ');
  return { logger: text.slice(0, Math.max(space, 0)), ...readMembers(text.slice(space)) };
}

/** `message key=value`. */
function readConsole(text: string): JsonObject {
  const start = text.search(MEMBER);
  return start < 0 ? { msg: text.trim() } : { msg: text.slice(0, start), ...readMembers(text.slice(start)) };
}

/** Members as they stand one after the other; what is none is passed over. */
function readMembers(text: string): JsonObject {
  const members: Record<string, string> = {};
  for (let at = 0; at < text.length;) {
    const equals = text.indexOf('=', at);
    if (equals < 0) break;
    const name = text.slice(text.lastIndexOf(' ', equals) + 1, equals).replaceAll('"', '');
    const isQuoted = text.charAt(equals + 1) === '"';
    const { value, end } = isQuoted ? readQuoted(text, equals + 1) : readBare(text, equals + 1);
    members[name === 'err' ? 'error' : name] = value;
    at = end;
  }
  return members;
}

function readBare(text: string, from: number): { readonly value: string; readonly end: number } {
  const space = text.indexOf(' ', from);
  const end = space < 0 ? text.length : space;
  return { value: text.slice(from, end), end };
}

/** A string as Go quotes it, from its first quote; one without an end is the rest of the line. */
function readQuoted(text: string, from: number): { readonly value: string; readonly end: number } {
  let end = from + 1;
  while (end < text.length && text.charAt(end) !== '"') end += text.charAt(end) === '\\' ? 2 : 1;
  const inner = text.slice(from + 1, end);
  return { value: unquote(inner), end: end + 1 };
}

function unquote(inner: string): string {
  try {
    const value: unknown = JSON.parse(`"${inner}"`);
    return typeof value === 'string' ? value : inner;
  } catch {
    // Go has escapes that JSON has not, and a line may be cut.
    return inner.replaceAll(String.raw`\"`, '"');
  }
}
