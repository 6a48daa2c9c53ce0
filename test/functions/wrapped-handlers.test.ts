import type { APIGatewayProxyEventV2, SQSEvent } from 'aws-lambda';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHandler as createMirrorSignatures } from '../../functions/mirror-signatures/handler.ts';
import { createHandler as createServeSignature } from '../../functions/serve-signature/handler.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { createUpstreamStores } from '../../lib/stores/open/open-stores.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is written to standard output meanwhile, where CloudWatch reads counts. */
function keepOutput(): string[] {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  return written;
}

const now = (): Date => new Date();

describe('with the telemetry that they have in production', () => {
  test('mirror-signatures answers with its batch’s failures', async () => {
    const written = keepOutput();
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
    const record = { messageId: 'm', receiptHandle: 'r', body: '{}', attributes: { ApproximateReceiveCount: '1' } };
    const answer = await handler({ Records: [record] } as SQSEvent, createLocalContext('mirror-signatures'));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(written).toEqual([]);
  });

  test('serve-signature answers, and its counts are one line of embedded metrics', async () => {
    const written = keepOutput();
    const telemetry = createTelemetry('serve-signature');
    vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const handler = createServeSignature({ objects: createMemoryObjectStore(), telemetry });
    const http = { method: 'GET', path: '/signatures/x/y' };
    const event = { rawPath: http.path, headers: {}, requestContext: { http } } as APIGatewayProxyEventV2;
    expect(await handler(event, createLocalContext('serve-signature'))).toMatchObject({ statusCode: 404 });
    const lines = written
      .filter((line) => line.includes('_aws'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([expect.objectContaining({ service: 'serve-signature', SignatureMiss: 1, Status4xx: 1 })]);
  });
});
