import { toManifestText } from '../../lib/base/documents/manifest-text.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { allOf } from '../../lib/verdict/judge/outcome.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import type { WordsForm } from '../../lib/verdict/words/to-verdict-words.ts';
import { toVerdictWords } from '../../lib/verdict/words/to-verdict-words.ts';
import { type DecisionOptions, decidePullspec } from '../open/decision.ts';
import type { Judged, JudgedFinding, Judgement } from '../shell/formats/judgement.ts';
import type { OutputOptions } from '../shell/options.ts';
import { print, printResult, printVerdict, type ShownVerdict, toPrintable } from '../shell/output.ts';
import { ExitStatus, toExitStatus } from '../shell/run-program.ts';

/** One pullspec, or what one version is. */
export interface VerifyOptions extends DecisionOptions, OutputOptions {
  readonly failOnForced?: boolean;
  readonly as?: WordsForm;
}

/** @returns the exit status */
export async function verify(text: string, options: VerifyOptions, signal: AbortSignal): Promise<number> {
  const { verdict, trust } = await decidePullspec(text, options, signal);
  printAnswer(verdict, options, trust);
  return toVerdictStatus(verdict, options);
}

export function toVerdictStatus({ outcome, forced }: Verdict, { failOnForced }: VerifyOptions): number {
  return forced && failOnForced === true ? ExitStatus.rejected : toExitStatus(outcome);
}

export function printAnswer(verdict: ShownVerdict, options: VerifyOptions, { keyrings }: ReadyTrust): void {
  const { as: form, output } = options;
  if (form === undefined) {
    printVerdict(output, verdict, () => toJudgement([{ verdict }], options));
    return;
  }
  const words = toVerdictWords(verdict, form, keyrings);
  // YAML keeps line feeds, which are part of the operator's words; what else a terminal would obey is shown.
  if (typeof output === 'function') {
    printResult(output, words, () => '');
    return;
  }
  const lines = toManifestText(words, output === 'json' ? 'json' : 'yaml')
    .trimEnd()
    .split('\n');
  print(lines.map(toPrintable).join('\n'));
}

/** A verdict, and where the pullspec is written. */
export interface PlacedVerdict {
  readonly verdict: ShownVerdict;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** A verdict for pipelines: what --fail-on-forced refuses is rejected here too. */
export function toJudgement(verdicts: readonly PlacedVerdict[], options: VerifyOptions): Judgement {
  const judged = verdicts.map((one) => toJudged(one, options));
  return { command: 'verify', outcome: allOf(judged.map(({ outcome }) => outcome)), judged };
}

const FORCED = 'accepted by --force alone';

function toJudged({ verdict, file, line }: PlacedVerdict, { failOnForced }: VerifyOptions): Judged {
  const { pullspec, release, outcome, forced, reasons, warnings, attempts } = verdict;
  const name = [release?.version, release?.architecture, pullspec].filter((part) => part !== undefined).join(' ');
  const isRefused = forced && failOnForced === true;
  const findings = isRefused && reasons.length === 0 ? [{ code: 'forced', message: FORCED }] : reasons;
  const notes: readonly JudgedFinding[] = [
    ...warnings,
    ...(forced ? [{ code: 'forced', message: FORCED }] : []),
    ...attempts.flatMap(({ note }) => (note === undefined ? [] : [{ code: 'note', message: note }])),
  ];
  const place = { file, line };
  if (isRefused) return { name, outcome: 'rejected', findings, notes, ...place };
  if (outcome !== 'accepted') return { name, outcome, findings, notes, ...place };
  return { name, outcome, findings: [], notes: [...notes, ...findings], ...place };
}
