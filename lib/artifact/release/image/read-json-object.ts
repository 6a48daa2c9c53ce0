import { isJsonObject, type JsonObject } from '../../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../../base/documents/parse-strict-json.ts';
import { ReleaseError, type ReleaseFaultCode } from './release-error.ts';

/** Parses a strict JSON object in UTF-8. @throws ReleaseError of this code that names the file */
export function readJsonObject(bytes: Uint8Array, file: string, code: ReleaseFaultCode): JsonObject {
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    // The decoder throws a TypeError for bytes that are not UTF-8.
    if (!(cause instanceof StrictJsonError || cause instanceof TypeError)) throw cause;
    throw new ReleaseError(code, `${file} is not strict JSON: ${cause.message}`, { cause });
  }
  throw new ReleaseError(code, `${file} is not a JSON object`);
}
