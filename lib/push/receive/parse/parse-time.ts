import { InputError } from '../../../base/errors/input-error.ts';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
/** What four digits can say of a year, less a day for offsets. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);

/** RFC 3339, any offset, to the same time in UTC. @throws InputError `BodyInvalid` */
export function parseTime(text: string): string {
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // `Date.parse` takes 30 February for 2 March.
  if (date.getUTCMonth() !== Number(month) - 1) throw invalid();
  return toTime(Date.parse(text));
}

/** @param ms since 1970 @throws InputError `BodyInvalid` */
export function toTime(ms: number): string {
  if (!(ms >= 0 && ms <= MAX_TIME_MS)) throw invalid();
  return new Date(ms).toISOString();
}

function invalid(): InputError {
  return new InputError('BodyInvalid', 'expected a time since 1970, as in 2026-01-31T12:00:00Z');
}
