import {
  isAuthorizationAccepted,
  isGithubSignatureValid,
  isHmacValid,
  isTokenAccepted,
} from '../../platform/secrets/accepted-secrets.ts';
import type { WebhookCredential, WebhookSource } from '../../platform/secrets/webhook-credentials.ts';
import type { Identity, UnknownIdentity, VerifyIdentity } from './identity.ts';

/** The parts of a webhook's request that may authenticate it; the credential's kind decides which one does. */
export interface WebhookProof {
  /** The last segment of the path. */
  readonly token: string | undefined;
  /** The `Authorization` header, whole. */
  readonly authorization: string | undefined;
  /** `X-Hub-Signature-256`. */
  readonly signature: string | undefined;
  /** `X-JFrog-Event-Auth`. */
  readonly eventAuth: string | undefined;
  /** The body as it was sent. */
  readonly body: Uint8Array;
  /** Whom the token in the `Authorization` header identifies; undefined where no credential is for one. */
  readonly identity?: Identity | UnknownIdentity | undefined;
}

/** The proof of a request, from its headers, the last segment of its path and its body. */
export function toWebhookProof(
  headers: Readonly<Record<string, string | undefined>>,
  token: string | undefined,
  body: Uint8Array,
): WebhookProof {
  return {
    token,
    authorization: headers['authorization'],
    signature: headers['x-hub-signature-256'],
    eventAuth: headers['x-jfrog-event-auth'],
    body,
  };
}

/**
 * The credentials of a source that a request satisfies: it speaks for all of them. All are compared before any counts;
 * empty when none was.
 */
export function authenticateWebhook(
  source: WebhookSource,
  proof: WebhookProof,
  credentials: readonly WebhookCredential[],
): readonly WebhookCredential[] {
  return credentials.filter((one) => one.source === source).filter((one) => isSatisfied(one, proof));
}

/** The proof with whom its token identifies, if a credential of the source is for one. @throws StoreError */
export async function identifySender(
  source: WebhookSource,
  proof: WebhookProof,
  credentials: readonly WebhookCredential[],
  verifyIdentity: VerifyIdentity,
): Promise<WebhookProof> {
  const own = credentials.filter((one) => one.source === source);
  const audiences = own.flatMap((one) => (one.kind === 'identity' ? [one.audience] : []));
  if (audiences.length === 0) return proof;
  return { ...proof, identity: await verifyIdentity(proof.authorization, audiences) };
}

function isSatisfied(credential: WebhookCredential, proof: WebhookProof): boolean {
  const { token, authorization, signature, eventAuth, body, identity } = proof;
  switch (credential.kind) {
    case 'token':
      return isTokenAccepted(token, [credential.sha256]);
    case 'authorization':
      return isAuthorizationAccepted(authorization, [credential.sha256]);
    case 'hmac':
      return isGithubSignatureValid(body, signature, [credential.toSecret()]);
    case 'event-auth':
      return isTokenAccepted(eventAuth, [credential.sha256]);
    case 'event-hmac':
      return isHmacValid(body, eventAuth, [credential.toSecret()]);
    case 'identity':
      return (
        identity?.kind === 'verified' &&
        identity.audience === credential.audience &&
        identity.email === credential.serviceAccount
      );
    default:
      return credential satisfies never;
  }
}

const PROOFS = {
  token: ['token', 'a token at the end of the path', 'tokenSha256'],
  authorization: ['authorization', 'an Authorization header', 'authorizationSha256'],
  hmac: ['signature', 'an X-Hub-Signature-256 header', 'secret'],
  'event-auth': ['eventAuth', 'an X-JFrog-Event-Auth header', 'eventAuthSha256'],
  'event-hmac': ['eventAuth', 'an X-JFrog-Event-Auth header', 'secret'],
  identity: ['authorization', 'a token in an Authorization header', 'audience and serviceAccount'],
} as const;

/** Which proof was missing, or matched nothing: what is configured is named by its member, and no value is. */
export function explainRefusal(
  source: WebhookSource,
  proof: WebhookProof,
  credentials: readonly WebhookCredential[],
): string {
  const kinds = [...new Set(credentials.filter((one) => one.source === source).map(({ kind }) => kind))];
  if (kinds.length === 0) return `no credential is configured for ${source}`;
  const faults = kinds.map((kind) => {
    if (kind === 'identity' && proof.identity?.kind === 'unknown') return proof.identity.fault;
    const [member, what, configured] = PROOFS[kind];
    const given = proof[member];
    return given === undefined || given === '' ? `it has not ${what}` : `${what} is given and matches no ${configured}`;
  });
  return `${faults.join('; ')} of ${source}`;
}
