import { InvalidArgumentError } from 'commander';

/** A day: a run that may take longer needs no limit. */
const MAX_SECONDS = 24 * 60 * 60;
const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** `30s`, `500ms`, `1m30s`, or `30` for seconds. @returns milliseconds, at least 1 @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)/g)];
  const isWhole = text !== '' && parts.map(([whole]) => whole).join('') === text;
  const seconds = /^[0-9]{1,6}$/.test(text)
    ? Number(text)
    : parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (UNIT_SECONDS[unit] ?? 1), 0);
  if ((isWhole || /^[0-9]{1,6}$/.test(text)) && seconds > 0 && seconds <= MAX_SECONDS) {
    return Math.max(1, Math.round(seconds * 1000));
  }
  throw new InvalidArgumentError('it must be a time such as 30s, 500ms or 1m30s, of at most 24h');
}
