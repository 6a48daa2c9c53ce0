import { InputError } from '../../../lib/base/errors/input-error.ts';
import { allOf } from '../../../lib/verdict/judge/outcome.ts';
import type { ResultWriter } from '../options.ts';
import type { Judged, Judgement } from './judgement.ts';

/**
 * A writer for pipelines, which read outcomes and not results.
 *
 * @throws InputError when the command was asked for something else than its judgement
 */
export function toJudgementWriter(format: string, write: (judgement: Judgement) => string): ResultWriter {
  return (_, toJudgement) => {
    if (toJudgement !== undefined) return write(completeJudgement(toJudgement()));
    throw new InputError('ArgumentInvalid', `-o ${format} is of what a command decides, and not of --as`);
  };
}

/**
 * A judgement that says no less than the exit status: whatever is not accepted has a finding, and an outcome that none of
 * its things has is a thing of its own, so that no list without a fault stands for a failed call.
 */
function completeJudgement({ command, outcome, judged }: Judgement): Judgement {
  const explained = judged.map((one) => (isExplained(one) ? one : { ...one, findings: [toFinding(one.outcome)] }));
  // A list of nothing is rejected by `allOf`, and shows no fault.
  if (judged.length > 0 && allOf(judged.map((one) => one.outcome)) === outcome) {
    return { command, outcome, judged: explained };
  }
  const findings = outcome === 'accepted' ? [] : [toFinding(outcome)];
  return { command, outcome, judged: [...explained, { name: `signet ${command}`, outcome, findings }] };
}

function isExplained({ outcome, findings }: Judged): boolean {
  return outcome === 'accepted' || findings.length > 0;
}

function toFinding(outcome: Judged['outcome']): Judged['findings'][number] {
  const message =
    outcome === 'rejected' ? 'rejected: -o json has all that was found' : 'not decided: -o json has all that was found';
  return { code: outcome, message };
}
