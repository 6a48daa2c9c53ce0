import { createTelemetry, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { Family, Sample } from './exposition.ts';

/** What functions counted since the service started. */
export interface EventCounts {
  /** A function's log, whose counts are kept here. */
  readonly createTelemetry: (service: string) => Telemetry;
  readonly toFamilies: () => readonly Family[];
}

/** Counts that are verdicts, by the way they were asked for. */
const VERDICTS: Readonly<Record<string, string>> = { Verified: 'api', Pushed: 'push', Reviewed: 'admission' };
const OUTCOMES = ['accepted', 'rejected', 'indeterminate'];

/** Counts that alerts look at. A counter that begins with its first event has no increase: these begin at zero. */
export const WATCHED_EVENTS = [
  'AttestationRefused',
  'LastVerdictBroken',
  'MessageFailed',
  'NotNotified',
  'PlanFailed',
  'PushUnmapped',
  'RecordObstructed',
  'RequestFailed',
  'SealForeign',
  'TrustNotPublished',
  'VerdictChanged',
  'VerdictsNotSigned',
  'WebhookRefused',
] as const;

export function createEventCounts(): EventCounts {
  const counts = new Map<string, Map<string, number>>();
  const verdicts = new Map<string, number>();
  for (const source of Object.values(VERDICTS)) {
    for (const outcome of OUTCOMES) verdicts.set(`${source} ${outcome}`, 0);
  }
  return {
    createTelemetry(service) {
      const own = new Map<string, number>(WATCHED_EVENTS.map((event) => [event, 0]));
      counts.set(service, own);
      const telemetry = createTelemetry(service, 'none');
      return {
        ...telemetry,
        count: (metric, value = 1) => {
          const [kind = '', outcome = ''] = metric.split('.');
          const source = Object.hasOwn(VERDICTS, kind) ? VERDICTS[kind] : undefined;
          if (source !== undefined) add(verdicts, `${source} ${outcome}`, value);
          add(own, metric, value);
          telemetry.count(metric, value);
        },
      };
    },
    toFamilies: () => [
      {
        name: 'signet_verdicts',
        kind: 'counter',
        help: 'Verdicts that were made since the service started; reused ones and those made again are not counted apart.',
        samples: Array.from(verdicts, ([key, value]): Sample => {
          const [source = '', outcome = ''] = key.split(' ');
          return { labels: { source, outcome }, value };
        }),
      },
      {
        name: 'signet_events',
        kind: 'counter',
        help: 'What functions counted since the service started, by the names that metrics have in AWS.',
        samples: Array.from(counts, ([service, own]) =>
          Array.from(own, ([event, value]): Sample => ({ labels: { service, event }, value })),
        ).flat(),
      },
    ],
  };
}

function add(counts: Map<string, number>, name: string, value: number): void {
  counts.set(name, (counts.get(name) ?? 0) + value);
}
