import type { z } from 'zod';
import { isJsonObject } from '../json/json-value.ts';
import { objectError, type SourceObject } from './read-objects.ts';

/** Reads an object against a schema. @throws InputError `FileUnreadable` with its place, kind, name and the field */
export function readShape<T>(schema: z.ZodType<T>, source: SourceObject): T {
  const result = schema.safeParse(source.content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw objectError(
    source,
    `${describeObject(source)}${field === '' ? '' : `: ${field}`}`,
    issue?.message ?? 'invalid',
  );
}

/** `MachineConfigPool worker`, as far as the object says it. */
export function describeObject({ content }: SourceObject): string {
  const { kind, schema, metadata } = content;
  const what = [kind, schema].find((value) => typeof value === 'string') ?? 'object';
  const name = isJsonObject(metadata) ? metadata['name'] : content['name'];
  return typeof name === 'string' ? `${what} ${name}` : what;
}
