import * as v from 'valibot';
import type { JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces, plainObject } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isTokenAccepted } from '../../platform/secrets/verify-webhook.ts';
import { MAX_CREDENTIALS_BYTES } from '../../platform/secrets/webhook-credentials.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';

/** The credential of one cluster's API server. It holds the token's SHA-256: whoever reads it cannot call. */
export interface AdmissionCredential {
  /** The name in logs. A cluster has two credentials while its token is being rotated. */
  readonly cluster: string;
  /** The profile that decides; by default the only profile, or `ocp` of several. */
  readonly profile?: string | undefined;
  readonly tokenSha256: string;
}

/** Characters of a cluster's name. */
const MAX_NAME_LENGTH = 253;

const schema = v.pipe(
  plainObject,
  v.strictObject({
    schema: v.literal(1),
    clusters: v.array(
      v.strictObject({
        cluster: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH)),
        profile: v.optional(v.pipe(v.string(), v.check(isProfileName))),
        tokenSha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      }),
    ),
  }),
);

/**
 * Parses `{ "schema": 1, "clusters": [ { "cluster", "profile"?, "tokenSha256" } ] }`. A token belongs to one cluster.
 *
 * @throws ConfigurationError `DocumentInvalid` that names the field and repeats no value; `LimitExceeded`
 */
export function parseAdmissionCredentials(text: string): readonly AdmissionCredential[] {
  if (Buffer.byteLength(text) > MAX_CREDENTIALS_BYTES) {
    throw new ConfigurationError(
      'LimitExceeded',
      `the admission credentials have more than ${MAX_CREDENTIALS_BYTES} bytes`,
    );
  }
  const result = v.safeParse(schema, parseDocument(text));
  if (!result.success) {
    const expected = '{ "schema": 1, "clusters": [ { "cluster", "profile"?, "tokenSha256" } ] }';
    throw invalid(`${formatPlaces(result.issues)}: not valid; expected ${expected}`);
  }
  const { clusters } = result.output;
  const twice = clusters.findIndex(({ tokenSha256 }, index) =>
    clusters.slice(0, index).some((other) => other.tokenSha256 === tokenSha256),
  );
  if (twice >= 0) throw invalid(`clusters.${twice}.tokenSha256 is also the token of an earlier entry`);
  return clusters;
}

/** The credential with this token. Every token is compared, in constant time, before a match counts. */
export function findCluster(
  token: string | undefined,
  credentials: readonly AdmissionCredential[],
): AdmissionCredential | undefined {
  return credentials.filter(({ tokenSha256 }) => isTokenAccepted(token, [tokenSha256]))[0];
}

function parseDocument(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch {
    // Without the parser's error as the cause: it could show a part of the document.
    throw invalid('not strict JSON');
  }
}

function invalid(fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `invalid admission credentials: ${fault}`);
}
