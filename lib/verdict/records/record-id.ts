import { hash } from 'node:crypto';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { Asked, VerdictRecord } from './verdict-record.ts';

/** Milliseconds since 1970 that an inverted time can hold, in {@link TIME_DIGITS} digits: until 2286. */
export const MAX_TIME_MS = 9_999_999_999_999;
const TIME_DIGITS = 13;

const POINTER_NAME = /^[0-9]{13}-([0-9a-f]{64})$/;

/** Where a record is, with all that it says (design, "Bucket layout"). */
export function recordKey(id: string): string {
  return `records/by-id/${id}.json`;
}

/** What lists the records of a digest, or of pullspecs without one. */
export function pointerPrefix(digest: Digest | undefined): string {
  return `records/${digest === undefined ? 'undigested' : toKeySegment(digest)}/`;
}

/** `<inverted time>-<id>`: of two names, the one with the later time comes first. */
export function toPointerName({ id, firstDecidedAt }: Pick<VerdictRecord, 'id' | 'firstDecidedAt'>): string {
  return `${String(MAX_TIME_MS - Date.parse(firstDecidedAt)).padStart(TIME_DIGITS, '0')}-${id}`;
}

/** The id that a pointer's name ends in; undefined for another name. */
export function parsePointerName(name: string): string | undefined {
  return POINTER_NAME.exec(name)?.[1];
}

export function isRecordId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

type Decided = Omit<
  Verdict,
  'schema' | 'warnings' | 'attempts' | 'images' | 'policies' | 'decidedAt' | 'canonicalPullspec'
>;

/**
 * Names a decision by what was asked and what came out of it (design, "Registry pushes"), whenever and however often it
 * is made: the same decision again is the same record. Reason codes count as a set.
 *
 * @returns SHA-256, lower-case hex
 */
export function toRecordId(asked: Omit<Asked, 'pullspec' | 'caller'>, verdict: Decided): string {
  const { digest, pullspec, platforms, profile, mode, trustRevision, verifierVersion, outcome, forced, reasons } =
    verdict;
  const { source, registry = null, repository = null, tag = null } = asked;
  // A pullspec can be spelled like a digest, so its kind goes with it; JSON keeps each part apart from the next.
  const subject = digest === undefined ? { pullspec } : { digest };
  const codes = [...new Set(reasons.map(({ code }) => code))].toSorted();
  const parts = [source, registry, repository, tag, subject, profile, mode, trustRevision, verifierVersion];
  // Left out where the caller named none, so that the ids of earlier records stay.
  const named = platforms === undefined ? [] : [platforms];
  return hash('sha256', JSON.stringify([...parts, outcome, forced, codes, ...named]));
}
