import * as v from 'valibot';
import { toFaults } from '../../base/documents/schema.ts';
import { documentError, type ParsedDocument } from './parsed-document.ts';

/**
 * Checks a document against the schema of its kind. @throws ConfigurationError `DocumentInvalid` at the first fault,
 * with all faults in the reason.
 */
export function readContent<T>(schema: v.GenericSchema<unknown, T>, source: ParsedDocument): T {
  const result = v.safeParse(schema, source.content);
  if (result.success) return result.output;
  const faults = toFaults(result.issues);
  const reason = faults.map(({ path, message }) => (path.length === 0 ? message : `${formatPath(path)}: ${message}`));
  throw documentError('DocumentInvalid', source, faults[0]?.path ?? [], reason.join('; '));
}

function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
