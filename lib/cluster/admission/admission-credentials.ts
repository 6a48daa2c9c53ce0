import * as v from 'valibot';
import type { JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces, plainObject } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isTokenAccepted } from '../../platform/secrets/verify-webhook.ts';
import { MAX_CREDENTIALS_BYTES } from '../../platform/secrets/webhook-credentials.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';

/** What lets one cluster's API server in. The token is known by its SHA-256: who reads this cannot call. */
export interface AdmissionCredential {
  /** As logs name it. While its token is changed, a cluster has two. */
  readonly cluster: string;
  /** The profile that decides for it: the only one, else `ocp`, when undefined. */
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
 * Reads `{ "schema": 1, "clusters": [ { "cluster", "profile"?, "tokenSha256" } ] }`. A token belongs to one cluster.
 *
 * @throws ConfigurationError `DocumentInvalid` that tells positions, and nothing of what stands there; `LimitExceeded`
 */
export function parseAdmissionCredentials(text: string): readonly AdmissionCredential[] {
  if (Buffer.byteLength(text) > MAX_CREDENTIALS_BYTES) {
    throw new ConfigurationError(
      'LimitExceeded',
      `the admission credentials have more than ${MAX_CREDENTIALS_BYTES} bytes`,
    );
  }
  const result = v.safeParse(schema, parseDocument(text));
  if (!result.success) throw invalid(`not as they have to be: ${formatPlaces(result.issues)}`);
  const { clusters } = result.output;
  const twice = clusters.findIndex(({ tokenSha256 }, index) =>
    clusters.slice(0, index).some((other) => other.tokenSha256 === tokenSha256),
  );
  if (twice >= 0) throw invalid(`not as they have to be: clusters.${twice}.tokenSha256 is that of another`);
  return clusters;
}

/** The cluster that a token is of. Every token is compared, in constant time, before one counts. */
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
    // Without the error as the cause: it could show a piece of what stands there.
    throw invalid('not strict JSON');
  }
}

function invalid(fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `the admission credentials are ${fault}`);
}
