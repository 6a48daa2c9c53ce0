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
import type { VerifyIdentity } from '../../lib/push/receive/identity.ts';
import type { QueuedPushes } from '../../lib/push/receive/queue-pushes.ts';
import { allowSender, receiveWebhook } from '../../lib/push/receive/receive-webhook.ts';
import { isWebhookSource } from '../../lib/push/receive/webhook-formats.ts';
import { bindTrustSource } from '../../lib/trust/source/trust-source.ts';
import { type QueueEventDependencies, queueEcrEvent, queueEvent } from './queue-event.ts';

export interface Dependencies extends QueueEventDependencies {
  /** Undefined when none are configured: then no webhook exists. */
  readonly webhooks: SecretSource<readonly WebhookCredential[]> | undefined;
  readonly verifyIdentity: VerifyIdentity;
}

type EcrEvent = Readonly<Record<string, unknown>>;

/** Webhooks of registries, and events of ECR from EventBridge: what was pushed is put on the push queue. */
export type ReceiveHandler = (
  event: APIGatewayProxyEventV2 | EcrEvent,
  context: InvocationContext,
) => Promise<APIGatewayProxyStructuredResultV2 | undefined>;

export function createHandler(dependencies: Dependencies): ReceiveHandler {
  const { telemetry, webhooks, verifyIdentity } = dependencies;
  const bind = (signal: AbortSignal) => ({ ...dependencies, trust: bindTrustSource(dependencies.trust, signal) });
  const answerWebhook = wrapHttp(async (event, { signal }) => {
    const { source = '', token } = event.pathParameters ?? {};
    const credentials = ((await webhooks?.read()) ?? []).filter((credential) => credential.source === source);
    if (!isWebhookSource(source) || credentials.length === 0) {
      telemetry.log('warn', 'webhook refused', { source: source.slice(0, MAX_SOURCE), reason: NO_CREDENTIAL });
      return toNotFoundResponse('there is no such webhook');
    }
    const { headers, body, isBase64Encoded } = event;
    const request = { source, token, headers, body, isBase64Encoded };
    const asks = event.requestContext.http.method === 'OPTIONS';
    const received = asks
      ? allowSender(request, credentials)
      : await receiveWebhook(request, credentials, verifyIdentity);
    switch (received.kind) {
      case 'refused':
        telemetry.count('WebhookRefused');
        telemetry.log('warn', 'webhook refused', { source, reason: received.reason });
        return toProblemDocument(401, 'NotAuthenticated', 'Not authenticated', 'the credentials are not accepted');
      case 'allowed':
        telemetry.log('info', 'sender allowed', { source, origin: received.origin });
        return { statusCode: 204, headers: { ...ALLOWED, 'webhook-allowed-origin': received.origin } };
      case 'validation':
        telemetry.log('info', 'subscription validated', { source });
        return toJsonResponse(200, { validationResponse: received.code });
      case 'pushes':
      case 'ignored':
        if (received.foreign !== undefined) {
          telemetry.count('WebhookRefused');
          telemetry.log('warn', 'push refused', { source, reason: received.foreign });
        }
        return toJsonResponse(202, toAnswer(await queueEvent(source, received, bind(signal))));
      default:
        return received satisfies never;
    }
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

/** What every sender that may send is told: it is not asked to send less, and is answered 429 or 503 when it should wait. */
const ALLOWED = { allow: 'POST, OPTIONS', 'webhook-allowed-rate': '*', 'cache-control': 'no-store' };

/** What a registry is told: its own names, and nothing of profiles. */
function toAnswer({ unmappedRepositories, ...counts }: QueuedPushes): object {
  if (unmappedRepositories === undefined) return counts;
  const names = unmappedRepositories.map(({ registry, repository }) => `${registry}/${repository}`);
  return { ...counts, unmappedRepositories: names };
}

/** Characters of what a stranger calls a source. */
const MAX_SOURCE = 32;
const NO_CREDENTIAL =
  'no credential is configured for this source; sources are named in the credentials as in the path';

/** The function has 10 s. */
const EVENT_RESERVE_MS = 1000;

function isHttp(event: APIGatewayProxyEventV2 | EcrEvent): event is APIGatewayProxyEventV2 {
  return 'requestContext' in event && 'rawPath' in event;
}
