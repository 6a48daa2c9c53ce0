import type { IncomingMessage } from 'node:http';
import type { ObjectStore } from '../../../../lib/platform/objects/port/object-store.ts';
import { startServer } from '../../../support/servers/start-server.ts';
import { answerJson, type JsonContents, LAYERS } from './answer-json.ts';
import { createS3Answers, isS3, type S3Answers } from './answer-s3.ts';
import { ACCOUNT, type AwsAnswer, type AwsCall, type AwsRequest } from './aws-call.ts';

export interface AwsContents extends JsonContents {
  readonly objects: ObjectStore;
}

export interface Aws extends Pick<S3Answers, 'loseAnswer'> {
  readonly port: number;
  /** What was asked for, in order. */
  readonly calls: readonly AwsCall[];
  readonly stop: () => Promise<void>;
}

/** AWS for a bundle that calls it, told apart by the host that is asked. It lets everything pass, and notes it. */
export async function startAws(contents: AwsContents): Promise<Aws> {
  const calls: AwsCall[] = [];
  const s3 = createS3Answers(contents.objects);
  const answerRequest = async (request: AwsRequest): Promise<AwsAnswer> =>
    isS3(request) && !request.host.startsWith(`${LAYERS}.`)
      ? await s3.answer(request)
      : (answerLayer(request) ??
        answerJson(request, contents) ??
        answerTopic(request) ??
        answerCdn(request) ??
        toUnknown(request));
  const server = await startServer((incoming, response) => {
    void readRequest(incoming)
      .then(answerRequest)
      .then(({ calls: asked, status, headers, body, isLost = false }) => {
        calls.push(...asked);
        if (isLost) return response.destroy();
        return response.writeHead(status, { ...headers }).end(body);
      })
      // Not answered, so that the bundle fails, and its test with it.
      .catch((error: unknown) => {
        calls.push({ action: `failed: ${String(error)}`, resource: String(incoming.headers.host) });
        response.destroy();
      });
  });
  return { port: server.port, calls, loseAnswer: s3.loseAnswer, stop: () => server.close() };
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const { method = '', headers } = incoming;
  const host = String(headers.host);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { host, method, url: new URL(incoming.url ?? '', `https://${host}`), headers, body: Buffer.concat(chunks) };
}

/** Whoever has the URL of a layer may read it: no permission is asked for. */
function answerLayer({ host }: AwsRequest): AwsAnswer | undefined {
  return host.startsWith(`${LAYERS}.`) ? { calls: [], status: 200, headers: {}, body: LAYER } : undefined;
}

/** What is in every layer. */
export const LAYER = '{}';

function answerTopic({ host, body }: AwsRequest): AwsAnswer | undefined {
  if (!host.startsWith('sns.')) return undefined;
  const form = new URLSearchParams(body.toString('utf8'));
  const call = { action: `sns:${form.get('Action')}`, resource: String(form.get('TopicArn')) };
  const text = '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';
  return { calls: [call], status: 200, headers: { 'content-type': 'text/xml' }, body: text };
}

function answerCdn({ host, method, url }: AwsRequest): AwsAnswer | undefined {
  const [, distribution] = /^\/[0-9-]+\/distribution\/(\w+)\/invalidation$/.exec(url.pathname) ?? [];
  if (host !== 'cloudfront.amazonaws.com' || method !== 'POST' || distribution === undefined) return undefined;
  const resource = `arn:aws:cloudfront::${ACCOUNT}:distribution/${distribution}`;
  const text = '<Invalidation><Id>1</Id><Status>InProgress</Status></Invalidation>';
  return { calls: [{ action: 'cloudfront:CreateInvalidation', resource }], status: 201, headers: {}, body: text };
}

function toUnknown({ host, method, url, headers }: AwsRequest): AwsAnswer {
  const action = `unknown: ${String(headers['x-amz-target'] ?? method)}`;
  return { calls: [{ action, resource: `${host}${url.pathname}` }], status: 501 };
}
