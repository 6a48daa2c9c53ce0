import { parseStrictJson, StrictJsonError } from '../../../base/documents/parse-strict-json.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../../base/errors/configuration-error.ts';
import type { ImagePolicy } from '../image-policy.ts';
import { PolicyError } from '../policy-error.ts';
import { findOffset, findPath, lineAt } from './json-place.ts';
import { parsePolicyContent } from './parse-policy-content.ts';

/**
 * A policy.json (containers-policy.json(5)) from its text; `document` names it in errors.
 * @throws ConfigurationError `DocumentInvalid` or `DuplicateKey`, with line, JSON path and the rule that was broken
 */
export function parsePolicyJson(document: string, text: string): ImagePolicy {
  try {
    return parsePolicyContent(parseStrictJson(text));
  } catch (error) {
    if (error instanceof PolicyError) {
      throw documentError('DocumentInvalid', document, lineAt(text, findOffset(text, error.path)), error);
    }
    if (!(error instanceof StrictJsonError)) throw error;
    const line = lineAt(text, error.offset);
    if (error.fault !== 'duplicate') throw documentError('DocumentInvalid', document, line, error);
    const twice = new PolicyError(findPath(text, error.offset), 'the member is there a second time');
    throw documentError('DuplicateKey', document, line, twice);
  }
}

function documentError(
  code: ConfigurationErrorCode,
  document: string,
  line: number,
  cause: PolicyError | StrictJsonError,
): ConfigurationError {
  return new ConfigurationError(code, cause.message, { position: { document, line }, cause });
}
