import { execFileSync } from 'node:child_process';

/**
 * Verifications a second that the key operation alone gives; none where there is no openssl, or it has no such key.
 *
 * @param runSpeed what `openssl speed` prints about the algorithm
 */
export function opensslVerifyRates(
  algorithm: string,
  runSpeed: (algorithm: string) => string = runOpensslSpeed,
): readonly number[] {
  try {
    return parseVerifyRate(runSpeed(algorithm));
  } catch {
    return [];
  }
}

function runOpensslSpeed(algorithm: string): string {
  const args = ['speed', '-seconds', '1', algorithm];
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The last figure of the last line: seconds for signing and verifying, then signatures and verifications a second. */
function parseVerifyRate(output: string): readonly number[] {
  const cells = output.trimEnd().split('\n').at(-1)?.split(/\s+/) ?? [];
  const rate = Number(cells.at(-1));
  return cells.length > 4 && Number.isFinite(rate) && rate > 0 ? [rate] : [];
}
