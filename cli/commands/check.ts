import { decidePullspec } from '../../lib/decide/decide-pullspec.ts';
import { parsePullspec } from '../../lib/pullspec/pullspec.ts';
import { toExitStatus } from '../exit-status.ts';
import { openTrust } from '../open-trust.ts';
import type { ModeOptions, OutputOptions, TrustOptions } from '../options.ts';
import { printVerdict } from '../output.ts';

export interface CheckOptions extends TrustOptions, ModeOptions, OutputOptions {}

/** @returns the exit status */
export async function check(text: string, options: CheckOptions): Promise<number> {
  const pullspec = parsePullspec(text);
  const trust = await openTrust(options);
  const verdict = decidePullspec({ pullspec, mode: options.mode }, trust, new Date());
  printVerdict(options.output, verdict);
  return toExitStatus(verdict.outcome);
}
