import { parseJsonBytes, type RequestWithBody, readBody, requireJson } from '../../platform/lambda/request-body.ts';
import {
  isAuthorizationAccepted,
  isGithubSignatureValid,
  isTokenAccepted,
} from '../../platform/secrets/verify-webhook.ts';
import type { WebhookCredential, WebhookSource } from '../../platform/secrets/webhook-credentials.ts';
import { toWebhookFormat } from './parse/parse-webhook.ts';
import type { ParsedEvent } from './parse/push.ts';

interface WebhookRequest extends RequestWithBody {
  readonly source: WebhookSource;
  /** The last segment of the path. */
  readonly token: string | undefined;
}

/**
 * The pushes of an authenticated webhook. The body is not parsed before authentication, and every push in it has to be
 * to a registry of its credential.
 *
 * @returns undefined when it is not authenticated, whichever part was wrong
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

/** The parts of a webhook's request that may authenticate it; the credential's kind decides which one does. */
interface WebhookProof {
  /** The last segment of the path. */
  readonly token: string | undefined;
  /** The `Authorization` header, whole. */
  readonly authorization: string | undefined;
  /** `X-Hub-Signature-256`. */
  readonly signature: string | undefined;
  /** The body as it was sent. */
  readonly body: Uint8Array;
}

/**
 * The registries that a request is authenticated for: those of every credential of its source that it satisfies. All are
 * compared before any counts; empty when none was.
 */
function authenticateWebhook(
  source: WebhookSource,
  proof: WebhookProof,
  credentials: readonly WebhookCredential[],
): ReadonlySet<string> {
  const satisfied = credentials.filter((one) => one.source === source).filter((one) => isSatisfied(one, proof));
  return new Set(satisfied.map(({ registry }) => registry));
}

function isSatisfied(credential: WebhookCredential, { token, authorization, signature, body }: WebhookProof): boolean {
  switch (credential.kind) {
    case 'token':
      return isTokenAccepted(token, [credential.sha256]);
    case 'authorization':
      return isAuthorizationAccepted(authorization, [credential.sha256]);
    case 'hmac':
      return isGithubSignatureValid(body, signature, [credential.toSecret()]);
    default:
      return credential satisfies never;
  }
}
