import type { ImagePolicy } from '../policy/image-policy.ts';
import { PolicyError } from '../policy/policy-error.ts';
import { parsePolicyContent } from '../policy/policy-json/parse-policy-content.ts';
import type { ConfiguredImagePolicy } from '../prepared/prepared-trust.ts';
import { documentError, type ParsedDocument } from './parsed-document.ts';
import { type PlacedScope, warnOfScopes } from './warn-of-scopes.ts';

export interface PolicyDocument {
  readonly kind: 'policy.json';
  readonly source: ParsedDocument;
  readonly policy: ConfiguredImagePolicy;
  readonly parsed: ImagePolicy;
  /** Each with file and line. */
  readonly warnings: readonly string[];
}

/** A containers-policy.json(5), read as a node would and carried whole. @throws ConfigurationError */
export function parsePolicyJson(source: ParsedDocument): PolicyDocument {
  const [duplicate] = source.warnings;
  // Elsewhere the same twice is tolerated; nodes refuse a policy for it.
  if (duplicate !== undefined) throw documentError('DuplicateKey', source, [], duplicate);
  const policy: ConfiguredImagePolicy = {
    kind: 'policy.json',
    name: source.document,
    document: source.document,
    coverage: { kind: 'everything' },
    content: source.content,
  };
  const parsed = parse(source);
  return { kind: 'policy.json', source, policy, parsed, warnings: warnOfScopes(listScopes(parsed), source) };
}

function listScopes({ transports }: ImagePolicy): readonly PlacedScope[] {
  return [...(transports.get('docker')?.keys() ?? [])].map((scope) => ({
    scope,
    path: ['transports', 'docker', scope],
  }));
}

function parse(source: ParsedDocument): ImagePolicy {
  try {
    return parsePolicyContent(source.content);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw documentError('DocumentInvalid', source, error.path, error.message, error);
  }
}
