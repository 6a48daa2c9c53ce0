import { InputError } from '../../base/errors/input-error.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { parseCursor, verifyPosition } from '../../platform/lambda/page-parameters.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import type { Outcome } from '../judge/verdict.ts';
import { type DecisionRow, entryPrefix } from './decision-row.ts';
import { MAX_TIME_MS } from './verdict-record.ts';

/** Which decisions to list. What is left out does not matter. */
export interface DecisionFilter {
  readonly profile?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** What was judged, or what was pushed to. */
  readonly repository?: string | undefined;
  /** Milliseconds: not before it. */
  readonly since?: number | undefined;
  /** Milliseconds: before it. */
  readonly until?: number | undefined;
  readonly forced?: boolean | undefined;
  readonly source?: string | undefined;
}

export interface DecisionQuery {
  readonly filter: DecisionFilter;
  /** From 1 to {@link MAX_PAGE_ROWS}. */
  readonly limit: number;
  /** Where the page starts, after it in the order of keys; empty: with the newest. */
  readonly after: string;
}

/** Decisions of one page. */
export const MAX_PAGE_ROWS = 100;
const MEMBERS = ['profile', 'outcome', 'repository', 'since', 'until', 'forced', 'source', 'limit', 'after'] as const;
type Member = (typeof MEMBERS)[number];
const OUTCOMES: readonly Outcome[] = ['accepted', 'rejected', 'indeterminate'];
const SOURCE = /^[a-z0-9-]{1,32}$/;
const TIME =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/;

/** @throws InputError `ArgumentInvalid`, which names the parameter */
export function parseDecisionQuery(untrusted: Readonly<Record<string, string | undefined>>): DecisionQuery {
  const unknown = Object.keys(untrusted).find((name) => !MEMBERS.some((member) => member === name));
  if (unknown !== undefined) {
    const known = MEMBERS.join(', ');
    throw new InputError('ArgumentInvalid', `unknown parameter ${JSON.stringify(unknown)}; expected ${known}`);
  }
  const read = <T>(name: Member, expected: string, parse: (text: string) => T | undefined): T | undefined => {
    const text = untrusted[name];
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value !== undefined) return value;
    const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
    throw new InputError('ArgumentInvalid', `${name}: ${shown} is not ${expected}`);
  };
  const filter: DecisionFilter = {
    profile: read('profile', 'the name of a profile', (text) => (isProfileName(text) ? text : undefined)),
    outcome: read('outcome', OUTCOMES.join(', '), (text) => OUTCOMES.find((outcome) => outcome === text)),
    repository: read('repository', 'a repository, as in quay.io/org/name', readRepository),
    since: read('since', 'a date or a time, as in 2026-11-30 or 2026-11-30T12:00:00Z', readTime),
    until: read('until', 'a date or a time, as in 2026-11-30 or 2026-11-30T12:00:00Z', readTime),
    forced: read('forced', 'true or false', (text) => (text === 'true' ? true : text === 'false' ? false : undefined)),
    source: read('source', 'the name of a source, as in api or quay', (text) => (SOURCE.test(text) ? text : undefined)),
  };
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until) {
    throw new InputError('ArgumentInvalid', 'since: it has to be before until');
  }
  const limit = read('limit', `a number from 1 to ${MAX_PAGE_ROWS}`, readLimit) ?? MAX_PAGE_ROWS;
  const after = read('after', 'the next of a page before', parseCursor) ?? '';
  verifyPosition(`${entryPrefix(chooseOrdering(filter).ordering)}${after}`);
  return { filter, limit, after };
}

function readRepository(text: string): string | undefined {
  try {
    return parseRepository(text);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** A date alone is its first moment in UTC. Keys hold the times from 1970 to 2286. */
function readTime(text: string): number | undefined {
  const day = text.slice(0, 10);
  // A day that a month does not have is moved to the next one by the parser.
  const isDay = TIME.test(text) && Date.parse(day) >= 0 && new Date(day).toISOString().startsWith(day);
  const time = isDay ? Date.parse(text) : Number.NaN;
  return time >= 0 && time <= MAX_TIME_MS ? time : undefined;
}

function readLimit(text: string): number | undefined {
  const limit = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_PAGE_ROWS ? limit : undefined;
}

/** The ordering that has the fewest rows beside those that are wanted, and whether it has no others. */
export function chooseOrdering(filter: DecisionFilter): { readonly ordering: string; readonly isExact: boolean } {
  const { profile, outcome, forced, repository, source } = filter;
  const isAlone = repository === undefined && source === undefined;
  if (forced === true) {
    return { ordering: 'forced', isExact: isAlone && profile === undefined && outcome === undefined };
  }
  const isPlain = isAlone && forced === undefined;
  // Most decisions are accepted, so that a profile leaves fewer.
  if (outcome !== undefined && (outcome !== 'accepted' || profile === undefined)) {
    return { ordering: `outcome/${outcome}`, isExact: isPlain && profile === undefined };
  }
  if (profile !== undefined) {
    return { ordering: `profile/${profile}`, isExact: isPlain && outcome === undefined };
  }
  return { ordering: 'all', isExact: isPlain };
}

/** Whether a row is wanted. The times are held by where a listing starts and ends, too. */
export function matchesFilter(row: DecisionRow, filter: DecisionFilter): boolean {
  const { profile, outcome, forced, repository, source, since, until } = filter;
  const time = Date.parse(row.decidedAt);
  const isAt = repository === undefined || row.repository === repository || isBelow(row.pushed, repository);
  return (
    isAt &&
    (profile ?? row.profile) === row.profile &&
    (outcome ?? row.outcome) === row.outcome &&
    (forced ?? row.forced) === row.forced &&
    (source ?? row.source) === row.source &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until)
  );
}

function isBelow(pushed: string | undefined, repository: string): boolean {
  return pushed === repository || pushed?.startsWith(`${repository}:`) === true;
}
