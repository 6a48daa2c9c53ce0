import { InvalidArgumentError } from 'commander';

/** Which signatures count by their own date, in seconds since 1970; both ends belong to it. */
export interface DateRange {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A date as it was given: `now` is known when signatures are verified. */
export type GivenDate = number | 'now';

const DATE = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** An option's value: `-` is the open end, and a date without a time starts in UTC. @throws InvalidArgumentError */
export function parseNotBefore(value: string): GivenDate {
  return value === '-' ? Number.NEGATIVE_INFINITY : parseDate(value);
}

/** @throws InvalidArgumentError */
export function parseNotAfter(value: string): GivenDate {
  return value === '-' ? Number.POSITIVE_INFINITY : parseDate(value);
}

function parseDate(value: string): GivenDate {
  if (value === 'now') return value;
  const [, day, minute = '00:00', second = '00', zone = 'Z'] = DATE.exec(value) ?? [];
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const milliseconds = day === undefined ? Number.NaN : Date.parse(`${day}T${minute}:${second}${offset}`);
  // A day that the month lacks is taken for one of the next month.
  const isDay = !Number.isNaN(milliseconds) && new Date(`${day}T00:00:00Z`).toJSON().startsWith(day ?? '-');
  if (!isDay) {
    throw new InvalidArgumentError('not a date such as 2026-11-22T10:41:38Z, nor now, nor -');
  }
  return milliseconds / 1000;
}

/** @param now seconds since 1970 */
export function toDateRange(notBefore: GivenDate, notAfter: GivenDate, now: number): DateRange {
  return { notBefore: notBefore === 'now' ? now : notBefore, notAfter: notAfter === 'now' ? now : notAfter };
}
