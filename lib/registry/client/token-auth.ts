import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Repository, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import type { HttpSender } from '../../platform/http/http-client.ts';
import type { AllowedRegistries } from './allowed-registries.ts';
import { type Challenge, parseChallenges } from './parse-challenges.ts';
import type { Credential, PullSecret } from './pull-secret.ts';
import { checkStatus } from './registry-answers.ts';

export const MAX_TOKEN_ANSWER_BYTES = 64 * 1024;
/** Repositories whose authorization is kept; the oldest goes first. */
export const MAX_REMEMBERED = 1000;
/** A token is renewed this long before it ends, so that it does not end on the way. */
const EARLY_SECONDS = 5;
const BASIC_SECONDS = 3600;

/** The values of `Authorization` for the registry's own origin, one per repository. */
interface TokenAuth {
  /** The authorization for a repository from its last challenge, while it is valid. */
  recall(repository: Repository): string | undefined;
  forget(repository: Repository): void;
  /**
   * Answers a 401 of the registry at `url`. @throws StoreError `ChallengeInvalid`, `NotAllowed` for a realm that the
   * configuration does not allow, `AccessDenied` without a credential, or the error of the token service.
   */
  answer(challenge: UntrustedChallenge): Promise<string>;
}

interface UntrustedChallenge {
  readonly repository: Repository;
  readonly url: URL;
  readonly header: string | undefined;
  readonly signal: AbortSignal;
}

export interface TokenAuthOptions {
  readonly http: HttpSender;
  readonly allowed: AllowedRegistries;
  readonly pullSecret?: PullSecret | undefined;
  readonly timeoutMs?: number | undefined;
  /** The actions of requested tokens. Default: `pull`. */
  readonly actions?: 'pull' | 'pull,push' | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

interface Answer {
  readonly authorization: string;
  readonly lifetimeSeconds: number;
}

export function createTokenAuth(options: TokenAuthOptions): TokenAuth {
  const { http, allowed, pullSecret, timeoutMs, actions = 'pull', now = Date.now } = options;
  const remembered = new Map<Repository, { readonly authorization: string; readonly until: number }>();

  async function fetchToken({ repository, url, signal }: UntrustedChallenge, bearer: Challenge): Promise<Answer> {
    const realm = parseRealm(bearer, url, allowed);
    const service = bearer.parameters.get('service');
    const scope = `repository:${repositoryPath(repository)}:${actions}`;
    const credential = pullSecret?.findCredential(repository);
    const parameters = { ...(service === undefined ? {} : { service }), scope };
    const { target, ...request } = toTokenRequest(realm, parameters, credential);
    const response = await http.send(target, {
      ...request,
      accept: 'application/json',
      signal,
      limitBytes: MAX_TOKEN_ANSWER_BYTES,
      timeoutMs,
      checkRedirect: checkSameOrigin,
    });
    checkStatus(response);
    const { value, lifetimeSeconds } = parseTokenAnswer(response.bytes);
    return { authorization: `Bearer ${value}`, lifetimeSeconds };
  }

  function toBasicAnswer(repository: Repository): Answer {
    const credential = pullSecret?.findCredential(repository);
    if (credential?.kind !== 'basic') {
      throw new StoreError('AccessDenied', `no user and password are configured for ${repository}`);
    }
    return { authorization: credential.toAuthorization(), lifetimeSeconds: BASIC_SECONDS };
  }

  return {
    recall(repository) {
      const entry = remembered.get(repository);
      return entry !== undefined && now() < entry.until ? entry.authorization : undefined;
    },
    forget(repository) {
      remembered.delete(repository);
    },
    async answer(challenge) {
      const { repository, header } = challenge;
      const chosen = chooseChallenge(repository, header);
      const { authorization, lifetimeSeconds } =
        chosen.scheme === 'bearer' ? await fetchToken(challenge, chosen) : toBasicAnswer(repository);
      remembered.delete(repository);
      remembered.set(repository, { authorization, until: now() + (lifetimeSeconds - EARLY_SECONDS) * 1000 });
      const [oldest] = remembered.keys();
      if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
      return authorization;
    },
  };
}

/** Prefers Bearer to Basic: a leaked token does less harm than a password. */
function chooseChallenge(repository: Repository, header: string | undefined): Challenge {
  const challenges = header === undefined ? [] : parseChallenges(header);
  const chosen = ['bearer', 'basic'].map((known) => challenges.find(({ scheme }) => scheme === known)).find(Boolean);
  if (chosen !== undefined) return chosen;
  const host = repositoryHost(repository);
  throw new StoreError('ChallengeInvalid', `${host} requires an authentication scheme other than Bearer and Basic`);
}

function parseRealm({ parameters }: Challenge, registry: URL, allowed: AllowedRegistries): URL {
  const realm = URL.parse(parameters.get('realm') ?? '');
  if (realm === null) throw new StoreError('ChallengeInvalid', `${registry.host} names no URL as its token realm`);
  allowed.checkRealm(registry, realm);
  return realm;
}

type TokenRequest = { readonly target: string } & (
  | { readonly method: 'GET'; readonly headers: Readonly<Record<string, string>> }
  | { readonly method: 'POST'; readonly form: URLSearchParams }
);

/** The scope is always Signet's own. A scope in the challenge or in the realm's query is replaced. */
function toTokenRequest(
  realm: URL,
  parameters: Readonly<Record<string, string>>,
  credential: Credential | undefined,
): TokenRequest {
  const url = new URL(realm);
  for (const name of Object.keys(parameters)) url.searchParams.delete(name);
  if (credential?.kind === 'identityToken') {
    const grant = { grant_type: 'refresh_token', client_id: 'signet', refresh_token: credential.toToken() };
    return { target: url.href, method: 'POST', form: new URLSearchParams({ ...grant, ...parameters }) };
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const headers = credential === undefined ? {} : { authorization: credential.toAuthorization() };
  return { target: url.href, method: 'GET', headers };
}

/** A token is believed only from the realm's own origin. */
function checkSameOrigin(from: URL, to: URL): void {
  if (from.origin !== to.origin) {
    throw new StoreError('RedirectRefused', `the token service ${from.origin} redirects to ${to.origin}`);
  }
}

interface Token {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

/** The default of the specification for an answer without `expires_in`. */
const DEFAULT_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 3600;
/** RFC 6750, section 2.1: anything else could end the header that the token is sent in. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** @throws StoreError `ChallengeInvalid`, which shows nothing of the answer. */
function parseTokenAnswer(bytes: Uint8Array): Token {
  const answer = parseAnswer(bytes);
  if (!isJsonObject(answer)) throw invalid('is not an object');
  const value = answer['token'] ?? answer['access_token'];
  if (typeof value !== 'string' || !B64TOKEN.test(value)) throw invalid('holds no bearer token');
  return { value, lifetimeSeconds: toLifetime(answer['expires_in']) };
}

function toLifetime(seconds: unknown): number {
  if (typeof seconds !== 'number' || !(seconds > 0)) return DEFAULT_LIFETIME_SECONDS;
  return Math.min(seconds, MAX_LIFETIME_SECONDS);
}

function parseAnswer(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('is not JSON');
  }
}

function invalid(fault: string): StoreError {
  return new StoreError('ChallengeInvalid', `the answer of the token service ${fault}`);
}
