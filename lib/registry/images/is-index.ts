import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StrictJsonError } from '../../base/documents/strict-json-error.ts';

/** True for an index or manifest list, which names images of several platforms. Decides nothing but a note. */
export function isIndex(untrustedManifest: Uint8Array): boolean {
  try {
    const manifest = parseStrictJson(new TextDecoder().decode(untrustedManifest));
    return isJsonObject(manifest) && Object.hasOwn(manifest, 'manifests');
  } catch (error) {
    if (error instanceof StrictJsonError) return false;
    throw error;
  }
}
