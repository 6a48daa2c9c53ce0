import { BlockList, isIP } from 'node:net';
import * as v from 'valibot';
import type { JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces, plainObject } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isTokenAccepted } from '../../platform/secrets/accepted-secrets.ts';
import { MAX_CREDENTIALS_BYTES } from '../../platform/secrets/webhook-credentials.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';

/**
 * Who may ask for one cluster. Everything that it names has to hold. A cluster has two entries while its token or
 * certificate is being changed.
 */
export interface AdmissionCredential {
  /** The name in logs and records. */
  readonly cluster: string;
  /** The profile that decides; by default the only profile, or `ocp` of several. */
  readonly profile?: string | undefined;
  /** SHA-256 of the token in the path: whoever reads it cannot call. */
  readonly tokenSha256?: string | undefined;
  /** Common names of which the client certificate must have one, such as that of the API server's front proxy. */
  readonly clientNames?: readonly string[] | undefined;
  /** Addresses and networks to ask from, such as `192.0.2.0/24`. */
  readonly addresses?: readonly string[] | undefined;
  /** Neither token nor certificate: whoever reaches the service may ask, which a network policy decides. */
  readonly anonymous?: boolean | undefined;
}

/** Characters of a cluster's name. */
const MAX_NAME_LENGTH = 253;

/** Names and addresses of one entry. */
const MAX_LISTED = 64;

const listOf = (isValid: (text: string) => boolean) =>
  v.pipe(v.array(v.pipe(v.string(), v.check(isValid))), v.minLength(1), v.maxLength(MAX_LISTED));

const cluster = v.pipe(
  v.strictObject({
    cluster: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_LENGTH)),
    profile: v.optional(v.pipe(v.string(), v.check(isProfileName))),
    tokenSha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
    clientNames: v.optional(listOf((text) => text !== '' && text.length <= MAX_NAME_LENGTH)),
    addresses: v.optional(listOf((text) => parseNetwork(text) !== undefined)),
    anonymous: v.optional(v.literal(true)),
  }),
  // One that names nothing would let everybody ask without saying so.
  v.check(
    ({ tokenSha256, clientNames, anonymous }) =>
      (tokenSha256 === undefined && clientNames === undefined) === (anonymous === true),
  ),
);

const schema = v.pipe(plainObject, v.strictObject({ schema: v.literal(1), clusters: v.array(cluster) }));

/**
 * Parses `{ "schema": 1, "clusters": [ { "cluster", "profile"?, "tokenSha256"?, "clientNames"?, "addresses"? } ] }`, or
 * with `"anonymous": true` in place of token and names. A token belongs to one cluster.
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
    const expected =
      '{ "schema": 1, "clusters": [ { "cluster", "profile"?, "tokenSha256" or "clientNames" or "anonymous", "addresses"? } ] }';
    throw invalid(`${formatPlaces(result.issues)}: not valid; expected ${expected}`);
  }
  const { clusters } = result.output;
  const twice = clusters.findIndex(
    ({ tokenSha256 }, index) =>
      tokenSha256 !== undefined && clusters.slice(0, index).some((other) => other.tokenSha256 === tokenSha256),
  );
  if (twice >= 0) throw invalid(`clusters.${twice}.tokenSha256 is also the token of an earlier entry`);
  return clusters;
}

/** What a request shows of its sender. */
export interface Caller {
  /** The token in the path. */
  readonly token: string | undefined;
  /** Of the client certificate, whose chain was verified. */
  readonly certificateNames: readonly string[];
  /** Of the connection; behind a proxy, the proxy's. */
  readonly address: string;
}

/**
 * The entry that lets the caller ask. Every token is compared, in constant time, before a match counts. A token finds no
 * entry without one, so that a wrong token is not taken for none.
 */
export function findCluster(
  { token, certificateNames, address }: Caller,
  credentials: readonly AdmissionCredential[],
): AdmissionCredential | undefined {
  const known = credentials.filter(({ tokenSha256 }) =>
    tokenSha256 === undefined ? token === undefined : isTokenAccepted(token, [tokenSha256]),
  );
  return known.find(
    ({ clientNames, addresses }) =>
      (clientNames === undefined || clientNames.some((name) => certificateNames.includes(name))) &&
      (addresses === undefined || addresses.some((network) => isWithin(address, network))),
  );
}

function isWithin(address: string, network: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return parseNetwork(network)?.check(address, family === 4 ? 'ipv4' : 'ipv6') === true;
}

/** Undefined for a text that is neither an address nor a network. */
function parseNetwork(text: string): BlockList | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || (bits !== undefined && !/^[0-9]{1,3}$/.test(bits))) return undefined;
  const most = family === 4 ? 32 : 128;
  if (Number(bits ?? most) > most) return undefined;
  const network = new BlockList();
  network.addSubnet(address, Number(bits ?? most), family === 4 ? 'ipv4' : 'ipv6');
  return network;
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
