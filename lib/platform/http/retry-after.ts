/** `Retry-After` in its form of seconds; undefined for a date, which would need the peer's clock. */
export function toRetryAfterSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}
