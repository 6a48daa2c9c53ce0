import type { Overview } from '../../functions/read-records/read-overview.ts';
import type { Family, Sample } from './exposition.ts';

/** The gauges of an overview. What could not be read has no sample, which is told from zero. */
export function toFamilies({ profiles, queues, mirror, decisions, readiness }: Overview): readonly Family[] {
  const ready = profiles.flatMap((one) => (one.state === 'unreadable' ? [] : [one]));
  const covered = mirror.flatMap((one) => ('minors' in one ? [one] : []));
  const of = (profile: string, value: number): Sample => ({ labels: { profile }, value });
  const gauge = (name: string, help: string, samples: readonly Sample[], unit?: Family['unit']): Family => ({
    name: `signet_${name}`,
    kind: 'gauge',
    help,
    samples,
    unit,
  });
  const count = (state: 'wanted' | 'held' | 'absent'): readonly Sample[] =>
    covered.flatMap(({ profile, minors }) =>
      minors.map((one) => ({
        labels: { profile, minor: one.minor, architecture: one.architecture },
        value: one[state],
      })),
    );
  const faults = [decisions, ...queues, ...mirror, ...readiness].filter((one) => 'fault' in one).length;
  return [
    gauge(
      'trust_ready',
      '1 while a profile may decide by its trust, else 0.',
      profiles.map(({ profile, state }) => of(profile, state === 'ready' ? 1 : 0)),
    ),
    gauge(
      'trust_age_seconds',
      'Since the trust of a profile was read last; it decides nothing beyond 24 hours.',
      ready.map(({ profile, ageSeconds }) => of(profile, ageSeconds)),
      'seconds',
    ),
    gauge(
      'key_expires_days',
      'Until a keyring of a profile loses its last key that may sign; below zero when one has.',
      ready.flatMap(({ profile, keyExpiresInDays: days }) => (days === undefined ? [] : [of(profile, days)])),
      'days',
    ),
    gauge(
      'queue_messages',
      'Messages that wait, those included that are under way.',
      queues.flatMap((one) => ('waiting' in one ? [{ labels: { queue: one.name }, value: one.waiting }] : [])),
    ),
    gauge(
      'queue_dead_letters',
      'Messages that were given up, each with its reason: signet dlq list.',
      queues.flatMap((one) =>
        'deadLetters' in one ? [{ labels: { queue: one.name }, value: one.deadLetters.count }] : [],
      ),
    ),
    gauge('mirror_wanted_releases', 'Releases that update graphs name.', count('wanted')),
    gauge('mirror_held_releases', 'Of them, those whose signatures the mirror has.', count('held')),
    gauge(
      'mirror_absent_releases',
      'Of them, those that were looked up lately, and are signed nowhere.',
      count('absent'),
    ),
    gauge(
      'mirror_planned_seconds',
      'When update graphs were read last, in seconds since 1970.',
      covered.map(({ profile, plannedAt }) => of(profile, Date.parse(plannedAt) / 1000)),
      'seconds',
    ),
    gauge('overview_faults', 'Parts of the overview that could not be read.', [{ labels: {}, value: faults }]),
  ];
}
