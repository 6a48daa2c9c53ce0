import { parseJsonBytes, type RequestWithBody, readBody, requireJson } from '../../platform/lambda/request-body.ts';
import {
  MAX_ORIGIN_LENGTH,
  type WebhookCredential,
  type WebhookSource,
} from '../../platform/secrets/webhook-credentials.ts';
import { authenticateWebhook, explainRefusal, identifySender, toWebhookProof } from './authenticate-webhook.ts';
import type { VerifyIdentity } from './identity.ts';
import type { ForeignEvent, ParsedEvent, Validation } from './parse/push.ts';
import { toWebhookFormat } from './webhook-formats.ts';

interface WebhookRequest extends RequestWithBody {
  readonly source: WebhookSource;
  /** The last segment of the path. */
  readonly token: string | undefined;
}

/**
 * The pushes of an authenticated webhook. The body is not parsed before authentication, and every push in it has to be
 * to a registry of its credential.
 *
 * @throws InputError `MediaTypeUnsupported`, `BodyTooLarge`, `BodyInvalid`; StoreError when an issuer's keys are out of reach
 */
export async function receiveWebhook(
  request: WebhookRequest,
  credentials: readonly WebhookCredential[],
  verifyIdentity: VerifyIdentity,
): Promise<ParsedEvent | Validation | ForeignEvent> {
  const { source, token, headers } = request;
  const body = readBody(request);
  const proof = await identifySender(source, toWebhookProof(headers, token, body), credentials, verifyIdentity);
  const scopes = authenticateWebhook(source, proof, credentials);
  if (scopes.length === 0) return refuse(explainRefusal(source, proof, credentials));
  const { mediaTypes, parse } = toWebhookFormat(source);
  requireJson(request, mediaTypes);
  const event = parse(parseJsonBytes(body), { headers, scopes });
  const registries = new Set(scopes.map(({ registry }) => registry));
  const foreign = event.kind === 'pushes' ? event.pushes.find(({ registry }) => !registries.has(registry)) : undefined;
  if (foreign === undefined) return event;
  const known = [...registries].toSorted().join(', ');
  return refuse(`its credential is for ${known}, and the push is to ${foreign.registry}/${foreign.repository}`);
}

/** A sender that may send events, by the handshake of CloudEvents' web hooks. */
interface Allowed {
  readonly kind: 'allowed';
  readonly origin: string;
}

/**
 * Whether a sender may send events, which it asks before it sends the first. It authenticates nobody: every event is
 * authenticated by itself. Whoever shows the token in the path was given the URL; any other has to be a credential's origin.
 */
export function allowSender(
  { source, token, headers }: Pick<WebhookRequest, 'source' | 'token' | 'headers'>,
  credentials: readonly WebhookCredential[],
): Allowed | ForeignEvent {
  if (toWebhookFormat(source).asksFirst !== true) return refuse(`no sender of ${source} asks whether it may send`);
  const asked = headers['webhook-request-origin'] ?? '';
  if (asked.length > MAX_ORIGIN_LENGTH || !/^[0-9A-Za-z.-]+$/.test(asked)) {
    return refuse('it has not a WebHook-Request-Origin header with a DNS name');
  }
  const name = asked.toLowerCase();
  const own = credentials.filter((one) => one.source === source);
  const proof = toWebhookProof(headers, token, new Uint8Array());
  const shown =
    token === undefined ? own.filter(({ origin }) => origin !== undefined) : authenticateWebhook(source, proof, own);
  if (shown.some(({ origin = name }) => origin === name)) return { kind: 'allowed', origin: asked };
  if (token !== undefined && shown.length === 0) return refuse(explainRefusal(source, proof, own));
  return refuse(`${name} is the origin of no credential of ${source}`);
}

function refuse(reason: string): ForeignEvent {
  return { kind: 'refused', reason };
}
