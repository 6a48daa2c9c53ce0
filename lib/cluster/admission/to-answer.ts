import type { Verdict } from '../../verdict/judge/verdict.ts';
import { type AdmissionAnswer, admit, deny } from './admission-answer.ts';
import type { AskedImage } from './admission-question.ts';
import type { AdmissionDecision } from './decide-admission.ts';
import { describeReason } from './describe-reason.ts';

/** A verdict as the API server is told it: what is not accepted is denied, with the reasons and what would help. */
export function toAnswer(
  { path, image, force }: AskedImage & { readonly force: boolean },
  decision: AdmissionDecision,
): AdmissionAnswer {
  const recordIds = decision.recordId === undefined ? [] : [decision.recordId];
  if (decision.kind === 'reused') return admit([], recordIds);
  const { verdict } = decision;
  const reasons = verdict.reasons.map(describeReason).join('; ');
  const about = `${path}: ${JSON.stringify(image)}`;
  switch (verdict.outcome) {
    case 'accepted':
      return admit(listWarnings(verdict, force), recordIds);
    case 'rejected':
      return deny(403, `${about} is rejected by profile ${verdict.profile}: ${reasons}`, recordIds);
    case 'indeterminate':
      return deny(503, `${about} could not be decided by profile ${verdict.profile}; retry: ${reasons}`, recordIds);
    default:
      return deny(500, `${about}: no such outcome ${JSON.stringify(verdict.outcome satisfies never)}`);
  }
}

/** Each reason that force covers, with what would help as a warning of its own: warnings are short. */
function listWarnings({ forced, reasons, warnings }: Verdict, force: boolean): readonly string[] {
  const covered = forced
    ? reasons.flatMap(({ code, message, remedy }) => [
        `admitted because the update is forced, though ${code}: ${message}`,
        ...(remedy === undefined ? [] : [remedy]),
      ])
    : [];
  const needless =
    force && !forced ? ['force is not needed to verify this image, and skips the operator’s other checks'] : [];
  return [...covered, ...needless, ...warnings.map(describeReason)];
}
