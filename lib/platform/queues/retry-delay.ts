const FIRST_DELAY_SECONDS = 15;
/** Seconds between two tries, at most. */
export const MAX_RETRY_DELAY_SECONDS = 15 * 60;

/** Seconds until the next try: doubled each time the message was received, counted from 1. */
export function toRetryDelay(receiveCount: number): number {
  return Math.min(FIRST_DELAY_SECONDS * 2 ** Math.max(0, receiveCount - 1), MAX_RETRY_DELAY_SECONDS);
}
