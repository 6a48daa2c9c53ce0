import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MIN_EDGE_SECRET_LENGTH, onlyThroughEdge } from '../../../lib/platform/lambda/edge.ts';
import { createTelemetry } from '../../../lib/platform/lambda/telemetry.ts';

const SECRET = 's'.repeat(MIN_EDGE_SECRET_LENGTH);
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-edge-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function ask(event: object, secret: string | undefined) {
  const location = path.join(directory, 'secret');
  await rm(location, { force: true });
  if (secret !== undefined) await writeFile(location, secret);
  const counted: string[] = [];
  const telemetry = {
    ...createTelemetry('test', 'none'),
    log: () => undefined,
    count: (name: string) => counted.push(name),
  };
  let handled = 0;
  const handle = async () => {
    handled += 1;
    return 'handled' as const;
  };
  const answer = await onlyThroughEdge(handle, { location, telemetry })(event, {});
  return { status: answer === 'handled' ? 'handled' : answer.statusCode, handled, counted };
}

const requestOf = (headers: unknown) => ({ requestContext: {}, rawPath: '/webhooks/quay', headers });

describe('a function behind the CDN', () => {
  test.each<[name: string, event: object, secret: string | undefined, status: number | 'handled', counted: string[]]>([
    ['the secret', requestOf({ 'x-signet-edge': SECRET }), SECRET, 'handled', []],
    ['no header', requestOf({}), SECRET, 403, ['EdgeRefused']],
    ['no headers', requestOf(undefined), SECRET, 403, ['EdgeRefused']],
    ['headers that are null', requestOf(null), SECRET, 403, ['EdgeRefused']],
    ['an empty header', requestOf({ 'x-signet-edge': '' }), SECRET, 403, ['EdgeRefused']],
    ['a part of the secret', requestOf({ 'x-signet-edge': SECRET.slice(1) }), SECRET, 403, ['EdgeRefused']],
    ['the secret twice', requestOf({ 'x-signet-edge': `${SECRET},${SECRET}` }), SECRET, 403, ['EdgeRefused']],
    ['a list with the secret', requestOf({ 'x-signet-edge': [SECRET] }), SECRET, 403, ['EdgeRefused']],
    ['the secret elsewhere', requestOf({ 'x-signet-edges': SECRET }), SECRET, 403, ['EdgeRefused']],
    ['a name of every object', requestOf({ constructor: SECRET }), SECRET, 403, ['EdgeRefused']],
    ['an event that is no request', { source: 'aws.ecr' }, SECRET, 'handled', []],
    ['an empty secret', requestOf({ 'x-signet-edge': '' }), '', 500, ['RequestFailed']],
    ['a short secret', requestOf({ 'x-signet-edge': 'short' }), 'short', 500, ['RequestFailed']],
    ['a secret of lines', requestOf({ 'x-signet-edge': SECRET }), `${SECRET}\n`, 500, ['RequestFailed']],
    ['a secret that is not there', requestOf({ 'x-signet-edge': '' }), undefined, 503, ['RequestFailed']],
  ])('with %s', async (_, event, secret, status, counted) => {
    expect(await ask(event, secret)).toEqual({ status, handled: status === 'handled' ? 1 : 0, counted });
  });
});
