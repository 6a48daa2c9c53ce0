import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';

/** Arrays and objects inside each other. A manifest has 6; the writer of JSON overflows its stack at some thousands. */
export const MAX_LEVELS = 64;

/**
 * Reads a JSON object of a registry that is to be written again with a change.
 *
 * @param name what messages call it
 * @throws StoreError `BodyInvalid` for what is no object in strict JSON, `LimitExceeded` for one that is nested too deep
 */
export function parseRewritten(untrustedBytes: Uint8Array, name: string): JsonObject {
  const value = parse(untrustedBytes, name);
  if (!isJsonObject(value)) throw new StoreError('BodyInvalid', `${name} is not an object`);
  if (isDeep(value)) throw new StoreError('LimitExceeded', `${name} is nested more than ${MAX_LEVELS} levels deep`);
  return value;
}

function parse(bytes: Uint8Array, name: string): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    if (!(cause instanceof StrictJsonError) && !(cause instanceof TypeError)) throw cause;
    throw new StoreError('BodyInvalid', `${name} is not strict JSON`, { cause });
  }
}

/** Level by level, so that no depth overflows the stack here either. */
function isDeep(value: JsonValue): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_LEVELS) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
