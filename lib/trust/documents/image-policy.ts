import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { prepareSigstoreTrust } from '../../crypto/sigstore/sigstore-trust.ts';
import type { ClusterImagePolicy } from '../policy/cluster-image-policy/cluster-image-policy.ts';
import { parseClusterImagePolicy } from '../policy/cluster-image-policy/cluster-image-policy-content.ts';
import { isLeftOut } from '../policy/cluster-image-policy/merge-cluster-policies.ts';
import { PolicyError } from '../policy/policy-error.ts';
import type { ConfiguredImagePolicy } from '../prepared/prepared-trust.ts';
import { documentError, documentWarning, type ParsedDocument } from './parsed-document.ts';
import { warnOfScopes } from './warn-of-scopes.ts';

export interface ImagePolicyDocument {
  readonly kind: 'ImagePolicy';
  readonly source: ParsedDocument;
  readonly policy: ConfiguredImagePolicy;
  readonly parsed: ClusterImagePolicy;
  /** Each with file and line. */
  readonly warnings: readonly string[];
}

const SCOPES_PATH = ['spec', 'scopes'];

const ROOT_PATH = ['spec', 'policy', 'rootOfTrust'];

/** A ClusterImagePolicy or ImagePolicy, read as the API has it and carried whole. @throws ConfigurationError */
export function parseImagePolicy(source: ParsedDocument): ImagePolicyDocument {
  const parsed = parse(source);
  checkRoot(source, parsed);
  const policy: ConfiguredImagePolicy = {
    kind: parsed.kind,
    name: parsed.name,
    document: source.document,
    coverage: { kind: 'scopes', scopes: parsed.scopes },
    content: source.content,
  };
  const scopes = parsed.scopes.map((scope, index) => ({ scope, path: [...SCOPES_PATH, index] }));
  return { kind: 'ImagePolicy', source, policy, parsed, warnings: warnOfScopes(scopes, source) };
}

/** Scopes of ImagePolicies that nodes leave out, since a ClusterImagePolicy has the say over them. */
export function warnOfLeftOutScopes(policies: readonly ImagePolicyDocument[]): readonly string[] {
  const ofKind = (kind: ClusterImagePolicy['kind']) => policies.filter(({ parsed }) => parsed.kind === kind);
  const cluster = new Set(ofKind('ClusterImagePolicy').flatMap(({ parsed }) => parsed.scopes));
  return ofKind('ImagePolicy').flatMap(({ source, parsed }) =>
    parsed.scopes.flatMap((scope, index) => {
      if (!isLeftOut(scope, cluster)) return [];
      const text = `nodes leave the scope ${JSON.stringify(scope)} out: a ClusterImagePolicy has it, or one around it`;
      return [documentWarning(source, [...SCOPES_PATH, index], text)];
    }),
  );
}

function parse(source: ParsedDocument): ClusterImagePolicy {
  try {
    return parseClusterImagePolicy(source.content);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw documentError('DocumentInvalid', source, error.path, error.message, error);
  }
}

/** A key or certificate that cannot be read is noticed before it is missed. */
function checkRoot(source: ParsedDocument, { root }: ClusterImagePolicy): void {
  try {
    prepareSigstoreTrust(root, (key) => (key.kind === 'data' ? key.bytes : new Uint8Array()));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw documentError(error.code, source, ROOT_PATH, error.message, error);
  }
}
