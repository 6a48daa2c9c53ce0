import { toManifestText } from '../../lib/base/documents/manifest-text.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import type { WordsForm } from '../../lib/verdict/words/to-verdict-words.ts';
import { toVerdictWords } from '../../lib/verdict/words/to-verdict-words.ts';
import { type DecisionOptions, decidePullspec } from '../open/decision.ts';
import type { OutputOptions } from '../shell/options.ts';
import { print, printVerdict, toPrintable } from '../shell/output.ts';
import { ExitStatus, toExitStatus } from '../shell/run-program.ts';

export interface VerifyOptions extends DecisionOptions, OutputOptions {
  readonly failOnForced?: boolean;
  readonly as?: WordsForm;
}

/** @returns the exit status */
export async function verify(text: string, options: VerifyOptions, signal: AbortSignal): Promise<number> {
  const { verdict, trust } = await decidePullspec(text, options, signal);
  printAnswer(verdict, options, trust);
  if (verdict.forced && options.failOnForced === true) return ExitStatus.rejected;
  return toExitStatus(verdict.outcome);
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
