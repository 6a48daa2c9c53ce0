import { InputError } from '../../base/errors/input-error.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { Reason, Verdict } from '../judge/verdict.ts';

/** Force updates a release: no component is admitted by it. @throws InputError `ForceNotAllowed` */
export function requireForceAllowed({ force, profile }: PreparedTrust, judgedAs?: Verdict['judgedAs']): void {
  if (judgedAs === 'component') throw new InputError('ForceNotAllowed', 'force admits no image of a component');
  if (force === 'deny') throw new InputError('ForceNotAllowed', `profile ${profile} does not allow force`);
}

/** What the cluster-version operator makes of a forced update: accepted, with every reason kept and said. */
export function toForcedVerdict(verdict: Verdict): Verdict {
  const [first] = verdict.reasons;
  if (verdict.outcome === 'accepted' || first === undefined) return verdict;
  const because = verdict.reasons.map(({ message }) => message).join('; ');
  const risk: Reason = {
    code: first.code,
    message: `Target release version="" image=${JSON.stringify(verdict.pullspec)} cannot be verified, but continuing anyway because the update was forced: ${because}`,
  };
  return { ...verdict, outcome: 'accepted', forced: true, warnings: [...verdict.warnings, risk] };
}
