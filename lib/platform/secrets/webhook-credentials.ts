import * as v from 'valibot';
import type { JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces, plainObject } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';

/** The sources whose registries call a webhook; ECR's events come from EventBridge. */
export const WEBHOOK_SOURCES = [
  'quay',
  'harbor',
  'distribution',
  'github',
  'dockerhub',
  'cloudevents',
  'eventgrid',
  'jfrog',
  'google',
] as const;
export type WebhookSource = (typeof WEBHOOK_SOURCES)[number];

/** What a credential may speak for. */
export interface WebhookScope {
  readonly source: WebhookSource;
  /** The only registry whose pushes it may report. */
  readonly registry: string;
  /** Who may ask by the handshake of CloudEvents' web hooks whether events may be sent here, as it names itself. */
  readonly origin?: string | undefined;
  /** The host by which JFrog's events name the platform, where that is not the registry's. */
  readonly platform?: string | undefined;
  /** The Artifactory repository that has the registry's host for itself; otherwise paths begin with its key. */
  readonly repositoryKey?: string | undefined;
  /** The one subscription of Pub/Sub that may report, where one is named. */
  readonly subscription?: string | undefined;
}

/**
 * The credential of one registry's webhook. Tokens are stored as SHA-256: a reader of the configuration cannot call. An
 * HMAC needs its secret, which is behind a function so that nothing that prints a value prints it.
 */
export type WebhookCredential = WebhookScope &
  (
    | { readonly kind: 'token'; readonly sha256: string }
    | { readonly kind: 'authorization'; readonly sha256: string }
    /** GitHub's `X-Hub-Signature-256`. */
    | { readonly kind: 'hmac'; readonly toSecret: () => string }
    /** JFrog's `X-JFrog-Event-Auth`: the secret itself, or the HMAC of the body where it signs. */
    | { readonly kind: 'event-auth'; readonly sha256: string }
    | { readonly kind: 'event-hmac'; readonly toSecret: () => string }
    /** A token of Google's in `Authorization`, made for this audience and account. */
    | { readonly kind: 'identity'; readonly audience: string; readonly serviceAccount: string }
  );

/** Bytes of a credentials document. */
export const MAX_CREDENTIALS_BYTES = 64 * 1024;
/** Characters that a secret has at least: a shorter one is guessed. */
export const MIN_SECRET_LENGTH = 8;
/** Characters of an audience or an account. */
const MAX_TEXT_LENGTH = 512;
/** Characters of a sender's DNS name. */
export const MAX_ORIGIN_LENGTH = 253;

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const registry = v.string();
const named = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_TEXT_LENGTH));
const secret = v.pipe(v.string(), v.minLength(MIN_SECRET_LENGTH));
/** A DNS name, as the sender writes it. */
const origin = v.optional(v.pipe(v.string(), v.maxLength(MAX_ORIGIN_LENGTH), v.regex(/^[a-z0-9.-]+$/)));
const jfrog = {
  source: v.literal('jfrog'),
  registry,
  platform: v.optional(v.string()),
  repositoryKey: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]+$/))),
};

const schema = v.pipe(
  plainObject,
  v.strictObject({
    schema: v.literal(1),
    credentials: v.array(
      v.union([
        v.strictObject({ source: v.literal('github'), registry, secret }),
        v.strictObject({
          source: v.picklist(['quay', 'harbor', 'distribution', 'dockerhub']),
          registry,
          tokenSha256: sha256,
        }),
        v.strictObject({ source: v.picklist(['harbor', 'distribution']), registry, authorizationSha256: sha256 }),
        v.strictObject({ source: v.picklist(['cloudevents', 'eventgrid']), registry, tokenSha256: sha256, origin }),
        v.strictObject({
          source: v.picklist(['cloudevents', 'eventgrid']),
          registry,
          authorizationSha256: sha256,
          origin,
        }),
        v.strictObject({ ...jfrog, secret }),
        v.strictObject({ ...jfrog, eventAuthSha256: sha256 }),
        v.strictObject({
          source: v.literal('google'),
          registry,
          audience: named,
          serviceAccount: v.pipe(named, v.regex(/^[^@\s]+@[^@\s]+$/)),
          subscription: v.optional(v.pipe(v.string(), v.regex(/^projects\/[^/\s]+\/subscriptions\/[^/\s]+$/))),
        }),
      ]),
    ),
  }),
);

/**
 * Reads `{ "schema": 1, "credentials": [ { "source", "registry", "tokenSha256" | "authorizationSha256" | "secret" |
 * "eventAuthSha256", … } ] }`.
 *
 * @throws ConfigurationError `DocumentInvalid` that names positions and no values; `LimitExceeded`
 */
export function parseWebhookCredentials(text: string): readonly WebhookCredential[] {
  if (Buffer.byteLength(text) > MAX_CREDENTIALS_BYTES) {
    throw new ConfigurationError(
      'LimitExceeded',
      `the webhook credentials have more than ${MAX_CREDENTIALS_BYTES} bytes`,
    );
  }
  const result = v.safeParse(schema, parseDocument(text));
  if (!result.success) throw invalid(`invalid at ${formatPlaces(result.issues)}`);
  return result.output.credentials.map((entry, index): WebhookCredential => {
    const scope = toScope(entry, index);
    if ('audience' in entry) {
      return { ...scope, kind: 'identity', audience: entry.audience, serviceAccount: entry.serviceAccount };
    }
    if ('tokenSha256' in entry) return { ...scope, kind: 'token', sha256: entry.tokenSha256 };
    if ('authorizationSha256' in entry) return { ...scope, kind: 'authorization', sha256: entry.authorizationSha256 };
    if ('eventAuthSha256' in entry) return { ...scope, kind: 'event-auth', sha256: entry.eventAuthSha256 };
    const { secret: shared } = entry;
    return { ...scope, kind: entry.source === 'jfrog' ? 'event-hmac' : 'hmac', toSecret: () => shared };
  });
}

type Entry = v.InferOutput<typeof schema>['credentials'][number];

function toScope(entry: Entry, index: number): WebhookScope {
  const scope = { source: entry.source, registry: parseHost(entry.registry, `${index}.registry`) };
  if ('origin' in entry) return { ...scope, origin: entry.origin };
  if ('subscription' in entry) return { ...scope, subscription: entry.subscription };
  if (entry.source !== 'jfrog') return scope;
  const { platform, repositoryKey } = entry;
  return {
    ...scope,
    repositoryKey,
    platform: platform === undefined ? undefined : parseHost(platform, `${index}.platform`),
  };
}

function parseDocument(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch {
    // Without the error as the cause: it could show a piece of a secret.
    throw invalid('not strict JSON');
  }
}

function parseHost(text: string, place: string): string {
  try {
    return parseRegistryHost(text);
  } catch {
    throw invalid(`invalid at credentials.${place}: expected a registry host`);
  }
}

function invalid(fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `the webhook credentials are ${fault}`);
}
