import type { JsonObject } from '../../../base/documents/json-value.ts';
import { PolicyError } from '../policy-error.ts';
import type { KeySource, SigstoreRoot, SigstoreSignedRequirement } from '../policy-requirement.ts';
import type { SignedIdentity } from '../signed-identity.ts';
import type { ClusterImagePolicy } from './cluster-image-policy.ts';
import { parseClusterImagePolicy } from './cluster-image-policy-content.ts';

/** What a policy of the cluster has beside its requirement. */
export type ClusterImagePolicyHeader = Pick<ClusterImagePolicy, 'kind' | 'version' | 'name' | 'namespace' | 'scopes'>;

/**
 * The manifest that requires on a cluster what a `sigstoreSigned` requires in a policy.json: nothing is lost or
 * weakened.
 *
 * @throws PolicyError naming what the API cannot say: files of a node, several keys, exact references, its limits
 */
export function toClusterImagePolicyManifest(
  { kind, version, name, namespace, scopes }: ClusterImagePolicyHeader,
  { root, signedIdentity }: SigstoreSignedRequirement,
): JsonObject {
  const manifest: JsonObject = {
    apiVersion: `config.openshift.io/${version}`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      scopes: [...scopes],
      policy: { rootOfTrust: toRootOfTrust(root), signedIdentity: toPolicyIdentity(signedIdentity) },
    },
  };
  // The reader holds it to the limits, so that what is written is what a cluster takes.
  parseClusterImagePolicy(manifest);
  return manifest;
}

function toRootOfTrust(root: SigstoreRoot): JsonObject {
  switch (root.kind) {
    case 'keys': {
      const rekorKey = atMostOne(root.rekorKeys, 'Rekor keys');
      return {
        policyType: 'PublicKey',
        publicKey: {
          keyData: toData(exactlyOne(root.keys, 'public keys'), 'the public key'),
          ...(rekorKey === undefined ? {} : { rekorKeyData: toData(rekorKey, 'the Rekor key') }),
        },
      };
    }
    case 'fulcio':
      return {
        policyType: 'FulcioCAWithRekor',
        fulcioCAWithRekor: {
          fulcioCAData: toData(root.ca, 'the Fulcio CA'),
          rekorKeyData: toData(exactlyOne(root.rekorKeys, 'Rekor keys'), 'the Rekor key'),
          fulcioSubject: { oidcIssuer: root.oidcIssuer, signedEmail: root.subjectEmail },
        },
      };
    case 'pki': {
      const { caRoots, caIntermediates, subjectEmail, subjectHostname } = root;
      return {
        policyType: 'PKI',
        pki: {
          caRootsData: toData(caRoots, 'the CA roots'),
          ...(caIntermediates && { caIntermediatesData: toData(caIntermediates, 'the CA intermediates') }),
          pkiCertificateSubject: {
            ...(subjectEmail === undefined ? {} : { email: subjectEmail }),
            ...(subjectHostname === undefined ? {} : { hostname: subjectHostname }),
          },
        },
      };
    }
    default:
      throw unsayable('this kind of trust');
  }
}

function toPolicyIdentity(identity: SignedIdentity): JsonObject {
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
      throw unsayable(`signedIdentity ${identity.type}`);
    default:
      throw unsayable('this signedIdentity');
  }
}

function toData(source: KeySource, what: string): string {
  if (source.kind !== 'data') throw unsayable(`${what} as the file ${JSON.stringify(source.path)} of a node`);
  return Buffer.from(source.bytes).toString('base64');
}

function exactlyOne(sources: readonly KeySource[], what: string): KeySource {
  const source = atMostOne(sources, what);
  if (source === undefined) throw unsayable(`no ${what}`);
  return source;
}

function atMostOne(sources: readonly KeySource[], what: string): KeySource | undefined {
  if (sources.length > 1) throw unsayable(`${sources.length} ${what}, of which any will do,`);
  return sources[0];
}

function unsayable(what: string): PolicyError {
  return new PolicyError([], `${what} cannot be said in an image policy of the cluster`);
}
