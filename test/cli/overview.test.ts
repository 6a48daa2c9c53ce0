import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHandler } from '../../functions/read-records/handler.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { readFixtureDocuments } from '../support/fixture-releases.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { runSignet } from '../support/run-signet.ts';
import { fillIndex } from '../verdict/records/decision-store.ts';

const NOW = new Date('2026-01-01T12:00:00.000Z');
let api = '';
let server: Server;

beforeAll(async () => {
  const objects = createMemoryObjectStore();
  const documents = readFixtureDocuments();
  await publishTrust(objects, await prepareTrust('ocp', documents), documents);
  await fillIndex(objects, 700, 100);
  const minors = [{ minor: '4.16', architecture: 'x86_64', wanted: 40, held: 38, absent: 1 }];
  const coverage = { schema: 1, plannedAt: '2026-01-01T11:00:00Z', failedGraphs: 0, minors };
  await objects.createObject('graph/coverage/ocp.json', Buffer.from(JSON.stringify(coverage)));
  const ready = { minor: '4.16', both: 30, 'openpgp only': 8, 'sigstore only': 0, neither: 2, unknown: 0, unasked: 0 };
  const transition = { schema: 1, reportedAt: '2026-01-01T10:00:00Z', outcome: 'not ready', minors: [ready] };
  await objects.createObject('graph/transition/ocp.json', Buffer.from(JSON.stringify(transition)));
  const handler = createHandler({
    trust: createTrustSource(objects, ['ocp', 'okd'], () => NOW),
    objects,
    queues: [
      {
        name: 'push',
        open: async () => ({
          queue: { countLetters: async () => 2 },
          dead: {
            countLetters: async () => 1,
            async *readLetters() {
              const letter = { id: 'l', sentAt: '2026-01-01T09:00:00Z', receiveCount: 1, body: '{}' };
              yield [{ ...letter, reason: 'TimedOut: \u001b[31mno answer' }];
            },
          },
        }),
      },
    ],
    telemetry: createKeptTelemetry(),
    now: () => NOW,
  });
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const event = toHttpEvent({ method: 'GET', path: url.pathname, query: Object.fromEntries(url.searchParams) });
    handler(event, createLocalContext('read-records')).then(
      ({ statusCode = 500, body = '' }) => response.writeHead(statusCode).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  api = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});

afterAll(() => {
  server.close();
});

test('signet overview shows trust, decisions, queues, mirror and readiness, and what is hostile as text', async () => {
  const { status, stdout } = await runSignet(['overview', api, '--days', '1']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ocp +ready +[0-9a-f]{12} +0 s/m);
  expect(stdout).toMatch(/^okd +unreadable$/m);
  expect(stdout).toMatch(/^2026-01-01 +420 +140 +140 +14$/m);
  expect(stdout).toMatch(/^push +2 +1$/m);
  expect(stdout).toContain('TimedOut: \\u001b[31mno answer');
  expect(stdout).toMatch(/^ocp +4\.16 +x86_64 +40 +38 +1$/m);
  expect(stdout).toMatch(/^ocp +4\.16 +30 +8 +0 +2$/m);
});

test.each([
  ['a number that is none', ['--days', 'x'], 2, 'days'],
  ['days beyond', ['--days', '91'], 2, 'days'],
])('signet overview refuses %s', async (_, args, expected, field) => {
  const { status, stderr } = await runSignet(['overview', api, ...args]);
  expect([status, stderr.includes(field)]).toEqual([expected, true]);
});

test('signet overview takes the URL of an API alone', async () => {
  expect((await runSignet(['overview', './data'])).status).toBe(2);
});
