import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { toJsonResponse, toNotFoundResponse, toProblemDocument } from '../../lib/platform/lambda/http-response.ts';
import { wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { describeError } from '../../lib/platform/lambda/telemetry.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import type { SecretSource } from '../../lib/platform/secrets/secret-source.ts';
import type { WebhookCredential } from '../../lib/platform/secrets/webhook-credentials.ts';
import { parseEcrEvent } from '../../lib/push/receive/parse/parse-ecr-event.ts';
import { isWebhookSource } from '../../lib/push/receive/parse/parse-webhook.ts';
import type { ParsedEvent } from '../../lib/push/receive/parse/push.ts';
import { type QueuedPushes, queuePushes } from '../../lib/push/receive/queue-pushes.ts';
import { receiveWebhook } from '../../lib/push/receive/receive-webhook.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';

export interface Dependencies {
  readonly trust: TrustSource;
  /** Undefined when none are configured: then no webhook exists. */
  readonly webhooks: SecretSource<readonly WebhookCredential[]> | undefined;
  readonly pushQueue: Queue;
  /** Puts an event that can never be read where dead letters are. */
  readonly sendDead: (message: DeadEvent, reason: string) => Promise<void>;
  readonly telemetry: Telemetry;
}

interface DeadEvent {
  readonly messageId: string;
  readonly body: string;
}

/** Webhooks of registries, and events of ECR from EventBridge: whatever was pushed goes on the push queue. */
export type ReceiveHandler = (
  event: APIGatewayProxyEventV2 | Readonly<Record<string, unknown>>,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2 | undefined>;

export function createHandler(dependencies: Dependencies): ReceiveHandler {
  const { telemetry } = dependencies;
  const answerWebhook = wrapHttp((event) => receiveHttp(event, dependencies), telemetry);
  return async (event, context) => {
    if (isHttp(event)) return await answerWebhook(event, context);
    try {
      await receiveEvent(event, dependencies);
    } finally {
      telemetry.flush();
    }
    return undefined;
  };
}

async function receiveHttp(
  event: APIGatewayProxyEventV2,
  dependencies: Dependencies,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { source = '', token } = event.pathParameters ?? {};
  const configured = (await dependencies.webhooks?.read()) ?? [];
  const credentials = configured.filter((credential) => credential.source === source);
  if (!isWebhookSource(source) || credentials.length === 0) return toNotFoundResponse('there is no such webhook');
  const { headers, body, isBase64Encoded } = event;
  const received = receiveWebhook({ source, token, headers, body, isBase64Encoded }, credentials);
  if (received === undefined) {
    dependencies.telemetry.count('WebhookRefused');
    return toProblemDocument(401, 'NotAuthenticated', 'Not authenticated', 'the credentials are not accepted');
  }
  return toJsonResponse(202, await queue(source, received, dependencies));
}

/** What can never be read is kept with its reason; any other failure is thrown, and EventBridge sends it again. */
async function receiveEvent(event: Readonly<Record<string, unknown>>, dependencies: Dependencies): Promise<void> {
  const { telemetry, sendDead } = dependencies;
  let received: ParsedEvent;
  try {
    received = parseEcrEvent(event);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    telemetry.count('PushMalformed');
    telemetry.log('warn', 'malformed event', { error: describeError(error) });
    await sendDead({ messageId: String(event['id']), body: JSON.stringify(event) }, error.message);
    return;
  }
  await queue('ecr', received, dependencies);
}

async function queue(
  source: string,
  event: ParsedEvent,
  { trust, pushQueue, telemetry }: Dependencies,
): Promise<QueuedPushes> {
  const read = await Promise.allSettled(trust.profiles.map((profile) => trust.read(profile)));
  const profiles = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value.prepared] : []));
  const result = await queuePushes(event, profiles, pushQueue);
  telemetry.log('info', 'push received', { source, ...result });
  const failures = read.filter((one) => one.status === 'rejected').map(({ reason }): unknown => reason);
  // Whoever sent it may send it again: what the others map is queued, and twice is no harm.
  const failure = profiles.length === 0 ? failures[0] : failures.find((error) => !isUnpublished(error));
  if (failure !== undefined && event.kind === 'pushes') throw failure;
  telemetry.count('PushQueued', result.queued);
  telemetry.count('PushUnmapped', result.unmapped);
  telemetry.count('PushIgnored', result.ignored === undefined ? 0 : 1);
  return result;
}

/** Nothing was ever published for the profile, so it maps nothing; it must not cost the others their pushes. */
function isUnpublished(error: unknown): boolean {
  return error instanceof ConfigurationError && error.code === 'TrustMissing';
}

function isHttp(event: Parameters<ReceiveHandler>[0]): event is APIGatewayProxyEventV2 {
  return 'requestContext' in event && 'rawPath' in event;
}
