/** Keys in the mirror that no reader asks for: they are reported and left. */
export interface ForeignKeys {
  /** Those that were met; a listing is not read without end. */
  readonly count: number;
  /** The first {@link MAX_FOREIGN_KEYS} of them. */
  readonly keys: readonly string[];
}

/** Keys named in one report: whoever can write the bucket can make any number. */
export const MAX_FOREIGN_KEYS = 100;

/** Both together. */
export function addForeignKeys(left: ForeignKeys, right: ForeignKeys): ForeignKeys {
  return { count: left.count + right.count, keys: [...left.keys, ...right.keys].slice(0, MAX_FOREIGN_KEYS) };
}
