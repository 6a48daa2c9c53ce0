import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHandler as createMirrorSignatures } from '../../functions/mirror-signatures/handler.ts';
import { createHandler as createServeSignature } from '../../functions/serve-signature/handler.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { createUpstreamStores } from '../../lib/stores/open/open-stores.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { listenToLog } from '../support/listen-to-log.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { toSqsEvent } from '../support/sqs-event.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const now = (): Date => new Date();

describe('with the telemetry that they have in production', () => {
  test('mirror-signatures answers with its batch’s failures', async () => {
    const { out: written } = listenToLog();
    const objects = createMemoryObjectStore();
    const handler = createMirrorSignatures({
      trust: createTrustSource(objects, ['ocp'], now),
      objects,
      upstream: createUpstreamStores({}),
      telemetry: createTelemetry('mirror-signatures'),
      now,
      maxReceives: 10,
      delayMessage: async () => undefined,
      sendDead: () => Promise.reject(new Error('no dead-letter queue')),
    });
    const answer = await handler(toSqsEvent(['{}']), createLocalContext('mirror-signatures'));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([{ service: 'mirror-signatures', MessageFailed: 1 }]);
  });

  test.each<[header: string, status: number]>([
    ['"TAG"', 304],
    ['W/"TAG"', 304],
    ['"other", W/"TAG"', 304],
    ['*', 304],
    ['"other"', 200],
    ['TAG', 200],
    ['', 200],
  ])('serve-signature, If-None-Match: %s', async (header, status) => {
    listenToLog();
    vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const objects = createMemoryObjectStore();
    const key = `signatures/sha256=${'0'.repeat(64)}/signature-1`;
    await objects.createObject(key, Buffer.from('x'));
    const etag = (await objects.readObject(key, 1))?.etag.replaceAll('"', '') ?? '';
    const handler = createServeSignature({ objects, telemetry: createTelemetry('serve-signature') });
    const headers = { 'if-none-match': header.replace('TAG', etag) };
    const event = toHttpEvent({ method: 'GET', path: `/${key}`, headers });
    expect(await handler(event, createLocalContext('serve-signature'))).toMatchObject({ statusCode: status });
  });

  test('serve-signature answers, and its counts are one line of embedded metrics', async () => {
    const { out: written } = listenToLog();
    const telemetry = createTelemetry('serve-signature');
    vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const handler = createServeSignature({ objects: createMemoryObjectStore(), telemetry });
    const event = toHttpEvent({ method: 'GET', path: '/signatures/x/y' });
    expect(await handler(event, createLocalContext('serve-signature'))).toMatchObject({ statusCode: 404 });
    const lines = written
      .flatMap((text) => text.trimEnd().split('\n'))
      .filter((line) => line.includes('_aws'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([expect.objectContaining({ service: 'serve-signature', SignatureMiss: 1, Status4xx: 1 })]);
  });
});
