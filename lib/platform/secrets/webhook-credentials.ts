import * as v from 'valibot';
import type { JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces, plainObject } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';

/** The sources whose registries call a webhook; ECR's events come from EventBridge. */
export const WEBHOOK_SOURCES = ['quay', 'harbor', 'distribution', 'github', 'dockerhub'] as const;
export type WebhookSource = (typeof WEBHOOK_SOURCES)[number];

/**
 * The credential of one registry's webhook, and the only registry whose pushes it may report. Tokens are stored as
 * SHA-256: a reader of the configuration cannot call. An HMAC needs its secret, which is behind a function so that nothing that
 * prints a value prints it.
 */
export type WebhookCredential = { readonly source: WebhookSource; readonly registry: string } & (
  | { readonly kind: 'token'; readonly sha256: string }
  | { readonly kind: 'authorization'; readonly sha256: string }
  | { readonly kind: 'hmac'; readonly toSecret: () => string }
);

/** Bytes of a credentials document. */
export const MAX_CREDENTIALS_BYTES = 64 * 1024;
/** Characters that a secret has at least: a shorter one is guessed. */
export const MIN_SECRET_LENGTH = 8;

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const registry = v.string();

const schema = v.pipe(
  plainObject,
  v.strictObject({
    schema: v.literal(1),
    credentials: v.array(
      v.union([
        v.strictObject({
          source: v.literal('github'),
          registry,
          secret: v.pipe(v.string(), v.minLength(MIN_SECRET_LENGTH)),
        }),
        v.strictObject({
          source: v.picklist(['quay', 'harbor', 'distribution', 'dockerhub']),
          registry,
          tokenSha256: sha256,
        }),
        v.strictObject({ source: v.picklist(['harbor', 'distribution']), registry, authorizationSha256: sha256 }),
      ]),
    ),
  }),
);

/**
 * Reads `{ "schema": 1, "credentials": [ { "source", "registry", "tokenSha256" | "authorizationSha256" | "secret" } ] }`.
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
    const parts = { source: entry.source, registry: parseHost(entry.registry, index) };
    if ('tokenSha256' in entry) return { ...parts, kind: 'token', sha256: entry.tokenSha256 };
    if ('authorizationSha256' in entry) return { ...parts, kind: 'authorization', sha256: entry.authorizationSha256 };
    const { secret } = entry;
    return { ...parts, kind: 'hmac', toSecret: () => secret };
  });
}

function parseDocument(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch {
    // Without the error as the cause: it could show a piece of a secret.
    throw invalid('not strict JSON');
  }
}

function parseHost(text: string, index: number): string {
  try {
    return parseRegistryHost(text);
  } catch {
    throw invalid(`invalid at credentials.${index}.registry: expected a registry host`);
  }
}

function invalid(fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `the webhook credentials are ${fault}`);
}
