import type { SweepState } from './sweep-state.ts';

/** Days between two sweeps while the trust stays the same. */
export const SWEEP_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Why a run does nothing, or the sweep that it goes on with. */
export type NextSweep =
  | { readonly kind: 'idle' | 'busy' }
  | { readonly kind: 'sweep'; readonly state: SweepState; readonly isNew: boolean };

/**
 * A new sweep when the trust changed or a week has passed, else the one that was not finished. Profiles whose records
 * an unfinished sweep still had to queue stay in the next one.
 *
 * @param revisions the current one of every profile
 */
export function toNextSweep(
  last: SweepState | undefined,
  revisions: Readonly<Record<string, string>>,
  now: Date,
): NextSweep {
  if (last?.leasedUntil !== undefined && Date.parse(last.leasedUntil) > now.getTime()) return { kind: 'busy' };
  const all = Object.keys(revisions);
  if (last === undefined || isWeekOver(last, now)) return start(all, revisions, now);
  const changed = all.filter((profile) => last.revisions[profile] !== revisions[profile]);
  const isGone = Object.keys(last.revisions).some((profile) => revisions[profile] === undefined);
  if (changed.length > 0 || isGone) {
    const open = last.phase === 'accepted' ? last.profiles : [];
    return start(
      all.filter((profile) => changed.includes(profile) || open.includes(profile)),
      revisions,
      now,
    );
  }
  return last.phase === 'done' ? { kind: 'idle' } : { kind: 'sweep', state: last, isNew: false };
}

function start(profiles: readonly string[], revisions: Readonly<Record<string, string>>, now: Date): NextSweep {
  const state: SweepState = { schema: 1, phase: 'accepted', revisions, profiles, startedAt: now.toISOString() };
  return { kind: 'sweep', state, isNew: true };
}

/** An age below zero is that of a clock that was set back: better once more than never again. */
function isWeekOver({ startedAt }: SweepState, now: Date): boolean {
  const age = now.getTime() - Date.parse(startedAt);
  return age < 0 || age >= SWEEP_DAYS * DAY_MS;
}
