import { parseJsonBytes, type RequestWithBody, readBody, requireJson } from '../../platform/lambda/request-body.ts';
import type { WebhookCredential, WebhookSource } from '../../platform/secrets/webhook-credentials.ts';
import { authenticateWebhook } from './authenticate-webhook.ts';
import { toWebhookFormat } from './parse/parse-webhook.ts';
import type { ParsedEvent } from './parse/push.ts';

export interface WebhookRequest extends RequestWithBody {
  readonly source: WebhookSource;
  /** The last segment of the path. */
  readonly token: string | undefined;
}

/**
 * What a webhook tells, once it has proved that it may: the body is not parsed before, and every push in it has to be
 * to a registry that its credential speaks for.
 *
 * @returns undefined when it has not proved it, whichever part was wrong
 * @throws InputError `MediaTypeUnsupported`, `BodyTooLarge`, `BodyInvalid`
 */
export function receiveWebhook(
  request: WebhookRequest,
  credentials: readonly WebhookCredential[],
): ParsedEvent | undefined {
  const { source, token, headers } = request;
  const body = readBody(request);
  const signature = headers['x-hub-signature-256'];
  const registries = authenticateWebhook(
    source,
    { token, authorization: headers['authorization'], signature, body },
    credentials,
  );
  if (registries.size === 0) return undefined;
  const { mediaTypes, parse } = toWebhookFormat(source);
  requireJson(request, mediaTypes);
  const event = parse(parseJsonBytes(body));
  if (event.kind === 'pushes' && !event.pushes.every(({ registry }) => registries.has(registry))) return undefined;
  return event;
}
