import { ConfigurationError } from '../../errors/configuration-error.ts';
import type { ClusterImagePolicy } from '../../image-policy/cluster-image-policy.ts';
import { parseClusterImagePolicy } from '../../image-policy/cluster-image-policy-content.ts';
import { PolicyError } from '../../image-policy/policy-error.ts';
import { prepareSigstoreTrust } from '../../sigstore/sigstore-trust.ts';
import type { ConfiguredImagePolicy } from '../prepared-trust.ts';
import { documentError, type ParsedDocument } from './parsed-document.ts';

export interface ImagePolicyDocument {
  readonly kind: 'ImagePolicy';
  readonly source: ParsedDocument;
  readonly policy: ConfiguredImagePolicy;
}

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
  return { kind: 'ImagePolicy', source, policy };
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
