import { toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { parsePullspec } from '../../lib/base/names/pullspec.ts';
import type { ReadyTrust } from '../../lib/trust/source/ready-trust.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { toVerdictWords } from '../../lib/verdict/words/to-verdict-words.ts';
import type { WordsForm } from '../../lib/verdict/words/words-form.ts';
import { openStores } from '../open/open-stores.ts';
import { openTrust } from '../open/open-trust.ts';
import { ExitStatus, toExitStatus } from '../shell/exit-status.ts';
import {
  type ModeOptions,
  type OutputOptions,
  type PlatformOptions,
  parsePlatforms,
  type StoreOptions,
  type TrustOptions,
} from '../shell/options.ts';
import { print, printVerdict } from '../shell/output.ts';
import { toPrintable } from '../shell/to-printable.ts';

export interface VerifyOptions extends TrustOptions, ModeOptions, StoreOptions, PlatformOptions, OutputOptions {
  readonly force?: boolean;
  readonly failOnForced?: boolean;
  readonly as?: WordsForm;
}

/** @returns the exit status */
export async function verify(text: string, options: VerifyOptions): Promise<number> {
  const pullspec = parsePullspec(text);
  const trust = await openTrust(options);
  const { store, lookaside, manifests, close } = await openStores(options, trust.prepared);
  try {
    const { mode, force } = options;
    const platforms = parsePlatforms(options);
    const { verdict } = await decideImage({ pullspec, mode, force, platforms }, trust, {
      store,
      lookaside,
      manifests,
      now: () => new Date(),
      signal: new AbortController().signal,
    });
    printAnswer(verdict, options, trust);
    if (verdict.forced && options.failOnForced === true) return ExitStatus.rejected;
    return toExitStatus(verdict.outcome);
  } finally {
    close();
  }
}

function printAnswer(verdict: Verdict, { as: form, output }: VerifyOptions, { keyrings }: ReadyTrust): void {
  if (form === undefined) {
    printVerdict(output, verdict);
    return;
  }
  const words = toVerdictWords(verdict, form, keyrings);
  // YAML keeps line feeds, which are part of the operator's words; what else a terminal would obey is shown.
  const lines = toManifestText(words, output === 'json' ? 'json' : 'yaml')
    .trimEnd()
    .split('\n');
  print(lines.map(toPrintable).join('\n'));
}
