import * as v from 'valibot';
import { plainObject } from './plain-object.ts';

/**
 * An object whose members are named and valued as two schemas say. valibot's own record leaves out `constructor`,
 * `prototype` and `__proto__` unread: here they are members like any other.
 */
export function recordOf<T>(
  name: v.GenericSchema<unknown, string>,
  value: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, Readonly<Record<string, T>>> {
  return v.pipe(
    plainObject,
    v.transform((members): unknown => new Map(Object.entries(members))),
    v.map(name, value),
    v.transform((members) => Object.fromEntries(members)),
  );
}
