// `zod/mini`, not `zod`: a webhook waits for its reply, and it is a fifth of the size.
import type * as z from 'zod/mini';
import { InputError } from '../errors/input-error.ts';

/**
 * Reads the members that a schema names; others are left alone, because senders add some.
 *
 * @param prefix where in the body the value stands
 * @throws InputError `BodyInvalid` that names the first member at fault
 */
export function readEvent<T>(schema: z.ZodMiniType<T>, value: unknown, prefix: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...prefix, ...(issue?.path ?? [])].map(String).join('.');
  const fault = issue?.code === 'invalid_type' ? `expected ${issue.expected}` : (issue?.message ?? 'not valid');
  throw toFieldError(path === '' ? 'the body' : path, fault);
}

/** What a malformed event throws. */
export function toFieldError(field: string, fault: string, cause?: unknown): InputError {
  return new InputError('BodyInvalid', `${field}: ${fault}`, cause === undefined ? undefined : { cause });
}
