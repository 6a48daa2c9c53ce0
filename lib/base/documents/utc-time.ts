import * as v from 'valibot';

const SHAPE = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** A time as `Date` writes it: RFC 3339 in UTC, of a day that there is. Valibot's `isoTimestamp` takes any offset. */
export const utcTime = v.pipe(v.string(), v.check(isUtcTime, 'expected a time in UTC, as in 2026-01-31T12:00:00Z'));

function isUtcTime(text: string): boolean {
  const time = new Date(SHAPE.test(text) ? text : Number.NaN);
  // `Date` takes 30 February for 2 March.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text.slice(0, 'YYYY-MM-DD'.length));
}
