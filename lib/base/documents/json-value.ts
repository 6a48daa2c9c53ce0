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

/**
 * A member that differs from a known one in the case of its letters alone. Nodes are written in Go and read members
 * whatever their case, the last one counts: `Manifests` beside `manifests` would show them another document.
 */
export function findOtherSpelling(
  object: { readonly [member: string]: unknown },
  known: readonly string[],
): string | undefined {
  const folded = new Set(known.map(fold));
  return Object.keys(object).find((member) => !known.includes(member) && folded.has(fold(member)));
}

/** As Go compares members: the long s and the Kelvin sign are letters too. */
function fold(member: string): string {
  return member.toUpperCase().toLowerCase();
}
