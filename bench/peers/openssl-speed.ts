import { execFileSync } from 'node:child_process';

/** Verifications a second that the key operation alone gives; none where there is no openssl, or it has no such key. */
export function opensslVerifyRates(algorithm: string): readonly number[] {
  try {
    const args = ['speed', '-seconds', '1', algorithm];
    const output = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return parseVerifyRate(output);
  } catch {
    return [];
  }
}

/** The last figure of the last line: seconds for signing and verifying, then signatures and verifications a second. */
export function parseVerifyRate(output: string): readonly number[] {
  const cells = output.trimEnd().split('\n').at(-1)?.split(/\s+/) ?? [];
  const rate = Number(cells.at(-1));
  return cells.length > 4 && Number.isFinite(rate) && rate > 0 ? [rate] : [];
}
