import {
  isAuthorizationAccepted,
  isGithubSignatureValid,
  isTokenAccepted,
} from '../../platform/secrets/verify-webhook.ts';
import type { WebhookCredential, WebhookSource } from '../../platform/secrets/webhook-credentials.ts';

/** What a webhook's request brings to prove itself; which part of it is looked at, the credential says. */
export interface WebhookProof {
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
 * The registries that a request may speak for: those of every credential of its source that it satisfies. All are
 * compared before any counts; empty when none was.
 */
export function authenticateWebhook(
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
