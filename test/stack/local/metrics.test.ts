import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStartOptions } from '../../../local/options.ts';
import { type LocalService, startService } from '../../../local/start-service.ts';
import { parseExposition } from '../../local/metrics/parse-exposition.ts';
import { findTool } from '../../support/tools.ts';

const ALERTS = path.join(import.meta.dirname, '../../../deploy/monitoring/signet-alerts.yml');
const promtool = findTool('promtool');
let data: string;
let service: LocalService;

beforeAll(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'signet-metrics-'));
  const options = parseStartOptions(['--port', '0', '--data', data]);
  if (options === undefined) throw new Error('it starts');
  service = await startService(options);
  for (const { pullspec } of service.demo) {
    const body = JSON.stringify({ pullspec });
    await fetch(`${service.url}/v1/verify`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  }
  await fetch(`${service.url}/webhooks/quay/not-the-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
});

afterAll(async () => {
  await service.close();
  await rm(data, { recursive: true, force: true });
});

async function scrape(accept: string): Promise<{ readonly type: string; readonly text: string }> {
  const response = await fetch(`${service.url}/metrics`, { headers: { accept } });
  return { type: response.headers.get('content-type') ?? '', text: await response.text() };
}

test('the service exposes what it decided, its trust and its queues, as OpenMetrics where that is asked for', async () => {
  const { type, text } = await scrape('application/openmetrics-text; version=1.0.0, text/plain; q=0.5');
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const samples = parseExposition(text, 'openmetrics');
  const sum = (name: string, labels: Readonly<Record<string, string>>): number =>
    samples
      .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
      .reduce((total, { value }) => total + value, 0);
  expect(sum('signet_verdicts_total', { source: 'api' })).toBe(service.demo.length);
  expect(sum('signet_verdicts_total', { source: 'api', outcome: 'accepted' })).toBeGreaterThan(0);
  expect(sum('signet_events_total', { service: 'receive-push', event: 'WebhookRefused' })).toBe(1);
  expect(sum('signet_trust_ready', { profile: 'demo' })).toBe(1);
  expect(samples.filter(({ name }) => name === 'signet_queue_dead_letters')).toHaveLength(4);
  expect(sum('signet_overview_faults', {})).toBe(0);
});

describe.skipIf(promtool === undefined)('promtool', () => {
  test('finds no fault in the metrics', async () => {
    const { text } = await scrape('text/plain');
    const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input: text });
    expect([status, String(stdout), String(stderr)]).toEqual([0, '', '']);
  });

  test('finds a fault in metrics that have one', () => {
    const input = '# TYPE signet_x counter\nsignet_x 1\n';
    expect(spawnSync(promtool ?? '', ['check', 'metrics'], { input }).status).not.toBe(0);
  });

  test('finds no fault in the alerts', () => {
    const { status, stdout } = spawnSync(promtool ?? '', ['check', 'rules', ALERTS]);
    expect([status, /SUCCESS: 15 rules/.test(String(stdout))]).toEqual([0, true]);
  });
});
