import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import { type AdmissionAnswer, admit, deny, listSentences } from './admission-answer.ts';
import type { AdmissionClock } from './admission-deadline.ts';
import { type AdmissionDecisionDependencies, decideAdmission } from './decide-admission.ts';
import type { Requested } from './desired-update.ts';

type Component = Extract<Requested, { kind: 'component' }>;
type Setting = Extract<Requested, { kind: 'setting' }>;
type Override = Extract<Requested, { kind: 'override' }>;

/** Who asks about an image of a review, and how long the answer may take. */
export interface ImageAsking {
  readonly caller: NonNullable<Asked['caller']>;
  readonly dryRun: boolean;
  readonly clock: Pick<AdmissionClock, 'remainingMs' | 'signal'>;
}

/**
 * Judges an image that replaces a component by the image policies of the profile, as the nodes that pull it do, and
 * records the decision as one about a release is. Where no policy asks anything of it, the profile says whether it is
 * denied, which is the default.
 *
 * @throws InputError, the abort reason of the signal; StoreError when the record cannot be written
 */
export async function answerComponent(
  { path, image, does }: Component,
  trust: ReadyTrust,
  { caller, dryRun, clock: { remainingMs, signal } }: ImageAsking,
  dependencies: AdmissionDecisionDependencies,
): Promise<AdmissionAnswer> {
  const about = `${path}: ${JSON.stringify(image)}`;
  const pullspec = parsePullspec(image);
  const misspelt = findSpellingFault(pullspec);
  if (misspelt !== undefined) return deny(422, `${about}: ${misspelt}`);
  const asking = { caller: { ...caller, field: path }, force: false, dryRun, remainingMs, signal };
  const request = { pullspec, judgedAs: 'component', ...asking } as const;
  const decision = await decideAdmission(request, trust, dependencies);
  if (decision.kind === 'reused') throw new TypeError('the verdict of a release is none of a component');
  const { verdict, recordId } = decision;
  const recordIds = recordId === undefined ? [] : [recordId];
  const reasons = verdict.reasons.flatMap(listSentences).join('; ');
  switch (verdict.outcome) {
    case 'accepted':
      return admit(
        verdict.warnings.flatMap(listSentences).map((said) => `${about} ${does}: ${said}`),
        recordIds,
      );
    case 'rejected':
      return deny(403, `${about} ${does}, and is rejected by profile ${verdict.profile}: ${reasons}`, recordIds);
    case 'indeterminate':
      return deny(
        503,
        `${about} ${does}, and could not be decided by profile ${verdict.profile}; retry: ${reasons}`,
        recordIds,
      );
    default:
      return deny(500, `${about}: unknown outcome ${JSON.stringify(verdict.outcome satisfies never)}`);
  }
}

/** Answers for what no image can be judged of. */
export function answerSetting({ path, value, does }: Setting, trust: ReadyTrust, now: Date): AdmissionAnswer {
  const about = `${path}: ${JSON.stringify(value.slice(0, MAX_SHOWN))}`;
  const stale = denyStale(about, trust, now);
  if (stale !== undefined) return stale;
  const { componentImages, profile } = trust.prepared;
  if (componentImages === 'warn') return admit([`${about} ${does}: what it brings is not judged`]);
  return deny(403, `${about} ${does}, which profile ${profile} does not allow; take it out`);
}

/** Characters of a setting that a message shows. */
const MAX_SHOWN = 200;

/** What the verification of releases rests on stays managed, whatever the profile says. */
export function answerOverride({ path, manifest, why }: Override): AdmissionAnswer {
  if (why !== undefined) return deny(403, `${path}: ${manifest} must stay managed: ${why}; take the override out`);
  return admit([
    `${path}: ${manifest} is not managed any more: whoever may change it can have it run another image`,
    `${path}: no minor update is possible while there is an override`,
  ]);
}

function denyStale(about: string, trust: ReadyTrust, now: Date): AdmissionAnswer | undefined {
  if (!isStale(trust, now)) return undefined;
  const { prepared, refreshedAt } = trust;
  const when = refreshedAt.toISOString();
  return deny(503, `${about}: the trust of profile ${prepared.profile} is stale: it was last refreshed on ${when}`);
}

/**
 * What is wrong with the spelling of an image: node policies and mirror sets compare it by text. `QUAY.IO/…` and
 * `quay.io:443/…` are pulled from quay.io, and no scope or mirror of quay.io counts for them.
 *
 * @returns undefined for the canonical spelling
 */
export function findSpellingFault({ text, repository, tag, digest }: Pullspec): string | undefined {
  const canonical = `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  if (text === canonical) return undefined;
  return `it is not written as node policies and mirror sets compare it; write ${canonical}`;
}
