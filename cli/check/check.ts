import { parsePullspec } from '../../lib/base/names/reference.ts';
import { decidePullspec } from '../../lib/verdict/decide/decide-pullspec.ts';
import { openTrust } from '../open/trust.ts';
import type { ModeOptions, OutputOptions, TrustOptions } from '../shell/options.ts';
import { printVerdict } from '../shell/output.ts';
import { toExitStatus } from '../shell/run-program.ts';

export interface CheckOptions extends TrustOptions, ModeOptions, OutputOptions {}

/** @returns the exit status */
export async function check(text: string, options: CheckOptions): Promise<number> {
  const pullspec = parsePullspec(text);
  const trust = await openTrust(options);
  const verdict = decidePullspec({ pullspec, mode: options.mode }, trust, new Date());
  printVerdict(options.output, verdict);
  return toExitStatus(verdict.outcome);
}
