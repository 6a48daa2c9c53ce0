/** The last second of the year 9999, after which RFC 3339 has no spelling. */
export const MAX_UNIX_TIME = 253_402_300_799;

/** The first second of the year 0. */
const MIN_SHOWN_TIME = -62_167_219_200;
/** A second of the year 10000 has twelve digits too: more digits are never a time. */
const PLAIN_DIGITS = /^(?:0|[1-9][0-9]{0,11})$/;

/** True for a whole second from 1970 to the end of 9999. What a signature or a log claims is often none. */
export function isUnixTime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_UNIX_TIME;
}

/** Seconds since 1970 as a log writes them, in plain digits; undefined for anything else. */
export function parseUnixTime(untrustedText: string): number | undefined {
  const seconds = PLAIN_DIGITS.test(untrustedText) ? Number(untrustedText) : Number.NaN;
  return isUnixTime(seconds) ? seconds : undefined;
}

/**
 * RFC 3339 in UTC, for every time that may come from untrusted input. It never throws, as `Date` does beyond its range:
 * a number that is no time is shown as the number that it is.
 */
export function formatUnixTime(seconds: number): string {
  const isShown = seconds >= MIN_SHOWN_TIME && seconds <= MAX_UNIX_TIME;
  return isShown ? new Date(seconds * 1000).toISOString() : `second ${seconds} since 1970`;
}

/** The day of {@link formatUnixTime}, as in 2026-01-31. It never throws. */
export function formatUnixDay(seconds: number): string {
  const text = formatUnixTime(seconds);
  return text.endsWith('Z') ? text.slice(0, 'YYYY-MM-DD'.length) : text;
}
