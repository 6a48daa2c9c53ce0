const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds in the words of a person: the largest unit alone, or two where the second one matters. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return count(whole, 'second');
  if (whole < HOUR) return count(Math.floor(whole / MINUTE), 'minute');
  if (whole < 2 * DAY) return count(Math.floor(whole / HOUR), 'hour');
  if (whole < 90 * DAY) return count(Math.floor(whole / DAY), 'day');
  if (whole < 2 * 365 * DAY) return count(Math.floor(whole / (30 * DAY)), 'month');
  return count(Math.floor(whole / (365 * DAY)), 'year');
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

/** As in `3 minutes ago` or `in 2 years`; what is no time is given back as it is. */
export function formatRelative(iso: string, now: number): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  const seconds = (now - time) / 1000;
  // A clock that is a little ahead of this one.
  if (seconds < 5 && seconds > -60) return 'just now';
  return seconds >= 0 ? `${formatDuration(seconds)} ago` : `in ${formatDuration(-seconds)}`;
}

/** UTC, as in `2026-11-30 14:03:22 UTC`; what is no time is given back as it is. */
export function formatAbsolute(iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The last days up to today in UTC, oldest first, as in `2026-11-30`. */
export function listDays(days: number, now: number): readonly string[] {
  return Array.from({ length: days }, (_, index) =>
    new Date(now - (days - 1 - index) * DAY * 1000).toISOString().slice(0, 10),
  );
}

/** As in `30 Nov`. */
export function formatDay(day: string): string {
  const time = Date.parse(day);
  if (Number.isNaN(time)) return day;
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(time);
}
