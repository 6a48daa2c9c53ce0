/** Milliseconds of a monotonic clock. `performance` would have to be loaded, which takes a millisecond of a start. */
export function readClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
