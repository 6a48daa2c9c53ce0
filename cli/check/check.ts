import { styleText } from 'node:util';
import { parsePullspec } from '../../lib/base/names/reference.ts';
import { refuseTransport } from '../../lib/registry/images/image-source.ts';
import { decidePullspec } from '../../lib/verdict/judge/pullspec-policy.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { openTrustOf } from '../open/trust.ts';
import type { ModeOptions, OutputOptions, TrustOptions } from '../shell/options.ts';
import { formatReason, printResult, styleOutcome } from '../shell/output.ts';
import { toExitStatus } from '../shell/run-program.ts';

export interface CheckOptions extends TrustOptions, ModeOptions, OutputOptions {}

/** What the pullspec policy says. It is no verdict: whoever reads it must not take it for one. */
interface PullspecCheck extends Omit<Verdict, 'schema' | 'outcome' | 'forced' | 'attempts' | 'policies' | 'images'> {
  readonly kind: 'PullspecCheck';
  readonly schema: 1;
  readonly outcome: 'allowed' | 'rejected' | 'indeterminate';
  readonly signaturesChecked: false;
}

/** @returns the exit status */
export async function check(text: string, options: CheckOptions): Promise<number> {
  refuseTransport(text, 'a pullspec');
  const pullspec = parsePullspec(text);
  const trust = await openTrustOf(pullspec, options);
  const verdict = decidePullspec({ pullspec, mode: options.mode }, trust, new Date());
  printResult(options.output, toPullspecCheck(verdict), formatCheck);
  return toExitStatus(verdict.outcome);
}

function toPullspecCheck(verdict: Verdict): PullspecCheck {
  const { schema: _, outcome, forced: __, attempts: ___, ...members } = verdict;
  const said = outcome === 'accepted' ? 'allowed' : outcome;
  return { kind: 'PullspecCheck', schema: 1, outcome: said, signaturesChecked: false, ...members };
}

function formatCheck(checked: PullspecCheck): string {
  const { pullspec, canonicalPullspec, profile, mode, trustRevision, reasons, warnings } = checked;
  const meaning = canonicalPullspec === undefined || canonicalPullspec === pullspec ? [] : [canonicalPullspec];
  return [
    ...formatOutcome(checked),
    ...meaning.map((canonical) => `  meaning   ${canonical}`),
    `  profile   ${profile} (${mode}), trust revision ${trustRevision.slice(0, 12)}`,
    ...reasons.flatMap((reason) => formatReason('reason ', reason)),
    ...warnings.flatMap((warning) => formatReason('warning', warning)),
  ].join('\n');
}

/** Not in the color of an acceptance. */
function formatOutcome({ outcome, pullspec, canonicalPullspec }: PullspecCheck): readonly string[] {
  if (outcome !== 'allowed') return [`${styleOutcome(outcome)}  ${pullspec}`];
  const allowed = styleText(['cyan', 'bold'], outcome, { stream: process.stdout });
  const why = canonicalPullspec === undefined ? 'the policy only warns of the pullspec' : 'the pullspec is canonical';
  return [`${allowed}: ${why}; signatures were not checked`, `  pullspec  ${pullspec}`];
}
