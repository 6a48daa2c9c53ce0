import { VERIFIER_VERSION } from '../../platform/lambda/verifier-version.ts';
import { isLeased, type SweepState } from './sweep-state.ts';

/** Days between two sweeps of everything while the trust stays the same. */
const SWEEP_DAYS = 7;
/**
 * Milliseconds after which changed trust is swept once more. Others go on by the trust that they hold for as long as
 * they keep it and are at work: what they accepted by it meanwhile, and mirrored, is found by the second sweep.
 */
export const SETTLE_MS = 5 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The trust of today. */
export interface CurrentTrust {
  /** Every profile that is configured. */
  readonly profiles: readonly string[];
  /** The current one of each that can be read. */
  readonly revisions: Readonly<Record<string, string>>;
}

/** Why a run does nothing, or the sweep that it goes on with. */
export type NextSweep =
  | { readonly kind: 'idle' | 'busy' }
  | { readonly kind: 'sweep'; readonly state: SweepState; readonly isNew: boolean };

/**
 * A new sweep when trust changed, had to settle, a week has passed, or another version of Signet decides; else the one that was not finished. Profiles
 * whose records an unfinished sweep still had to queue stay in the next one.
 */
export function toNextSweep(last: SweepState | undefined, trust: CurrentTrust, now: Date): NextSweep {
  if (last !== undefined && isLeased(last, now)) return { kind: 'busy' };
  const revisions = toRevisions(last, trust);
  const all = Object.keys(revisions);
  const changed = all.filter((profile) => last?.revisions[profile] !== revisions[profile]);
  const startedAt = now.toISOString();
  const start = (change: Pick<SweepState, 'profiles' | 'settling' | 'fullAt'>): NextSweep => ({
    kind: 'sweep',
    state: { schema: 2, verifierVersion: VERIFIER_VERSION, phase: 'accepted', revisions, startedAt, ...change },
    isNew: true,
  });
  // Another version may judge otherwise what was accepted: everything is asked once more after an upgrade.
  const isUpgraded = last?.verifierVersion !== VERIFIER_VERSION;
  if (last === undefined || isUpgraded || isOver(last.fullAt, SWEEP_DAYS * DAY_MS, now)) {
    return start({ profiles: all, settling: changed, fullAt: startedAt });
  }
  const { fullAt } = last;
  const isGone = Object.keys(last.revisions).some((profile) => revisions[profile] === undefined);
  if (changed.length > 0 || isGone) {
    const open = last.phase === 'accepted' ? last.profiles : [];
    const pick = (more: readonly string[]): readonly string[] =>
      all.filter((profile) => changed.includes(profile) || more.includes(profile));
    return start({ profiles: pick(open), settling: pick(last.settling), fullAt });
  }
  if (last.phase !== 'done') return { kind: 'sweep', state: last, isNew: false };
  const isSettled = last.settling.length === 0 || !isOver(last.startedAt, SETTLE_MS, now);
  return isSettled ? { kind: 'idle' } : start({ profiles: last.settling, settling: [], fullAt });
}

/** A profile that cannot be read keeps the revision that it had; one that is not configured any more has none. */
function toRevisions(
  last: SweepState | undefined,
  { profiles, revisions }: CurrentTrust,
): Readonly<Record<string, string>> {
  const known = profiles.flatMap((profile) => {
    const revision = revisions[profile] ?? last?.revisions[profile];
    return revision === undefined ? [] : [[profile, revision] as const];
  });
  return Object.fromEntries(known);
}

/** An age below zero is that of a clock that was set back: better once more than never again. */
function isOver(since: string, milliseconds: number, now: Date): boolean {
  const age = now.getTime() - Date.parse(since);
  return age < 0 || age >= milliseconds;
}
