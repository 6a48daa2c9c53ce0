/** A number as it was written, for callers to whom `1e3` and `1000` are not the same. No JSON text can forge one. */
export class JsonNumber {
  readonly raw: string;

  constructor(raw: string) {
    this.raw = raw;
  }
}

/** What a JSON text holds; `N` is how its numbers are represented. */
export type Json<N> = null | boolean | string | N | Json<N>[] | { [member: string]: Json<N> };

export type JsonValue = Json<number>;
export type JsonObject = { [member: string]: JsonValue };
/** Numbers are {@link JsonNumber}s. */
export type RawJsonValue = Json<JsonNumber>;

/** True for an object, as opposed to an array, null or anything else. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Gives an object a member of its own, also when it is called `__proto__`, where assignment sets the prototype. */
export function setMember<T>(object: { [member: string]: T }, member: string, value: T): void {
  if (member === '__proto__') {
    Object.defineProperty(object, member, { value, configurable: true, enumerable: true, writable: true });
  } else {
    object[member] = value;
  }
}
