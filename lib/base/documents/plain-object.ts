import * as v from 'valibot';
import { isJsonObject } from './json-value.ts';

/**
 * An object and no array, which valibot takes for an object without members. Goes before a schema that an array would
 * satisfy: `v.pipe(plainObject, v.record(…))`, and objects all of whose members may be absent.
 */
export const plainObject = v.custom<{ readonly [member: string]: unknown }>(isJsonObject, 'expected an object');
