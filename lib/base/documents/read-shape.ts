import * as v from 'valibot';
import { isJsonObject } from './json-value.ts';
import { objectError, type SourceObject } from './read-objects.ts';
import { toFaults } from './schema-faults.ts';

/** Reads an object against a schema. @throws InputError `FileUnreadable` with its place, kind, name and the field */
export function readShape<T>(schema: v.GenericSchema<unknown, T>, source: SourceObject): T {
  const result = v.safeParse(schema, source.content);
  if (result.success) return result.output;
  const [fault] = toFaults(result.issues);
  const field = fault?.path.join('.') ?? '';
  throw objectError(
    source,
    `${describeObject(source)}${field === '' ? '' : `: ${field}`}`,
    fault?.message ?? 'invalid',
  );
}

/** `MachineConfigPool worker`, as far as the object says it. */
export function describeObject({ content }: SourceObject): string {
  const { kind, schema, metadata } = content;
  const what = [kind, schema].find((value) => typeof value === 'string') ?? 'object';
  const name = isJsonObject(metadata) ? metadata['name'] : content['name'];
  return typeof name === 'string' ? `${what} ${name}` : what;
}
