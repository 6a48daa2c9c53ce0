import { isJsonObject } from '../../base/documents/json-value.ts';
import { MAX_PUBLISHED_DATA_LENGTH } from '../policy/cluster-image-policy-fields.ts';
import { type ClusterImagePolicy, isLeftOut } from '../policy/cluster-image-policy.ts';
import { findScopeFault } from '../policy/find-scope-fault.ts';
import type { ImagePolicy } from '../policy/image-policy.ts';
import { parseClusterImagePolicy } from '../policy/parse-cluster-image-policy.ts';
import { parsePolicyContent } from '../policy/parse-policy-json.ts';
import { PolicyError } from '../policy/policy-members.ts';
import { prepareCheck } from '../policy/prepare-check.ts';
import { describeUnmeetableSubject } from '../policy/unmeetable-subject.ts';
import type { ConfiguredImagePolicy } from '../prepared/prepared-trust.ts';
import { documentError, documentWarning, type ParsedDocument, type Path } from './parsed-document.ts';

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
  const parsed = parseContent(source);
  const policy: ConfiguredImagePolicy = {
    kind: parsed.kind,
    name: parsed.name,
    document: source.document,
    coverage: { kind: 'scopes', scopes: parsed.scopes },
    content: source.content,
  };
  const scopes = parsed.scopes.map((scope, index) => ({ scope, path: [...SCOPES_PATH, index] }));
  const warnings = [...warnOfScopes(scopes, source), ...warnOfRequirement(source, parsed), ...warnOfLongData(source)];
  return { kind: 'ImagePolicy', source, policy, parsed, warnings };
}

/** Warns of scopes of ImagePolicies that nodes ignore because a ClusterImagePolicy covers them. */
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

function parseContent(source: ParsedDocument): ClusterImagePolicy {
  try {
    return parseClusterImagePolicy(source.content);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw documentError('DocumentInvalid', source, error.path, error.message, error);
  }
}

/** Says before a signature needs it that none will satisfy the requirement. */
function warnOfRequirement(source: ParsedDocument, { requirement }: ClusterImagePolicy): readonly string[] {
  // Its keys are data: no file is needed.
  const check = prepareCheck(requirement, {
    keyrings: new Map(),
    sigstore: { files: new Map(), bundleIdentity: 'refuse' },
  });
  const fault = check?.kind === 'unmeetable' ? check.fault : describeUnmeetableSubject(requirement);
  if (fault === undefined) return [];
  const text = `no image that this policy covers can be accepted: ${fault}`;
  return [documentWarning(source, ROOT_PATH, text)];
}

/** Keys and certificates that are longer than today's API servers take. */
function warnOfLongData(source: ParsedDocument): readonly string[] {
  const { spec } = source.content;
  const policy = isJsonObject(spec) ? spec['policy'] : undefined;
  const root = isJsonObject(policy) ? policy['rootOfTrust'] : undefined;
  const parts = isJsonObject(root) ? Object.entries(root) : [];
  return parts.flatMap(([part, members]) =>
    Object.entries(isJsonObject(members) ? members : {}).flatMap(([name, value]) => {
      if (typeof value !== 'string' || value.length <= MAX_PUBLISHED_DATA_LENGTH) return [];
      const limit = `API servers of OpenShift through 5.0 refuse more than ${MAX_PUBLISHED_DATA_LENGTH}`;
      return [documentWarning(source, [...ROOT_PATH, part, name], `${name} has ${value.length} characters: ${limit}`)];
    }),
  );
}

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
  // Other documents may have the same member twice; nodes refuse such a policy.
  if (duplicate !== undefined) throw documentError('DuplicateKey', source, [], duplicate);
  const policy: ConfiguredImagePolicy = {
    kind: 'policy.json',
    name: source.document,
    document: source.document,
    coverage: { kind: 'everything' },
    content: source.content,
  };
  const parsed = parsePolicy(source);
  return { kind: 'policy.json', source, policy, parsed, warnings: warnOfScopes(listScopes(parsed), source) };
}

function listScopes({ transports }: ImagePolicy): readonly PlacedScope[] {
  return [...(transports.get('docker')?.keys() ?? [])].map((scope) => ({
    scope,
    path: ['transports', 'docker', scope],
  }));
}

function parsePolicy(source: ParsedDocument): ImagePolicy {
  try {
    return parsePolicyContent(source.content);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw documentError('DocumentInvalid', source, error.path, error.message, error);
  }
}

/** A scope of the transport docker, and its path in the document. */
interface PlacedScope {
  readonly scope: string;
  readonly path: Path;
}

/** Warns of scopes that protect nothing: images are verified by digest, and nodes match no odd wildcard. */
function warnOfScopes(scopes: readonly PlacedScope[], source: ParsedDocument): readonly string[] {
  return scopes.flatMap(({ scope, path }) => {
    const tagged = hasTag(scope) ? 'images are asked for by digest, and it has a tag' : undefined;
    const fault = findScopeFault('docker', scope) ?? tagged;
    if (fault === undefined) return [];
    const text = `the scope ${JSON.stringify(scope)} covers no image that is verified here: ${fault}`;
    return [documentWarning(source, path, text)];
  });
}

function hasTag(scope: string): boolean {
  const slash = scope.lastIndexOf('/');
  const last = slash < 0 ? '' : scope.slice(slash);
  return last.includes(':') && !last.includes('@');
}
