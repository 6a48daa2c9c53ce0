import * as v from 'valibot';
import type { JsonObject } from '../../base/documents/json-value.ts';
import { parsedField, toFaults } from '../../base/documents/schema.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';
import { parseScope, requireCanonicalScope } from '../../base/names/scope.ts';

export type Path = readonly (string | number)[];

/** One YAML or JSON document of a trust file, or one item of a Kubernetes `List`. */
export interface ParsedDocument {
  /** Name of its file. */
  readonly document: string;
  readonly content: JsonObject;
  /** Warnings, each with file and line. */
  readonly warnings: readonly string[];
  /** Line, from 1, of the member or element at a path, or of the last part of the path that exists. */
  readonly lineOf: (path: Path) => number;
}

/** The operator's error at a place in a document. */
export function documentError(
  code: ConfigurationErrorCode,
  source: ParsedDocument,
  path: Path,
  reason: string,
  cause?: unknown,
): ConfigurationError {
  const position = { document: source.document, line: source.lineOf(path) };
  return new ConfigurationError(code, reason, cause === undefined ? { position } : { position, cause });
}

/** A warning at a place in a document, worded as errors are. */
export function documentWarning(source: ParsedDocument, path: Path, text: string): string {
  return `${source.document}:${source.lineOf(path)}: ${text}`;
}

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

export const repositoryField = parsedField(v.string(), parseRepository);
export const registryHostField = parsedField(v.string(), parseRegistryHost);
/** A host, namespace, repository or `*.` wildcard, kept as written. */
export const scopeField = parsedField(v.string(), (text) => {
  parseScope(text);
  return text;
});
/** The same where nodes compare it with the names that they pull: in canonical spelling alone. */
export const comparedScopeField = parsedField(v.string(), (text) => {
  requireCanonicalScope(text);
  parseScope(text);
  return text;
});
/** Kubernetes metadata: a name and whatever else. */
export const metadataField = v.looseObject({ name: v.pipe(v.string(), v.minLength(1)) });
