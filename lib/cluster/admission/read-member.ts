import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';

/** The value at a path such as `spec.release.image`; undefined where there is none. */
export function readMember(value: JsonValue | undefined, path: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const member of path.split('.')) {
    found = isJsonObject(found) && Object.hasOwn(found, member) ? found[member] : undefined;
  }
  return found;
}
