import { setImmediate as untilSent } from 'node:timers/promises';
import { type Pullspec, parsePullspec } from '../../lib/base/names/reference.ts';
import type { Turn } from '../../lib/platform/queues/run-bounded.ts';
import { refuseTransport } from '../../lib/registry/images/image-source.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { type Decision, decideImage } from '../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import {
  type ModeOptions,
  type PlatformOptions,
  parsePlatforms,
  type StoreOptions,
  type TrustOptions,
} from '../shell/options.ts';
import { openStores } from './stores.ts';
import { openTrust, openTrustOf } from './trust.ts';

export interface DecisionOptions extends TrustOptions, ModeOptions, StoreOptions, PlatformOptions {
  readonly force?: boolean;
}

/** The trust and the stores of decisions; `close` closes every connection. */
export interface OpenedDecisions {
  readonly trust: ReadyTrust;
  /**
   * @param turn of a decision among many, which it leaves while it verifies a signature
   * @throws InputError where force is not allowed; the abort reason of the signal
   */
  readonly decide: (pullspec: Pullspec, signal: AbortSignal, turn?: Turn) => Promise<Decision>;
  readonly close: () => void;
}

/**
 * Opens what the options name, once for all decisions of a call.
 *
 * @param only the pullspec of a call about one: a profile that is not named has to be its own
 * @throws InputError, ConfigurationError, StoreError
 */
export async function openDecisions(options: DecisionOptions, only?: Pullspec): Promise<OpenedDecisions> {
  const trust = only === undefined ? await openTrust(options) : await openTrustOf(only, options);
  const platforms = parsePlatforms(options);
  const { store, lookaside, manifests, close } = await openStores(options, trust.prepared);
  const { mode, force } = options;
  return {
    trust,
    close,
    async decide(pullspec, signal, turn) {
      const now = (): Date => new Date();
      const sources = {
        store: turn === undefined ? store : createTurningStore(store, turn),
        lookaside,
        manifests,
        now,
        signal,
      };
      const decision = await decideImage({ pullspec, mode, force, platforms }, trust, sources);
      signal.throwIfAborted();
      return decision;
    },
  };
}

/** The store, whose reader leaves its turn for each signature: what the next decision asks is sent before it is verified. */
function createTurningStore(store: SignatureStore, { leave, resume }: Turn): SignatureStore {
  return {
    description: store.description,
    async *fetchSignatures(query, signal) {
      for await (const entry of store.fetchSignatures(query, signal)) {
        if (entry.kind === 'signature') {
          leave();
          await untilSent();
        }
        yield entry;
        resume();
      }
    },
  };
}

/**
 * One decision of the command line, by the documents and stores that its options name.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function decidePullspec(
  text: string,
  options: DecisionOptions,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly trust: ReadyTrust }> {
  refuseTransport(text, 'a pullspec or a version');
  const pullspec = parsePullspec(text);
  const { trust, decide, close } = await openDecisions(options, pullspec);
  try {
    const { verdict } = await decide(pullspec, signal);
    return { verdict, trust };
  } finally {
    close();
  }
}
