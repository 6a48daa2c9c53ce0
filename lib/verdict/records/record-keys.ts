import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import type { VerdictRecord } from './verdict-record.ts';

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
