import * as v from 'valibot';
import { ConfigurationError, type ConfigurationErrorCode } from '../errors/configuration-error.ts';
import { isJsonObject, type JsonValue } from './json-value.ts';
import { parseStrictJson } from './parse-strict-json.ts';
import { formatPlaces } from './schema.ts';

/**
 * Reads an object of published trust: UTF-8, strict JSON, a schema number that this version knows, and that schema.
 *
 * @param newest the newest schema number that this version reads
 * @throws ConfigurationError `SchemaUnsupported` for a newer one, else `RevisionInvalid`
 */
export function readSchema<T>(
  schema: v.GenericSchema<unknown, T>,
  key: string,
  bytes: Uint8Array,
  newest: number = 1,
): T {
  const content = readJson(key, bytes);
  const number = isJsonObject(content) ? content['schema'] : undefined;
  if (typeof number === 'number' && number > newest) {
    const reason = `written with schema ${number}; this version of Signet reads schema ${newest}: update it`;
    throw invalid(key, reason, 'SchemaUnsupported');
  }
  const result = v.safeParse(schema, content);
  if (result.success) return result.output;
  throw invalid(key, `not as Signet writes it: ${formatPlaces(result.issues)}`);
}

function readJson(key: string, bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid(key, 'not strict JSON in UTF-8', 'RevisionInvalid', cause);
  }
}

function invalid(
  document: string,
  reason: string,
  code: ConfigurationErrorCode = 'RevisionInvalid',
  cause?: unknown,
): ConfigurationError {
  const position = { document };
  return new ConfigurationError(code, reason, cause === undefined ? { position } : { position, cause });
}
