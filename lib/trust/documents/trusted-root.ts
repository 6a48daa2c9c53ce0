import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isTrustedRootType, parseTrustedRoot, type TrustedRoot } from '../../crypto/sigstore/trusted-root.ts';
import { documentError, documentWarning, type ParsedDocument } from './parsed-document.ts';

/** A `trusted_root.json` of Sigstore: what bundles of files are verified with. Images are decided by policies alone. */
export interface TrustedRootDocument {
  readonly kind: 'trusted root';
  readonly source: ParsedDocument;
  readonly root: TrustedRoot;
  /** Each with file and line. */
  readonly warnings: readonly string[];
}

/** True for a document that says that it is one. */
export function isTrustedRoot({ content }: ParsedDocument): boolean {
  return isTrustedRootType(content['mediaType']);
}

/** @throws ConfigurationError at the document */
export function parseTrustedRootDocument(source: ParsedDocument): TrustedRootDocument {
  const [duplicate] = source.warnings;
  if (duplicate !== undefined) throw documentError('DuplicateKey', source, [], duplicate);
  try {
    const root = parseTrustedRoot(Buffer.from(JSON.stringify(source.content)));
    const warnings = root.warnings.map((text) => documentWarning(source, [], text));
    return { kind: 'trusted root', source, root, warnings };
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw documentError(cause.code, source, [], cause.message, cause);
  }
}
