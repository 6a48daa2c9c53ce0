import type { z } from 'zod';
import { documentError, type ParsedDocument } from './parsed-document.ts';

/**
 * Checks a document against the schema of its kind. @throws ConfigurationError `DocumentInvalid` at the first fault,
 * with all faults in the reason.
 */
export function readContent<T>(schema: z.ZodType<T>, source: ParsedDocument): T {
  const result = schema.safeParse(source.content);
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap(toFaults);
  const reason = faults.map(({ path, message }) => (path.length === 0 ? message : `${formatPath(path)}: ${message}`));
  throw documentError('DocumentInvalid', source, faults[0]?.path ?? [], reason.join('; '));
}

interface Fault {
  readonly path: (string | number)[];
  readonly message: string;
}

function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown field' }));
}

function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
