import { parsePullspec } from '../../lib/base/names/pullspec.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { openStores } from '../open/open-stores.ts';
import { openTrust } from '../open/open-trust.ts';
import {
  type ModeOptions,
  type PlatformOptions,
  parsePlatforms,
  type StoreOptions,
  type TrustOptions,
} from '../shell/options.ts';

export interface DecisionOptions extends TrustOptions, ModeOptions, StoreOptions, PlatformOptions {
  readonly force?: boolean;
}

/**
 * One decision of the command line, by the documents and stores that its options name.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function decidePullspec(text: string, options: DecisionOptions): Promise<Verdict> {
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
      signal: new AbortController().signal,
    });
    return verdict;
  } finally {
    close();
  }
}
