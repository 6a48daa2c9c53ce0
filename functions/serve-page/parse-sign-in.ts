import * as v from 'valibot';
import type { JsonValue } from '../../lib/base/documents/json-value.ts';
import { parseStrictJson } from '../../lib/base/documents/parse-strict-json.ts';
import { formatPlaces, plainObject } from '../../lib/base/documents/schema.ts';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import type { Issuer } from './handler.ts';

/** Scopes, and origins. */
const MAX_LISTED = 16;

const ofScope = v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
/** As a policy writes it: a scheme, a host, and nothing that would end the directive or open it to more. */
const ORIGIN = /^https:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?$/;
const isOrigin = (text: string): boolean => ORIGIN.test(text) && URL.parse(text)?.origin === text;
const isIssuer = (text: string): boolean => isOrigin(URL.parse(text)?.origin ?? '');

/** Texts between commas or spaces, as parameters of a stage have them. */
const listOf = (isValid: (text: string) => boolean) =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(/[\s,]+/).filter((one) => one !== '')),
    v.maxLength(MAX_LISTED),
    v.checkItems(isValid),
  );

const schema = v.pipe(
  plainObject,
  v.strictObject({
    issuer: v.pipe(v.string(), v.check(isIssuer)),
    clientId: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
    scopes: listOf((text) => v.is(v.pipe(v.string(), ofScope), text)),
    origins: listOf(isOrigin),
    redriveScope: v.pipe(v.string(), ofScope),
  }),
);

/**
 * Parses `{ "issuer", "clientId", "scopes", "origins", "redriveScope" }`, whose lists are texts; empty where there is to be
 * no page.
 *
 * @throws ConfigurationError `DocumentInvalid` that names what is wrong
 */
export function parseSignIn(text: string): Issuer | undefined {
  if (text === '') return undefined;
  const result = v.safeParse(schema, readJson(text));
  if (result.success) return { kind: 'oidc', ...result.output };
  throw new ConfigurationError('DocumentInvalid', `SIGNET_PAGE: ${formatPlaces(result.issues)}: not valid`);
}

function readJson(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', 'SIGNET_PAGE is not strict JSON', { cause });
  }
}
