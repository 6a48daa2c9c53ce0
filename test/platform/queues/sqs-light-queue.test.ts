import { afterEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createSqsLightQueue } from '../../../lib/platform/queues/sqs-light-queue.ts';
import { type AwsAnswer, type AwsApi, startAwsApi } from '../../support/servers/start-aws-api.ts';
import { receiveMessages } from '../../support/sqs-server/poll-queue.ts';
import { startSqsServer, type TestSqsServer } from '../../support/sqs-server/start-sqs-server.ts';

const settings = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' } };

describe('a queue that is sent to without the SDK', () => {
  let server: TestSqsServer | undefined;
  let api: AwsApi | undefined;
  afterEach(async () => {
    await server?.stop();
    await api?.close();
  });

  it('has more messages than a batch, each once', async () => {
    server = await startSqsServer();
    const texts = Array.from({ length: 23 }, (_, index) => JSON.stringify({ text: `message ${index} ö` }));
    await createSqsLightQueue({ ...settings, queueUrl: server.queueUrl }).sendMessages(texts);
    const received = new Set<string | undefined>();
    for (let round = 0; round < 6 && received.size < texts.length; round += 1) {
      for (const { Body } of await receiveMessages(server.client, server.queueUrl)) received.add(Body);
    }
    expect(received).toEqual(new Set(texts));
  });

  it('that does not exist is a failure that names it', async () => {
    server = await startSqsServer();
    const queue = createSqsLightQueue({ ...settings, queueUrl: `${server.queueUrl}-not` });
    await expect(queue.sendMessages(['1'])).rejects.toThrow(
      /^queue \S+-not: 1 of 1 messages were not sent: sending failed: 400 \S*(?:QueueDoesNotExist|NonExistentQueue)/,
    );
  });

  it('is asked as SQS wants it, signed and with the session of the role', async () => {
    api = await startAwsApi(() => ({ body: JSON.stringify({ Successful: [{ Id: '0' }] }) }));
    const queueUrl = `${api.client.endpoint}/1/work`;
    await createSqsLightQueue({ ...settings, queueUrl }).sendMessages(['"body"']);
    expect(api.requests).toEqual([
      {
        target: 'AmazonSQS.SendMessageBatch',
        contentType: 'application/x-amz-json-1.0',
        body: JSON.stringify({ QueueUrl: queueUrl, Entries: [{ Id: '0', MessageBody: '"body"' }] }),
      },
    ]);
  });

  it.each<[name: string, answer: AwsAnswer, reason: RegExp]>([
    ['HTML with 200', { body: '<html></html>' }, /did not answer in JSON/],
    ['another shape', { body: JSON.stringify({ Successful: [1] }) }, /something else than a batch/],
    ['nothing, and so nothing taken', { body: '{}' }, /1 of 1 messages were not sent/],
    ['a name for what was not sent', { body: JSON.stringify({ Successful: [{ Id: '7' }] }) }, /1 of 1/],
    ['refused', { status: 403, body: '{"__type":"com.amazon.coral#AccessDenied"}' }, /403 AccessDenied/],
    ['a failure of theirs', { status: 500, body: '' }, /sending failed: 500/],
    ['no answer', 'silence', /TimeoutError/],
  ])('a failure: %s', async (_, answer, reason) => {
    api = await startAwsApi(() => answer);
    const queue = createSqsLightQueue({
      ...settings,
      queueUrl: `${api.client.endpoint}/1/work`,
      requestTimeoutMs: 100,
    });
    const error: unknown = await queue.sendMessages(['1']).catch((thrown: unknown) => thrown);
    if (!(error instanceof StoreError)) throw new Error(`no StoreError but ${String(error)}`);
    expect(error.code).toBe('ConnectionFailed');
    expect(error.message).toMatch(reason);
  });
});
