import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type LogLevel, readLogLevel, readTraceId } from '../../../lib/platform/lambda/environment.ts';
import { createTelemetry, withLogContext } from '../../../lib/platform/lambda/telemetry.ts';
import { listenToLog } from '../../support/listen-to-log.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const circle: Record<string, unknown> = {};
circle['self'] = circle;

describe('a line of the log', () => {
  const own = { level: 'INFO', message: 'request', timestamp: '2026-11-22T10:00:00.000Z', service: 'check-pullspec' };
  const traced = 'Root=1-a-b;Sampled=1';

  test.each<[name: string, given: { trace?: string; fields?: Record<string, unknown> }, line: object]>([
    ['its fields', {}, { ...own, status: 200 }],
    ['the trace', { trace: traced }, { ...own, xray_trace_id: '1-a-b', status: 200 }],
    ['a field that would pass for another', { fields: { level: 'ERROR', service: 'x', timestamp: 0 } }, own],
    ['line ends in a field', { fields: { text: 'a\nb\r\u2028' } }, { ...own, text: 'a\nb\r\u2028' }],
    ['a field without an end', { fields: { circle } }, { ...own, unwritten: ['circle'] }],
    ['a number that JSON has not', { fields: { big: 1n } }, { ...own, unwritten: ['big'] }],
  ])('has %s', (_, { trace, fields = { status: 200 } }, line) => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T10:00:00Z') });
    vi.stubEnv('_X_AMZN_TRACE_ID', trace);
    const { out } = listenToLog();
    createTelemetry('check-pullspec').log('info', 'request', fields);
    expect(out).toHaveLength(1);
    const [text = ''] = out;
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(text)).toStrictEqual(line);
  });

  test.each<[least: LogLevel, kept: readonly string[]]>([
    ['DEBUG', ['info', 'warn', 'error']],
    ['INFO', ['info', 'warn', 'error']],
    ['WARN', ['warn', 'error']],
    ['ERROR', ['error']],
    ['SILENT', []],
  ])('is kept from its level on: %s', (least, kept) => {
    vi.stubEnv('SIGNET_LOG_LEVEL', least);
    const { out, err } = listenToLog();
    const { log } = createTelemetry('check-pullspec');
    for (const level of ['info', 'warn', 'error'] as const) log(level, level);
    expect([...out, ...err].map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(kept);
  });
});

test.each([
  ['DEBUG', 'DEBUG'],
  ['warn', 'WARN'],
  ['SILENT', 'SILENT'],
  ['', 'INFO'],
  ['loud', 'INFO'],
  [undefined, 'INFO'],
])('SIGNET_LOG_LEVEL %j is %s', (value, level) => {
  expect(readLogLevel({ SIGNET_LOG_LEVEL: value })).toBe(level);
});

test.each([
  ['Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1', '1-5759e988-bd862e3fe1be46a994272793'],
  ['Sampled=1;Root=1-2-3', '1-2-3'],
  ['', undefined],
  ['Root=", "message": "forged', undefined],
  [undefined, undefined],
])('the trace of %j is %s', (value, traceId) => {
  expect(readTraceId({ _X_AMZN_TRACE_ID: value })).toBe(traceId);
});

describe('telemetry', () => {
  test('tells of its state on one stream, and of failures on the other', () => {
    const { out, err } = listenToLog();
    const { log } = createTelemetry('check-pullspec');
    log('info', 'ready');
    log('warn', 'slow', { milliseconds: 7 });
    log('error', 'broken');
    expect([out, err].map((lines) => lines.map((line) => (JSON.parse(line) as { level: string }).level))).toEqual([
      ['INFO'],
      ['WARN', 'ERROR'],
    ]);
  });

  test('goes on when nobody reads it any more', async () => {
    const module = new URL('../../../lib/platform/lambda/telemetry.ts', import.meta.url).href;
    const script = `
      import { createTelemetry } from '${module}';
      import { setTimeout as delay } from 'node:timers/promises';
      const { log, count, flush } = createTelemetry('service');
      for (let line = 0; line < 20; line += 1) { log('info', 'x'); log('error', 'x'); count('X'); flush(); await delay(10); }
      process.exit(7);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    child.stderr.destroy();
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  test('loses no line, and keeps their order, when they are read late from a descriptor that does not wait', async () => {
    const module = new URL('../../../lib/platform/lambda/telemetry.ts', import.meta.url).href;
    const script = `
      import { createTelemetry } from '${module}';
      // Made by somebody else, the stream has the system refuse what the pipe has no room for.
      process.stdout.write('');
      const { flush } = createTelemetry('service');
      for (let line = 0; line < 300; line += 1) {
        flush('info', 'x'.repeat(1000), { line });
        if (line > 150) await new Promise((resolve) => setTimeout(resolve, 2));
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await delay(500);
    let out = '';
    for await (const text of child.stdout) out += String(text);
    const numbers = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { line: number }).line);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, line) => line));
  });

  test('goes on while its log is not read, where a process lives on', async () => {
    const module = new URL('../../../lib/platform/lambda/telemetry.ts', import.meta.url).href;
    const script = `
      import { createTelemetry } from '${module}';
      const { log, flush } = createTelemetry('service', 'none');
      for (let line = 0; line < 300; line += 1) { log('info', 'x'.repeat(1000)); flush('info', 'x'.repeat(1000)); }
      setTimeout(() => process.exit(7), 10);`;
    // The pipe is open, full, and not read.
    const piped = '{ "$0" --input-type=module -e "$1"; echo "ended $?" >&2; } | sleep 60';
    const child = spawn('sh', ['-c', piped, process.execPath, script], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = (await once(child.stderr, 'data')) as [Buffer];
    process.kill(-(child.pid ?? 0));
    expect(String(said)).toBe('ended 7\n');
  }, 20_000);

  test('is silent where it is told', () => {
    vi.stubEnv('SIGNET_LOG_LEVEL', 'SILENT');
    const { out, err } = listenToLog();
    const { log, count, flush } = createTelemetry('check-pullspec', 'none');
    log('error', 'broken');
    count('Broken');
    flush();
    expect([out, err]).toEqual([[], []]);
  });

  test('writes the last lines of events that end together at once, where a process lives on', async () => {
    const { out } = listenToLog();
    const { log, flush } = createTelemetry('check-pullspec', 'none');
    for (const path of ['/one', '/two']) flush('info', 'request', { path });
    expect(out).toEqual([]);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const paths = (lines: string | undefined) =>
      lines
        ?.trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { path: string }).path);
    expect(out.map(paths)).toEqual([['/one', '/two']]);
    // A line that cannot wait comes after those that do.
    flush('info', 'request', { path: '/three' });
    log('info', 'ready', { path: '/four' });
    expect(out.slice(1).map(paths)).toEqual([['/three'], ['/four']]);
  });

  test('loses no line of an event when the process ends at once', async () => {
    const module = new URL('../../../lib/platform/lambda/telemetry.ts', import.meta.url).href;
    const script = `
      import { createTelemetry } from '${module}';
      createTelemetry('service', 'none').flush('info', 'last');
      process.exit(7);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    for await (const text of child.stdout) out += String(text);
    expect(JSON.parse(out)).toMatchObject({ message: 'last' });
  });

  test('hands counts over once, as CloudWatch reads them', () => {
    const { out } = listenToLog();
    const { count, flush } = createTelemetry('check-pullspec');
    count('Checked.accepted');
    count('Checked.accepted', 2);
    flush();
    flush();
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      service: 'check-pullspec',
      'Checked.accepted': 3,
      _aws: { CloudWatchMetrics: [{ Namespace: 'Signet', Metrics: [{ Name: 'Checked.accepted', Unit: 'Count' }] }] },
    });
  });

  test.each([
    ['info', [['INFO', undefined]], []],
    ['error', [[undefined]], [['ERROR']]],
  ] as const)(
    'the last line of an event, %s, is written with the counts, in one piece each stream',
    (name, toOut, toErr) => {
      const { out, err } = listenToLog();
      const { count, flush } = createTelemetry('check-pullspec');
      count('Status2xx');
      flush(name, 'request', { status: 200 });
      const levels = (writes: readonly string[]) =>
        writes.map((text) =>
          text
            .trimEnd()
            .split('\n')
            .map((line) => (JSON.parse(line) as { level?: string }).level),
        );
      expect([levels(out), levels(err)]).toEqual([toOut, toErr]);
    },
  );

  test('has the stage as a dimension, so that stages of an account do not add up', () => {
    vi.stubEnv('SIGNET_STAGE', 'prod');
    const { out } = listenToLog();
    const { count, flush } = createTelemetry('verify-image');
    count('RequestFailed');
    flush();
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      service: 'verify-image',
      stage: 'prod',
      _aws: { CloudWatchMetrics: [{ Dimensions: [['service', 'stage']] }] },
    });
  });

  test('measures in a unit, and replaces a measure of the same event', () => {
    const { out } = listenToLog();
    const { measure, flush } = createTelemetry('reverify');
    measure('TrustAgeSeconds', 5, 'Seconds');
    measure('TrustAgeSeconds', 7, 'Seconds');
    measure('KeyExpiresInDays', 90, 'None');
    flush();
    const Metrics = [
      { Name: 'TrustAgeSeconds', Unit: 'Seconds' },
      { Name: 'KeyExpiresInDays', Unit: 'None' },
    ];
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      TrustAgeSeconds: 7,
      KeyExpiresInDays: 90,
      _aws: { CloudWatchMetrics: [{ Metrics }] },
    });
  });

  test('names what it works for in every line, whatever runs beside it', async () => {
    const { out } = listenToLog();
    const { log } = createTelemetry('verify-pushed');
    const work = (correlationId: string, milliseconds: number) =>
      withLogContext({ correlationId }, async () => {
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        log('info', correlationId);
      });
    await withLogContext({ requestId: 'r', coldStart: true }, () => Promise.all([work('one', 20), work('other', 1)]));
    log('info', 'nobody');
    const lines = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      lines.map(({ message, ...line }) => [message, line['correlationId'], line['requestId'], line['coldStart']]),
    ).toEqual([
      ['other', 'other', 'r', true],
      ['one', 'one', 'r', true],
      ['nobody', undefined, undefined, undefined],
    ]);
  });
});
