import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import {
  toJsonResponse,
  toNotFoundResponse,
  toProblemDocument,
  wrapHttp,
} from '../../lib/platform/lambda/http-stack.ts';
import { type InvocationContext, wrapEvent } from '../../lib/platform/lambda/invocation.ts';
import type { SecretSource } from '../../lib/platform/secrets/secret-source.ts';
import type { WebhookCredential } from '../../lib/platform/secrets/webhook-credentials.ts';
import { isWebhookSource } from '../../lib/push/receive/parse/parse-webhook.ts';
import { receiveWebhook } from '../../lib/push/receive/receive-webhook.ts';
import { bindTrustSource } from '../../lib/trust/source/trust-source.ts';
import { type QueueEventDependencies, queueEcrEvent, queueEvent } from './queue-event.ts';

export interface Dependencies extends QueueEventDependencies {
  /** Undefined when none are configured: then no webhook exists. */
  readonly webhooks: SecretSource<readonly WebhookCredential[]> | undefined;
}

type EcrEvent = Readonly<Record<string, unknown>>;

/** Webhooks of registries, and events of ECR from EventBridge: what was pushed is put on the push queue. */
export type ReceiveHandler = (
  event: APIGatewayProxyEventV2 | EcrEvent,
  context: InvocationContext,
) => Promise<APIGatewayProxyStructuredResultV2 | undefined>;

export function createHandler(dependencies: Dependencies): ReceiveHandler {
  const { telemetry, webhooks } = dependencies;
  const bind = (signal: AbortSignal) => ({ ...dependencies, trust: bindTrustSource(dependencies.trust, signal) });
  const answerWebhook = wrapHttp(async (event, signal) => {
    const { source = '', token } = event.pathParameters ?? {};
    const credentials = ((await webhooks?.read()) ?? []).filter((credential) => credential.source === source);
    if (!isWebhookSource(source) || credentials.length === 0) return toNotFoundResponse('there is no such webhook');
    const { headers, body, isBase64Encoded } = event;
    const received = receiveWebhook({ source, token, headers, body, isBase64Encoded }, credentials);
    if (received === undefined) {
      telemetry.count('WebhookRefused');
      return toProblemDocument(401, 'NotAuthenticated', 'Not authenticated', 'the credentials are not accepted');
    }
    return toJsonResponse(202, await queueEvent(source, received, bind(signal)));
  }, telemetry);
  const receiveEvent = wrapEvent((event: EcrEvent, signal) => queueEcrEvent(event, bind(signal)), {
    telemetry,
    failure: 'push event not received',
    reserveMs: EVENT_RESERVE_MS,
  });
  return async (event, context) => {
    if (isHttp(event)) return await answerWebhook(event, context);
    await receiveEvent(event, context);
    return undefined;
  };
}

/** The function has 10 s. */
const EVENT_RESERVE_MS = 1000;

function isHttp(event: APIGatewayProxyEventV2 | EcrEvent): event is APIGatewayProxyEventV2 {
  return 'requestContext' in event && 'rawPath' in event;
}
