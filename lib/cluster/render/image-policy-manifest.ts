import { InputError } from '../../base/errors/input-error.ts';
import { MAX_PUBLISHED_DATA_LENGTH } from '../../trust/policy/cluster-image-policy-fields.ts';
import type { ClusterImagePolicyVersion } from '../../trust/policy/cluster-image-policy.ts';
import { parseClusterImagePolicy } from '../../trust/policy/parse-cluster-image-policy.ts';
import { PolicyError } from '../../trust/policy/policy-members.ts';
import type { KeySource, SigstoreRoot, SigstoreSignedRequirement } from '../../trust/policy/policy-requirement.ts';
import type { SignedIdentity } from '../../trust/policy/signed-identity.ts';
import { parseDnsName } from './dns-name.ts';

/**
 * A ClusterImagePolicy or ImagePolicy (`config.openshift.io`), from which a cluster writes policy.json and registries.d
 * itself.
 */
export interface ImagePolicyManifest {
  readonly apiVersion: `config.openshift.io/${ClusterImagePolicyVersion}`;
  readonly kind: 'ClusterImagePolicy' | 'ImagePolicy';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly scopes: readonly string[]; readonly policy: object };
}

/** What begins so is reserved for the policies of OpenShift itself. */
const RESERVED_PREFIX = 'openshift';

/** The name of a ClusterImagePolicy or ImagePolicy. @throws InputError `ArgumentInvalid` */
export function parseImagePolicyName(text: string): string {
  const name = parseDnsName(text);
  if (!name.startsWith(RESERVED_PREFIX)) return name;
  throw new InputError('ArgumentInvalid', `the name ${name} begins with ${RESERVED_PREFIX}, which is reserved`);
}

interface ManifestPlace {
  readonly name: string;
  /** Of an ImagePolicy; a ClusterImagePolicy has none. */
  readonly namespace?: string | undefined;
  readonly scopes: readonly string[];
  readonly version?: ClusterImagePolicyVersion | undefined;
}

/** @param policy of {@link toPolicyContent} */
export function toImagePolicyManifest(
  { name, namespace, scopes, version = 'v1' }: ManifestPlace,
  policy: object,
): ImagePolicyManifest {
  return {
    apiVersion: `config.openshift.io/${version}`,
    kind: namespace === undefined ? 'ClusterImagePolicy' : 'ImagePolicy',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { scopes, policy },
  };
}

/** Why the API would refuse a manifest: it is read as trust documents are, within the API's own limits. */
export function findManifestFaults(manifest: ImagePolicyManifest): readonly string[] {
  const {
    kind,
    metadata: { name },
  } = manifest;
  try {
    const { requirement } = parseClusterImagePolicy(structuredClone(manifest));
    return requirement.type === 'unsupported' ? [`${kind} ${name}: ${requirement.fault}`] : [];
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return [`${kind} ${name}: ${error.message}`];
  }
}

/** What an image policy cannot say. */
export class Inexpressible extends Error {}

interface ContentOptions {
  /** The bytes of what a requirement names by path. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** Characters of a key or of certificates. */
  readonly maxLength?: number | undefined;
}

/** `spec.policy` of an image policy. @throws Inexpressible */
export function toPolicyContent({ root, signedIdentity }: SigstoreSignedRequirement, options: ContentOptions): object {
  return { rootOfTrust: toRoot(root, options), signedIdentity: toIdentity(signedIdentity) };
}

function toRoot(root: SigstoreRoot, options: ContentOptions): object {
  const data = (source: KeySource): string => toData(source, options);
  switch (root.kind) {
    case 'keys': {
      const rekor = root.rekorKeys.length === 0 ? {} : { rekorKeyData: data(only('Rekor keys', root.rekorKeys)) };
      return { policyType: 'PublicKey', publicKey: { keyData: data(only('keys', root.keys)), ...rekor } };
    }
    case 'fulcio': {
      const { ca, rekorKeys, oidcIssuer, subjectEmail: signedEmail } = root;
      const fulcioCAWithRekor = {
        fulcioCAData: data(ca),
        rekorKeyData: data(only('Rekor keys', rekorKeys)),
        fulcioSubject: { oidcIssuer, signedEmail },
      };
      return { policyType: 'FulcioCAWithRekor', fulcioCAWithRekor };
    }
    case 'pki': {
      const { caRoots, caIntermediates, subjectEmail: email, subjectHostname: hostname } = root;
      const pki = {
        caRootsData: data(caRoots),
        ...(caIntermediates === undefined ? {} : { caIntermediatesData: data(caIntermediates) }),
        pkiCertificateSubject: {
          ...(email === undefined ? {} : { email }),
          ...(hostname === undefined ? {} : { hostname }),
        },
      };
      return { policyType: 'PKI', pki };
    }
    default:
      return root satisfies never;
  }
}

function only(what: string, sources: readonly KeySource[]): KeySource {
  const [source] = sources;
  if (source !== undefined && sources.length === 1) return source;
  throw new Inexpressible(`it names ${sources.length} ${what}, and a ClusterImagePolicy has one`);
}

function toData(source: KeySource, { keys, maxLength = MAX_PUBLISHED_DATA_LENGTH }: ContentOptions): string {
  const bytes = source.kind === 'data' ? source.bytes : keys.get(source.path);
  if (bytes === undefined) {
    const path = source.kind === 'path' ? source.path : '';
    throw new Inexpressible(`a ClusterImagePolicy holds its keys, so give the file of ${path} with --key`);
  }
  const text = Buffer.from(bytes).toString('base64');
  if (text.length <= maxLength) return text;
  const limit =
    maxLength === MAX_PUBLISHED_DATA_LENGTH
      ? `API servers through 5.0 take ${maxLength}`
      : `the API takes ${maxLength}`;
  throw new Inexpressible(`${text.length} characters of keys or certificates; ${limit}`);
}

function toIdentity(identity: SignedIdentity): object {
  switch (identity.type) {
    case 'matchRepoDigestOrExact':
      return { matchPolicy: 'MatchRepoDigestOrExact' };
    case 'matchRepository':
      return { matchPolicy: 'MatchRepository' };
    case 'exactRepository':
      return { matchPolicy: 'ExactRepository', exactRepository: { repository: identity.dockerRepository } };
    case 'remapIdentity': {
      const { prefix, signedPrefix } = identity;
      return { matchPolicy: 'RemapIdentity', remapIdentity: { prefix, signedPrefix } };
    }
    case 'matchExact':
    case 'exactReference':
      throw new Inexpressible(`a ClusterImagePolicy cannot say the identity ${identity.type}`);
    default:
      return identity satisfies never;
  }
}
