import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createEventCounts, WATCHED_EVENTS } from '../../../local/metrics/count-events.ts';
import { formatFamilies } from '../../../local/metrics/exposition.ts';
import { toFamilies } from '../../../local/metrics/overview-families.ts';
import { parseExposition } from './parse-exposition.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, 'deploy/monitoring', file), 'utf8');
const text = v.string();
const Rules = v.object({
  groups: v.array(
    v.object({
      rules: v.array(v.object({ alert: text, expr: text, annotations: v.object({ summary: text, runbook: text }) })),
    }),
  ),
});
const rules = v.parse(Rules, parse(read('signet-alerts.yml'))).groups.flatMap((group) => group.rules);
const Dashboard = v.object({
  panels: v.array(v.object({ title: text, targets: v.array(v.object({ expr: text })) })),
});
const panels = v.parse(Dashboard, JSON.parse(read('signet-dashboard.json'))).panels;

/** Every metric that a service with one of everything exposes. */
const exposed = new Map(
  parseExposition(
    formatFamilies(
      [
        ...toFamilies({
          schema: 1,
          at: '2026-11-30T00:00:00.000Z',
          profiles: [
            {
              profile: 'ocp',
              state: 'ready',
              revision: 'a',
              mode: 'enforce',
              refreshedAt: '2026-11-30T00:00:00.000Z',
              ageSeconds: 1,
              keyExpiresInDays: 20,
              keyrings: [],
            },
            { profile: 'okd', state: 'unreadable' },
          ],
          decisions: { fault: 'Unavailable: it could not be read' },
          queues: [{ name: 'push', waiting: 2, deadLetters: { count: 1, latest: [] } }],
          mirror: [
            {
              profile: 'ocp',
              schema: 1,
              plannedAt: '2026-11-30T00:00:00.000Z',
              failedGraphs: 0,
              minors: [{ minor: '4.16', architecture: 'x86_64', wanted: 3, held: 2, absent: 1 }],
            },
          ],
          readiness: [],
        }),
        ...countedFamilies(),
      ],
      'text',
    ),
    'text',
  ).map((sample) => [sample.name, sample] as const),
);

function countedFamilies() {
  const counts = createEventCounts();
  counts.createTelemetry('local');
  return counts.toFamilies();
}

const metricsOf = (expr: string): readonly string[] => expr.match(/\bsignet_[a-z_]+/g) ?? [];
const eventsOf = (expr: string): readonly string[] =>
  [...expr.matchAll(/event=~?"([A-Za-z|]+)"/g)].flatMap(([, names = '']) => names.split('|'));

describe('alerts and dashboard', () => {
  test.each([
    ...rules.map(({ alert, expr }) => [alert, expr]),
    ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr])),
  ])('%s looks at what is exposed', (_, expr = '') => {
    expect(metricsOf(expr).length + (expr.includes('up{') ? 1 : 0)).toBeGreaterThan(0);
    for (const name of metricsOf(expr)) expect([...exposed.keys()]).toContain(name);
    for (const event of eventsOf(expr)) expect(WATCHED_EVENTS).toContain(event);
  });

  test('each alert has a runbook, and each runbook that is not about AWS alone an alert', () => {
    for (const { annotations } of rules) expect(existsSync(path.join(ROOT, annotations.runbook))).toBe(true);
    const named = new Set(rules.map(({ annotations }) => path.basename(annotations.runbook)));
    const others = readdirSync(path.join(ROOT, 'docs/runbooks')).filter((file) => !named.has(file));
    // Lambda turns invocations away.
    expect(others).toEqual(['throttles.md']);
  });

  test.each(rules)('the runbook of $alert says what to do on one machine', ({ alert, annotations }) => {
    const runbook = readFileSync(path.join(ROOT, annotations.runbook), 'utf8');
    const own = runbook.slice(runbook.search(/On one machine/));
    expect(own).toContain(`\`${alert}\``);
  });

  test('every metric is told from nothing known: what could not be read has no sample', () => {
    expect(exposed.get('signet_overview_faults')?.value).toBe(1);
    expect(exposed.get('signet_key_expires_days')?.labels).toEqual({ profile: 'ocp' });
  });
});
