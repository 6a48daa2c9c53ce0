import type { JsonObject } from '../../base/documents/json-value.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';

export type Path = readonly (string | number)[];

/** One YAML or JSON document of a trust file, or one item of a Kubernetes `List`. */
export interface ParsedDocument {
  /** Name of the file it lies in. */
  readonly document: string;
  readonly content: JsonObject;
  /** What was tolerated, each with file and line. */
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
