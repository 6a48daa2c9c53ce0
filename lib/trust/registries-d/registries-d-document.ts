import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';

/** A path to a member of a document. */
export type MemberPath = readonly string[];

/** The content of one file of registries.d, as a strict reader of YAML gave it. */
export interface RegistriesDDocument {
  /** The file's name. */
  readonly document: string;
  readonly content: unknown;
  /** Line of a member, from 1, where the reader knows it. */
  readonly lineOf?: ((path: MemberPath) => number) | undefined;
}

/** The operator's error at a member of a document. */
export function registriesDError(
  code: ConfigurationErrorCode,
  { document, lineOf }: RegistriesDDocument,
  path: MemberPath,
  fault: string,
): ConfigurationError {
  const reason = path.length === 0 ? fault : `${path.join('.')}: ${fault}`;
  return new ConfigurationError(code, reason, { position: { document, line: lineOf?.(path) } });
}
