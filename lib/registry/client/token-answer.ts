import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';

export interface Token {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

/** What the specification says of an answer without `expires_in`. */
const DEFAULT_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 3600;
/** RFC 6750, section 2.1: anything else could end the header that the token is sent in. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** @throws StoreError `ChallengeInvalid`, which shows nothing of the answer. */
export function parseTokenAnswer(bytes: Uint8Array): Token {
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
