import { parsePullspec } from '../../lib/base/names/reference.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import {
  type ModeOptions,
  type PlatformOptions,
  parsePlatforms,
  type StoreOptions,
  type TrustOptions,
} from '../shell/options.ts';
import { openStores } from './stores.ts';
import { openTrust } from './trust.ts';

export interface DecisionOptions extends TrustOptions, ModeOptions, StoreOptions, PlatformOptions {
  readonly force?: boolean;
}

/** A verdict, and the trust that it was made by. */
export interface Decision {
  readonly verdict: Verdict;
  readonly trust: ReadyTrust;
}

/**
 * One decision of the command line, by the documents and stores that its options name.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function decidePullspec(text: string, options: DecisionOptions, signal: AbortSignal): Promise<Decision> {
  const pullspec = parsePullspec(text);
  const trust = await openTrust(options);
  const { store, lookaside, manifests, close } = await openStores(options, trust.prepared);
  try {
    const { mode, force } = options;
    const { verdict } = await decideImage({ pullspec, mode, force, platforms: parsePlatforms(options) }, trust, {
      store,
      lookaside,
      manifests,
      now: () => new Date(),
      signal,
    });
    signal.throwIfAborted();
    return { verdict, trust };
  } finally {
    close();
  }
}
