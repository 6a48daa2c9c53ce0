import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyOptions, jwtVerify } from 'jose';
import * as v from 'valibot';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { createHttpClient, type HttpClient } from '../../platform/http/http-client.ts';
import type { ProxyOptions } from '../../platform/http/routes.ts';
import { parseJsonBytes } from '../../platform/lambda/read-request.ts';
import type { VerifyIdentity } from './identity.ts';

const ISSUER = 'https://accounts.google.com';
const KEYS_URL = 'https://www.googleapis.com/oauth2/v3/certs';

/** Characters of an `Authorization` header with a token. */
export const MAX_TOKEN_LENGTH = 8 * 1024;
/** Bytes of the issuer's keys, which are two or three. */
const MAX_KEYS_BYTES = 64 * 1024;
/** Keys that are kept. */
export const MAX_KEYS = 16;
/** Milliseconds after which keys are fetched again. */
export const KEYS_REFRESH_MS = 60 * 60 * 1000;
/** Milliseconds in which keys are fetched once at most, whatever keys tokens name: a stranger's tokens cost no request each. */
export const KEYS_COOLDOWN_MS = 5 * 60 * 1000;
/** The same while there are none to use: the sender repeats an event that could not be judged. */
export const KEYS_RETRY_MS = 5000;
/** Milliseconds for which the last keys are used while none can be fetched: a key that was withdrawn must end. */
export const MAX_KEYS_AGE_MS = 24 * 60 * 60 * 1000;
/** Milliseconds that a request for keys may take: the sender waits. */
const KEYS_TIMEOUT_MS = 3000;
/** Seconds by which the issuer's clock may differ. */
const CLOCK_TOLERANCE = 60;

const keysSchema = v.object({
  keys: v.pipe(
    v.array(v.looseObject({ kty: v.string(), kid: v.string() })),
    v.minLength(1),
    v.maxLength(MAX_KEYS, `expected at most ${MAX_KEYS} keys`),
  ),
});
const claimsSchema = v.object({
  aud: v.string(),
  email: v.pipe(v.string(), v.minLength(1)),
  email_verified: v.literal(true),
});

interface KeptKeys {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly fetchedAt: number;
}

interface IdentityOptions {
  readonly http: Pick<HttpClient, 'get'>;
  readonly now: () => Date;
}

/** Verifies tokens by the keys that Google publishes, over this client or one that reaches no private address. */
export function openGoogleIdentities(
  proxy: ProxyOptions,
  {
    http = createHttpClient({ allowPrivateAddresses: false, proxy }),
    now = () => new Date(),
  }: Partial<IdentityOptions> = {},
): VerifyIdentity {
  return createIdentityVerifier({ http, now });
}

/**
 * Verifies Google's ID tokens: RS256 by a key of the issuer, which is fetched and kept, then issuer, audience and time.
 */
function createIdentityVerifier({ http, now }: IdentityOptions): VerifyIdentity {
  const keys = createKeys(http, now);
  return async (authorization, audiences) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec((authorization ?? '').slice(0, MAX_TOKEN_LENGTH + 1))?.[1];
    if (token === undefined || (authorization ?? '').length > MAX_TOKEN_LENGTH) return unknown('it has no token');
    const options = {
      algorithms: ['RS256'],
      issuer: ISSUER,
      audience: [...audiences],
      requiredClaims: ['exp', 'iat', 'aud', 'email'],
      clockTolerance: CLOCK_TOLERANCE,
      currentDate: now(),
    } satisfies JWTVerifyOptions;
    try {
      const { payload } = await jwtVerify(token, keys.find, options);
      const claims = v.safeParse(claimsSchema, payload);
      if (!claims.success) return unknown('its token names no audience and verified account');
      return { kind: 'verified', audience: claims.output.aud, email: claims.output.email };
    } catch (error) {
      if (error instanceof errors.JOSEError) return unknown(`its token is refused: ${error.message}`);
      throw error;
    }
  };
}

function unknown(fault: string): { readonly kind: 'unknown'; readonly fault: string } {
  return { kind: 'unknown', fault };
}

/** Keys between requests. Whatever tokens ask for, they are fetched once in {@link KEYS_COOLDOWN_MS} at most. */
function createKeys(http: Pick<HttpClient, 'get'>, now: () => Date) {
  let kept: KeptKeys | undefined;
  let failure: unknown;
  let triedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<KeptKeys> | undefined;
  const refresh = (): Promise<KeptKeys> => {
    underWay ??= fetchKeys(http)
      .then((find) => {
        kept = { find, fetchedAt: now().getTime() };
        failure = undefined;
        return kept;
      })
      .finally(() => {
        underWay = undefined;
      });
    triedAt = now().getTime();
    return underWay;
  };
  const read = async (): Promise<KeptKeys> => {
    const age = kept === undefined ? Number.POSITIVE_INFINITY : Math.abs(now().getTime() - kept.fetchedAt);
    if (kept !== undefined && age < KEYS_REFRESH_MS) return kept;
    const usable = kept !== undefined && age < MAX_KEYS_AGE_MS ? kept : undefined;
    if (usable !== undefined && isCooling()) return usable;
    if (failure !== undefined && isWithin(KEYS_RETRY_MS)) throw failure;
    try {
      return await refresh();
    } catch (error) {
      failure = error;
      if (usable === undefined || !(error instanceof StoreError)) throw error;
      return usable;
    }
  };
  const isWithin = (ms: number): boolean => Math.abs(now().getTime() - triedAt) < ms;
  const isCooling = (): boolean => isWithin(KEYS_COOLDOWN_MS);
  return {
    /** The key that a token names; a new one is looked for once. */
    find: async (...asked: Parameters<KeptKeys['find']>) => {
      const known = await read();
      try {
        return await known.find(...asked);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || isCooling()) throw error;
        return await (await refresh()).find(...asked);
      }
    },
  };
}

async function fetchKeys(http: Pick<HttpClient, 'get'>) {
  const { status, bytes } = await http.get(KEYS_URL, {
    // Several requests may wait for the keys: the time alone ends it.
    signal: new AbortController().signal,
    limitBytes: MAX_KEYS_BYTES,
    timeoutMs: KEYS_TIMEOUT_MS,
    accept: 'application/json',
  });
  if (status !== 200) throw new StoreError('StatusUnexpected', `${KEYS_URL} answered ${status}`);
  try {
    const { keys } = v.parse(keysSchema, parseJsonBytes(bytes));
    return createLocalJWKSet({ keys } satisfies JSONWebKeySet);
  } catch (cause) {
    if (!(cause instanceof InputError || v.isValiError(cause) || cause instanceof errors.JOSEError)) throw cause;
    throw new StoreError('BodyInvalid', `${KEYS_URL} did not answer a set of keys`, { cause });
  }
}
