import type { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { afterEach, beforeEach, vi } from 'vitest';
import { createSqsClient } from '../../../lib/platform/queues/sqs-client.ts';

export const QUEUE = 'work';
export const DEAD_LETTERS = 'work-dead';
/** Times that a message is handed out before the queue itself moves it. */
export const MAX_RECEIVE_COUNT = 2;

export interface TestSqsServer {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  stop(): Promise<void>;
}

/** The embedded SQS of one machine with a queue and its dead-letter queue; what is in `dataDir` is there again. */
export async function startSqsServer({ dataDir }: { readonly dataDir?: string } = {}): Promise<TestSqsServer> {
  const server = await startFauxqs({ port: 0, logger: false, ...(dataDir === undefined ? {} : { dataDir }) });
  if (server.inspectQueue(QUEUE) === undefined) createQueues(server);
  const endpoint = `http://127.0.0.1:${server.port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' };
  const client = createSqsClient({ endpoint, region: 'us-east-1', credentials });
  dropWaits(client);
  return {
    client,
    // Not the URLs that the server gives: their host is not this one.
    queueUrl: `${endpoint}/000000000000/${QUEUE}`,
    deadLetterUrl: `${endpoint}/000000000000/${DEAD_LETTERS}`,
    async stop() {
      client.destroy();
      await server.stop();
    },
  };
}

function createQueues(server: Awaited<ReturnType<typeof startFauxqs>>): void {
  const { queueArn } = server.createQueue(DEAD_LETTERS);
  const redrive = { deadLetterTargetArn: queueArn, maxReceiveCount: MAX_RECEIVE_COUNT };
  server.createQueue(QUEUE, { attributes: { VisibilityTimeout: '1', RedrivePolicy: JSON.stringify(redrive) } });
}

/**
 * Stops the clock of this process, which is the embedded server's too, during each test of the file. Messages become
 * visible only as the test lets time pass; timers run as ever.
 */
export function stopClock(): { readonly pass: (milliseconds: number) => void } {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return { pass: (milliseconds) => void vi.advanceTimersByTime(milliseconds) };
}

/** A queue of one server whose clock stands finds nothing later that it has not now. */
function dropWaits({ middlewareStack }: SQSClient): void {
  middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input, WaitTimeSeconds: undefined } }), {
    step: 'initialize',
  });
}
