/** Attempts for one failure: some checks take a millisecond. */
const MAX_ATTEMPTS = 2000;

/** The smallest part of an input that still fails in the same way, found by leaving out ever smaller ranges. */
export async function minimise(
  input: Uint8Array,
  stillFails: (smaller: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = Buffer.from(input);
  let attempts = 0;
  for (let length = best.length >> 1; length >= 1 && attempts < MAX_ATTEMPTS; length >>= 1) {
    for (let at = 0; at + length <= best.length && attempts < MAX_ATTEMPTS;) {
      const smaller = Buffer.concat([best.subarray(0, at), best.subarray(at + length)]);
      attempts++;
      if (await stillFails(smaller)) best = smaller;
      else at += length;
    }
  }
  return best;
}
