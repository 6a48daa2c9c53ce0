import { parsePullspec } from '../../base/names/reference.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Mode } from '../../trust/prepared/prepared-trust.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import type { Outcome } from '../judge/verdict.ts';
import type { Asked, VerdictRecord } from './verdict-record.ts';
import { MAX_TIME_MS, parsePointerName, toPointerName } from './verdict-record.ts';

/** What the index of decisions says of a record. It finds records, and proves nothing: the record does. */
export interface DecisionRow {
  readonly id: string;
  /** When the decision was made for the first time: RFC 3339, UTC. */
  readonly decidedAt: string;
  readonly outcome: Outcome;
  readonly forced: boolean;
  readonly profile: string;
  readonly mode: Mode;
  /** As in the record: `api`, `cli`, a push source. */
  readonly source: string;
  readonly pullspec: string;
  /** Of the pullspec. */
  readonly repository: string;
  readonly digest?: string | undefined;
  /** `registry/repository[:tag]` that was pushed to, where the pullspec says something else. */
  readonly pushed?: string | undefined;
  /** Of the reasons, each once, and {@link PLATFORMS_CHOSEN}. */
  readonly codes: readonly string[];
  readonly caller?: Asked['caller'];
  /** Set where caller, codes or what was pushed did not fit: the record has them. */
  readonly isCut?: true | undefined;
}

/** Among the codes of a decision that is about the platforms which the caller named, and about no other image of an index. */
export const PLATFORMS_CHOSEN = 'PlatformsChosen';

/** Characters of a row in a key, which has 1024 bytes with the bucket's prefix. */
export const MAX_ROW_CHARS = 700;
/** Characters of a segment of a key: a directory takes 255. */
const SEGMENT_CHARS = 250;
const NAME_CHARS = 78;
const OUTCOMES: Readonly<Record<string, Outcome>> = { a: 'accepted', r: 'rejected', i: 'indeterminate' };
const MODES: Readonly<Record<string, Mode>> = { e: 'enforce', w: 'warn' };
const FLAGS = /^([ari])([f-])([ew])([c-])$/;
const SOURCE = /^[a-z0-9-]{1,32}$/;
const CODE = /^[A-Za-z]{1,40}$/;

/** Where entries wait to be packed: one object for each row, which is in its key. */
export function entryPrefix(ordering: string): string {
  return `decisions/new/${ordering}/`;
}

/** The mark that a record has its entries. */
export function indexedKey(id: string): string {
  return `decisions/indexed/${id}`;
}

/** What a page can be listed by without looking at other rows. */
export function listOrderings({ profile, outcome, forced }: DecisionRow): readonly string[] {
  return ['all', `profile/${profile}`, `outcome/${outcome}`, ...(forced ? ['forced'] : [])];
}

/** Writes what lists a record, then the mark that it is listed. It can be repeated. @throws StoreError */
export async function indexRecord(objects: ObjectStore, record: VerdictRecord): Promise<void> {
  await createEntries(objects, record);
  await objects.createObject(indexedKey(record.id), new Uint8Array());
}

/** Writes what lists a record. @throws StoreError */
export async function createEntries(objects: ObjectStore, record: VerdictRecord): Promise<void> {
  const row = toDecisionRow(record);
  const text = formatRow(record, row);
  const keys = listOrderings(row).map((ordering) => toEntryKey(ordering, text));
  await Promise.all(keys.map((key) => objects.createObject(key, new Uint8Array())));
}

export function toDecisionRow({ id, asked, verdict, firstDecidedAt }: VerdictRecord): DecisionRow {
  const { outcome, forced, profile, mode, pullspec, reasons, platforms } = verdict;
  const { source, registry, repository, tag, caller } = asked;
  const pushed = `${registry ?? ''}/${repository ?? ''}${tag === undefined ? '' : `:${tag}`}`;
  const judged = parsePullspec(pullspec);
  const isSame = registry === undefined || source === 'api' || source === 'cli';
  return {
    id,
    decidedAt: firstDecidedAt,
    outcome,
    forced,
    profile,
    mode,
    source,
    pullspec,
    repository: judged.repository,
    ...(judged.digest === undefined ? {} : { digest: judged.digest }),
    ...(isSame || pushed === judged.repository ? {} : { pushed }),
    codes: [...new Set(reasons.map(({ code }) => code)), ...(platforms === undefined ? [] : [PLATFORMS_CHOSEN])],
    ...(caller === undefined ? {} : { caller }),
  };
}

/** `<inverted time>-<id>.<row>`, in characters that every key may have. What does not fit is left out, and said so. */
export function formatRow(record: VerdictRecord, row: DecisionRow = toDecisionRow(record)): string {
  const name = toPointerName(record);
  const whole = formatMembers(row, '-');
  if (whole.length <= MAX_ROW_CHARS) return `${name}.${whole}`;
  const codes = row.codes.filter((code) => code === PLATFORMS_CHOSEN);
  return `${name}.${formatMembers({ ...row, caller: undefined, pushed: undefined, codes }, 'c')}`;
}

function formatMembers(row: DecisionRow, cut: string): string {
  const { outcome, forced, mode, profile, source, pullspec, pushed = '', codes, caller } = row;
  const flags = `${outcome.charAt(0)}${forced ? 'f' : '-'}${mode.charAt(0)}${cut}`;
  const who = caller === undefined ? '' : Buffer.from(JSON.stringify(caller)).toString('base64url');
  return [flags, profile, source, pullspec, pushed, codes.join('+'), who].map(encodeURIComponent).join(',');
}

function toEntryKey(ordering: string, text: string): string {
  const segments = [text.slice(0, SEGMENT_CHARS)];
  // With a dash before it, none is `.` or `..`.
  for (let at = SEGMENT_CHARS; at < text.length; at += SEGMENT_CHARS) {
    segments.push(`-${text.slice(at, at + SEGMENT_CHARS)}`);
  }
  return `${entryPrefix(ordering)}${segments.join('/')}`;
}

/** The text of the row that the end of an entry's key holds. */
export function joinSegments(keyEnd: string): string {
  return keyEnd.split('/-').join('');
}

/** The part of a row's text by which rows are sorted; undefined if it has none. */
export function toRowName(text: string): string | undefined {
  const name = text.slice(0, NAME_CHARS);
  return parsePointerName(name) === undefined ? undefined : name;
}

/** The time in a row's name or in a position. */
export function toRowTime(name: string): string | undefined {
  const inverted = /^[0-9]{13}/.exec(name)?.[0];
  return inverted === undefined ? undefined : new Date(MAX_TIME_MS - Number(inverted)).toISOString();
}

/** The row of a text that anybody may have written; undefined if it is none. */
export function parseRow(untrustedText: string): DecisionRow | undefined {
  const name = toRowName(untrustedText);
  const members = untrustedText.slice(NAME_CHARS + 1).split(',');
  if (name === undefined || untrustedText[NAME_CHARS] !== '.' || members.length !== 7) return undefined;
  try {
    return parseMembers(name, members.map(decodeURIComponent));
  } catch {
    // Whatever is wrong with it, it is no row.
    return undefined;
  }
}

function parseMembers(name: string, members: readonly string[]): DecisionRow | undefined {
  const [flags = '', profile = '', source = '', pullspec = '', pushed = '', codes = '', who = ''] = members;
  const [, outcome = '', forced, mode = '', cut] = FLAGS.exec(flags) ?? [];
  const found = OUTCOMES[outcome];
  const by = MODES[mode];
  const decidedAt = toRowTime(name);
  const id = parsePointerName(name);
  if (found === undefined || by === undefined || decidedAt === undefined || id === undefined) return undefined;
  const named = codes === '' ? [] : codes.split('+');
  if (!isProfileName(profile) || !SOURCE.test(source) || !named.every((code) => CODE.test(code))) return undefined;
  const { repository, digest } = parsePullspec(pullspec);
  return {
    id,
    decidedAt,
    outcome: found,
    forced: forced === 'f',
    profile,
    mode: by,
    source,
    pullspec,
    repository,
    ...(digest === undefined ? {} : { digest }),
    ...(pushed === '' ? {} : { pushed }),
    codes: named,
    ...(who === '' ? {} : { caller: parseCaller(who) }),
    ...(cut === 'c' ? { isCut: true } : {}),
  };
}

function parseCaller(who: string): Readonly<Record<string, string>> {
  const content: unknown = JSON.parse(Buffer.from(who, 'base64url').toString('utf8'));
  if (typeof content !== 'object' || content === null) throw new TypeError('a caller has members');
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, String(value)]));
}
