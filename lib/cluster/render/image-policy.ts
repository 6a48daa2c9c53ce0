import { InputError } from '../../base/errors/input-error.ts';
import { type ClusterImagePolicy, isLeftOut, mergeForNamespace } from '../../trust/policy/cluster-image-policy.ts';
import { type ImagePolicy, listEnclosingScopes, toScopeName } from '../../trust/policy/image-policy.ts';
import {
  describeScope,
  findForSource,
  parsePullSource,
  RELEASE_REPOSITORIES,
} from '../../trust/policy/machine-config-lockouts.ts';
import { parseClusterImagePolicy } from '../../trust/policy/parse-cluster-image-policy.ts';
import { PolicyError } from '../../trust/policy/policy-members.ts';
import type { SigstoreRoot, SigstoreSignedRequirement } from '../../trust/policy/policy-requirement.ts';
import type { SignedIdentity } from '../../trust/policy/signed-identity.ts';
import { parseDnsName } from './dns-name.ts';
import {
  type ImagePolicyManifest,
  Inexpressible,
  parseImagePolicyName,
  toImagePolicyManifest,
  toPolicyContent,
} from './image-policy-manifest.ts';
import { findUnusable, listBuiltInScopes, toAdmitted } from './image-policy-versions.ts';

/** Scopes within those of a policy that have a root of trust of their own. */
export interface PolicyException {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Undefined where none was given. */
  readonly root: SigstoreRoot | undefined;
}

/** Whose images a cluster runs of its own. */
export type ClusterFlavour = 'ocp' | 'okd';

export interface ImagePolicyRequest {
  readonly flavour: ClusterFlavour;
  readonly name: string;
  /** Of an ImagePolicy; undefined: a ClusterImagePolicy. */
  readonly namespace: string | undefined;
  readonly scopes: readonly string[];
  /** Keys and certificates are data. */
  readonly root: SigstoreRoot;
  readonly identity: SignedIdentity;
  /** Mirrors that images are pulled from by the mirror's own name, and the name that was signed. */
  readonly remaps: readonly { readonly prefix: string; readonly signedPrefix: string }[];
  readonly exceptions: readonly PolicyException[];
  /** Of the cluster; undefined: as API servers are today. */
  readonly minor: string | undefined;
  /** What nodes have to be able to pull beside the cluster's own images. */
  readonly pullSources: readonly string[];
  /** Repositories, or what is around them, of which the caller says that the roots sign their images. */
  readonly signed: readonly string[];
}

export interface RenderedImagePolicies {
  readonly manifests: readonly ImagePolicyManifest[];
  /** Why they must not be applied. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/** What a cluster runs of its own: release, components, and the catalogs of its operators. */
const OWN_IMAGES: Readonly<Record<ClusterFlavour, readonly string[]>> = {
  ocp: [
    ...RELEASE_REPOSITORIES,
    'quay.io/openshift-release-dev/ocp-v5.0-art-dev',
    ...['redhat', 'certified', 'community'].map((of) => `registry.redhat.io/redhat/${of}-operator-index`),
  ],
  okd: ['quay.io/okd/scos-release', 'quay.io/okd/scos-content', 'quay.io/operatorhubio/catalog'],
};

/**
 * The image policies of a root of trust: one for its scopes, one for each mirror and one for each exception. Each is read
 * as the API reads it before it is given out. @throws InputError for a name, scope or mirror that is none
 */
export function toImagePolicies(request: ImagePolicyRequest): RenderedImagePolicies {
  const { namespace, minor, root, identity, remaps, scopes, exceptions } = request;
  const name = parseImagePolicyName(request.name);
  if (namespace !== undefined) parseDnsName(namespace);
  if (scopes.length + remaps.length === 0) throw invalid('name what it covers: --scope or --remap');
  requireOnce([...scopes, ...remaps.map(({ prefix }) => prefix), ...exceptions.flatMap((one) => one.scopes)]);
  const covered = [...scopes, ...remaps.map(({ prefix }) => prefix)];
  const parts: Part[] = [
    ...(scopes.length === 0 ? [] : [{ suffix: '', scopes, root, identity }]),
    ...remaps.map((remap, index) => ({
      suffix: scopes.length === 0 && remaps.length === 1 ? '' : `-mirror-${index + 1}`,
      scopes: [remap.prefix],
      root,
      identity: { type: 'remapIdentity' as const, ...remap },
    })),
  ];
  const faults: string[] = [];
  for (const exception of exceptions) {
    const fault = findExceptionFault(exception, covered);
    if (fault !== undefined) faults.push(fault);
    else if (exception.root !== undefined) {
      parts.push({ suffix: `-${exception.name}`, scopes: exception.scopes, root: exception.root, identity });
    }
  }
  const made = parts.map((part) => toPolicy(part, name, request));
  const policies = made.flatMap(({ policy }) => policy ?? []);
  return {
    manifests: made.flatMap(({ manifest }) => manifest ?? []),
    faults: [...new Set([...faults, ...made.flatMap((one) => one.faults), ...findLockedOut(policies, request)])],
    warnings: [...warnOfPreview(minor), ...warnOfOverlap(policies, request)],
  };
}

interface Part {
  readonly suffix: string;
  readonly scopes: readonly string[];
  readonly root: SigstoreRoot;
  readonly identity: SignedIdentity;
}

interface MadePolicy {
  readonly manifest?: ImagePolicyManifest;
  /** As the API reads it. */
  readonly policy?: ClusterImagePolicy;
  readonly faults: readonly string[];
}

function toPolicy(
  { suffix, scopes, root, identity }: Part,
  name: string,
  { namespace, minor }: ImagePolicyRequest,
): MadePolicy {
  const requirement: SigstoreSignedRequirement = { type: 'sigstoreSigned', root, signedIdentity: identity };
  const { version, maxLength } = toAdmitted(minor);
  const faults = findUnusable(requirement, minor);
  try {
    const content = toPolicyContent(requirement, { keys: new Map(), maxLength });
    const place = { name: parseImagePolicyName(`${name}${suffix}`), namespace, scopes, version };
    const manifest = toImagePolicyManifest(place, content);
    const policy = parseClusterImagePolicy(structuredClone(manifest));
    return { manifest, policy, faults };
  } catch (error) {
    if (!(error instanceof Inexpressible || error instanceof PolicyError)) throw error;
    return { faults: [...faults, `${name}${suffix}: ${error.message}`] };
  }
}

/** Nodes accept nothing unsigned within a scope: an exception is a narrower scope with a root of its own. */
function findExceptionFault({ name, scopes, root }: PolicyException, covered: readonly string[]): string | undefined {
  const stray = scopes.find((scope) => !listEnclosingScopes(scope).some((outer) => covered.includes(outer)));
  if (stray !== undefined) return `the exception ${name} names ${stray}, which no scope of the policy covers`;
  if (root !== undefined) return undefined;
  const instead = `sign it with a key of your own and name that with --except-key ${name}=FILE, or name narrower scopes`;
  return `no image policy can let ${scopes.join(', ')} through unsigned within a wider scope: ${instead}`;
}

/** What the cluster itself runs and would not get any more. The images of other namespaces are their owners'. */
function findLockedOut(policies: readonly ClusterImagePolicy[], request: ImagePolicyRequest): readonly string[] {
  const { flavour, namespace, pullSources, signed } = request;
  const isOwn = namespace === undefined || /^(?:openshift|kube|default)(?:-|$)/.test(namespace);
  const repositories = [...new Set([...(isOwn ? OWN_IMAGES[flavour] : []), ...pullSources])].filter(
    (source) => !signed.some((one) => source === one || source.startsWith(`${one}/`)),
  );
  // A scope may be one image of such a repository, by its tag or digest.
  const images = policies.flatMap(({ scopes }) =>
    scopes.filter((scope) => scope !== toScopeName(scope) && repositories.includes(toScopeName(scope))),
  );
  const needed = [...repositories, ...images];
  const merged = withBuiltIn(policies, request);
  const byScope = new Map<string, string[]>();
  for (const source of needed) {
    const found = findForSource(merged, parsePullSource(source));
    if (found.requirements.every(({ type }) => type === 'insecureAcceptAnything')) continue;
    const scope = describeScope(found);
    byScope.set(scope, [...(byScope.get(scope) ?? []), source]);
  }
  const effect = 'the cluster can pull none of it that this root of trust has not signed';
  const remedy = 'name narrower scopes, or say with --signed REPOSITORY that it signs them';
  return [...byScope].map(([scope, sources]) => `${scope} covers ${sources.join(', ')}: ${effect}: ${remedy}`);
}

/** The cluster's own policy is met by what the publisher signs; where it has a scope too, both count. */
function withBuiltIn(
  policies: readonly ClusterImagePolicy[],
  { namespace, flavour, minor }: ImagePolicyRequest,
): ImagePolicy {
  const scopes = listBuiltInScopes(flavour === 'ocp' ? minor : undefined);
  const ours = policies.map((policy) => ({ policy, requirement: policy.requirement }));
  const [first] = policies;
  if (first === undefined || scopes.length === 0) return mergeForNamespace(ours, namespace);
  const policy: ClusterImagePolicy = { ...first, kind: 'ClusterImagePolicy', name: 'openshift', scopes };
  return mergeForNamespace([...ours, { policy, requirement: { type: 'insecureAcceptAnything' } }], namespace);
}

function warnOfPreview(minor: string | undefined): readonly string[] {
  const { isPreview, version } = toAdmitted(minor);
  if (!isPreview) return [];
  return [
    `clusters of ${minor} have ${version} with the feature set TechPreviewNoUpgrade alone, which blocks their updates`,
  ];
}

function warnOfOverlap(
  policies: readonly ClusterImagePolicy[],
  { flavour, minor }: ImagePolicyRequest,
): readonly string[] {
  const scopes = new Set(listBuiltInScopes(flavour === 'ocp' ? minor : undefined));
  return policies
    .filter(({ kind }) => kind === 'ImagePolicy')
    .flatMap((policy) => policy.scopes)
    .filter((scope) => isLeftOut(scope, scopes))
    .map(
      (scope) => `${scope} does not count: the ClusterImagePolicy openshift covers it, and the cluster’s alone counts`,
    );
}

function requireOnce(scopes: readonly string[]): void {
  const twice = scopes.find((scope, index) => scopes.indexOf(scope) !== index);
  if (twice !== undefined) throw invalid(`the scope ${twice} is given twice`);
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
