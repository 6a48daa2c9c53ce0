import {
  MAX_BODY_BYTES,
  parseJsonBytes,
  type RequestWithBody,
  readBody,
  requireJson,
} from '../../platform/lambda/read-request.ts';
import {
  MAX_ORIGIN_LENGTH,
  type WebhookCredential,
  type WebhookSource,
} from '../../platform/secrets/webhook-credentials.ts';
import { authenticateWebhook, explainRefusal, identifySender, toWebhookProof } from './authenticate-webhook.ts';
import type { VerifyIdentity } from './identity.ts';
import { type ForeignEvent, type ParsedEvent, toParsedEvent, type Validation } from './parse/push.ts';
import { toWebhookFormat } from './webhook-formats.ts';

interface WebhookRequest extends RequestWithBody {
  readonly source: WebhookSource;
  /** The last segment of the path. */
  readonly token: string | undefined;
}

/**
 * The pushes of an authenticated webhook. The body is not parsed before authentication, and every push in it has to be
 * to a registry of its credential: of a sender that repeats what is refused, others are left out.
 *
 * @throws InputError `MediaTypeUnsupported`, `BodyTooLarge`, `BodyInvalid`; StoreError when an issuer's keys are out of reach
 */
export async function receiveWebhook(
  request: WebhookRequest,
  credentials: readonly WebhookCredential[],
  verifyIdentity: VerifyIdentity,
): Promise<ParsedEvent | Validation | ForeignEvent> {
  const { source, token, headers } = request;
  const { mediaTypes, parse, repeats = false } = toWebhookFormat(source);
  const isKnown = (body: Uint8Array): boolean =>
    authenticateWebhook(source, toWebhookProof(headers, token, body), credentials).length > 0;
  // A stranger's body is held to the limit of all.
  const body = readBody(request, repeats && isKnown(NOTHING) ? MAX_REPEATED_BYTES : MAX_BODY_BYTES);
  const proof = await identifySender(source, toWebhookProof(headers, token, body), credentials, verifyIdentity);
  const scopes = authenticateWebhook(source, proof, credentials);
  if (scopes.length === 0) return refuse(explainRefusal(source, proof, credentials));
  requireJson(request, mediaTypes);
  const event = parse(parseJsonBytes(body), { headers, scopes });
  if (event.kind !== 'pushes') return event;
  const registries = new Set(scopes.map(({ registry }) => registry));
  const own = event.pushes.filter(({ registry }) => registries.has(registry));
  const foreign = event.pushes.find(({ registry }) => !registries.has(registry));
  if (foreign === undefined) return event;
  const known = [...registries].toSorted().join(', ');
  const reason = `its credential is for ${known}, and the push is to ${foreign.registry}/${foreign.repository}`;
  return repeats
    ? { ...toParsedEvent(own, 'another registry than its credential is for'), foreign: reason }
    : refuse(reason);
}

const NOTHING = new Uint8Array();

/** Bytes of an event whose sender repeats it: a Go server takes headers of 1 MiB, of which JSON can make six times as much. */
export const MAX_REPEATED_BYTES = 7 * 1024 * 1024;

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
  const proof = toWebhookProof(headers, token, NOTHING);
  const shown =
    token === undefined ? own.filter(({ origin }) => origin !== undefined) : authenticateWebhook(source, proof, own);
  if (shown.some(({ origin = name }) => origin === name)) return { kind: 'allowed', origin: asked };
  if (token !== undefined && shown.length === 0) return refuse(explainRefusal(source, proof, own));
  return refuse(`${name} is the origin of no credential of ${source}`);
}

function refuse(reason: string): ForeignEvent {
  return { kind: 'refused', reason };
}
