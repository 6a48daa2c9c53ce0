import * as v from 'valibot';
import { toFaults } from '../../../base/documents/schema.ts';
import { InputError } from '../../../base/errors/input-error.ts';

/**
 * Reads the members that a schema names; others are left alone, because senders add some.
 *
 * @param prefix where in the body the value stands
 * @throws InputError `BodyInvalid` that names the first member at fault
 */
export function readEvent<T>(schema: v.GenericSchema<unknown, T>, value: unknown, prefix: readonly string[] = []): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [fault] = toFaults(result.issues);
  const field = [...prefix, ...(fault?.path ?? [])].join('.');
  throw toFieldError(field === '' ? 'the body' : field, fault?.message ?? 'not valid');
}

/** What a malformed event throws. */
export function toFieldError(field: string, fault: string, cause?: unknown): InputError {
  return new InputError('BodyInvalid', `${field}: ${fault}`, cause === undefined ? undefined : { cause });
}
