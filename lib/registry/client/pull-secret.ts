import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseScope } from '../../base/names/scope.ts';
import { withoutTrailing } from '../../base/names/store-url.ts';

/** A credential of a registry. Functions return the secrets, so that printing the value does not print them. */
export type Credential =
  | { readonly kind: 'basic'; readonly toAuthorization: () => string }
  | { readonly kind: 'identityToken'; readonly toToken: () => string };

export interface PullSecret {
  /** The credential of the most specific entry for a repository; undefined if there is none or it is empty. */
  findCredential(repository: Repository): Credential | undefined;
}

/** API addresses that `docker login` writes as keys. They stand for their host. */
const API_PATH = /^([^/]*)(?:\/(?:v[12]\/?)?)?$/;
const DOCKER_HUB_HOSTS = /^(?:index|registry-1)\.docker\.io(?=\/|$)/i;

/**
 * Parses a `config.json` (containers-auth.json(5), also Docker's and a cluster's `.dockerconfigjson`). Credential helpers
 * are not run.
 *
 * @throws ConfigurationError `DocumentInvalid` or `DuplicateKey`, with the entry's position and none of its content
 */
export function parsePullSecret(text: string): PullSecret {
  const document = parseDocument(text);
  if (!isJsonObject(document)) throw invalid('it is not a JSON object');
  const auths = document['auths'] ?? {};
  if (!isJsonObject(auths)) throw invalid('its auths are not an object');
  const credentials = toCredentials(auths);
  return {
    findCredential(repository) {
      for (let scope: string = repository; ; scope = scope.slice(0, scope.lastIndexOf('/'))) {
        if (credentials.has(scope)) return credentials.get(scope);
        if (!scope.includes('/')) return undefined;
      }
    },
  };
}

function parseDocument(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    // Neither its message nor the error as the cause: both could show a part of the secret.
    if (error.fault === 'duplicate') {
      throw new ConfigurationError('DuplicateKey', `the pull secret has a member twice, at character ${error.offset}`);
    }
    throw invalid(`it is not JSON at character ${error.offset}`);
  }
}

/** The credentials by scope, `host[/path]`. A plain scope has precedence over an API address. */
function toCredentials(auths: JsonObject): ReadonlyMap<string, Credential | undefined> {
  const plain = new Map<string, Credential | undefined>();
  const addressed = new Map<string, Credential | undefined>();
  for (const [index, [key, entry]] of Object.entries(auths).entries()) {
    const place = `entry ${index + 1} of its auths`;
    const bare = key.replace(/^https?:\/\//, '');
    const target = bare === key ? plain : addressed;
    const scope = toScope(bare === key ? key : bare.replace(API_PATH, '$1'), place);
    if (target.has(scope)) {
      throw new ConfigurationError('DuplicateKey', `the pull secret cannot be used: ${place} repeats an earlier one`);
    }
    target.set(scope, toCredential(entry, place));
  }
  return new Map([...addressed, ...plain]);
}

function toScope(text: string, place: string): string {
  const path = text.slice(text.indexOf('/') + 1);
  // In policies, a scope may have a tag or digest and covers the whole repository. Here it must not.
  if (text.includes('@') || (text.includes('/') && path.includes(':'))) throw invalid(`${place} has a tag or digest`);
  try {
    const scope = parseScope(text.replace(DOCKER_HUB_HOSTS, 'docker.io'));
    if (scope.kind === 'prefix') return scope.prefix;
  } catch {
    throw invalid(`${place} is not for a registry or a path in one`);
  }
  throw invalid(`${place} is for a wildcard`);
}

function toCredential(entry: JsonValue, place: string): Credential | undefined {
  if (!isJsonObject(entry)) throw invalid(`${place} is not an object`);
  const [auth, username, password, identityToken] = ['auth', 'username', 'password', 'identitytoken'].map((name) => {
    const value = entry[name] ?? '';
    if (typeof value !== 'string') throw invalid(`the ${name} of ${place} is not a string`);
    return value;
  });
  const given = `${username}:${password}`;
  const decoded = auth === undefined || auth === '' ? given : decodeAuth(auth, place);
  if (given !== ':' && given !== decoded) throw invalid(`${place} has an auth and another user or password`);
  if (identityToken !== undefined && identityToken !== '')
    return { kind: 'identityToken', toToken: () => identityToken };
  if (decoded === ':') return undefined;
  if (decoded.startsWith(':') || username?.includes(':') === true) throw invalid(`${place} has no usable user`);
  const authorization = `Basic ${Buffer.from(decoded).toString('base64')}`;
  return { kind: 'basic', toAuthorization: () => authorization };
}

function decodeAuth(auth: string, place: string): string {
  const bytes = Buffer.from(auth, 'base64');
  if (withoutTrailing(bytes.toString('base64'), '=') !== withoutTrailing(auth, '=')) {
    throw invalid(`the auth of ${place} is not base64`);
  }
  // Docker pads some with zero bytes.
  const decoded = withoutTrailing(bytes.toString('utf8'), '\0');
  if (!decoded.includes(':') || decoded.includes('\uFFFD')) throw invalid(`the auth of ${place} is not user:password`);
  return decoded;
}

function invalid(fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `the pull secret cannot be used: ${fault}`);
}
