import { decideImage } from '../../lib/decide/decide-image.ts';
import { parsePullspec } from '../../lib/pullspec/pullspec.ts';
import { ExitStatus, toExitStatus } from '../exit-status.ts';
import { openStores } from '../open-stores.ts';
import { openTrust } from '../open-trust.ts';
import type { ModeOptions, OutputOptions, StoreOptions, TrustOptions } from '../options.ts';
import { printVerdict } from '../output.ts';

export interface VerifyOptions extends TrustOptions, ModeOptions, StoreOptions, OutputOptions {
  readonly force?: boolean;
  readonly failOnForced?: boolean;
}

/** @returns the exit status */
export async function verify(text: string, options: VerifyOptions): Promise<number> {
  const pullspec = parsePullspec(text);
  const trust = await openTrust(options);
  const { store, lookaside, close } = await openStores(options, trust.prepared);
  try {
    const { verdict } = await decideImage({ pullspec, mode: options.mode, force: options.force }, trust, {
      store,
      lookaside,
      now: () => new Date(),
      signal: new AbortController().signal,
    });
    printVerdict(options.output, verdict);
    if (verdict.forced && options.failOnForced === true) return ExitStatus.rejected;
    return toExitStatus(verdict.outcome);
  } finally {
    close();
  }
}
