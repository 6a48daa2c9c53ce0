import { keySourceName } from './key-source-name.ts';
import type { PolicyRequirement, SigstoreRoot } from './policy-requirement.ts';
import type { SignedIdentity } from './signed-identity.ts';

/** One line that tells a requirement from the others of its scope. */
export function describeRequirement(requirement: PolicyRequirement): string {
  switch (requirement.type) {
    case 'insecureAcceptAnything':
    case 'reject':
      return requirement.type;
    case 'signedBy':
      return `signedBy ${requirement.keys.map(keySourceName).join(' or ')}, ${describeIdentity(requirement.signedIdentity)}`;
    case 'sigstoreSigned':
      return `sigstoreSigned ${describeRoot(requirement.root)}, ${describeIdentity(requirement.signedIdentity)}`;
    case 'signedBaseLayer':
      return `signedBaseLayer, ${describeIdentity(requirement.baseLayerIdentity)}`;
    default:
      return requirement satisfies never;
  }
}

function describeIdentity(identity: SignedIdentity): string {
  switch (identity.type) {
    case 'exactReference':
      return `${identity.type} ${identity.dockerReference}`;
    case 'exactRepository':
      return `${identity.type} ${identity.dockerRepository}`;
    case 'remapIdentity':
      return `${identity.type} ${identity.prefix} to ${identity.signedPrefix}`;
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      return identity.type;
    default:
      return identity satisfies never;
  }
}

/** One line that tells a Sigstore root from others. */
export function describeRoot(root: SigstoreRoot): string {
  switch (root.kind) {
    case 'keys':
      return root.keys.map(keySourceName).join(' or ');
    case 'fulcio':
      return `by ${root.subjectEmail} through ${root.oidcIssuer}, CA ${keySourceName(root.ca)}`;
    case 'pki':
      return `by ${root.subjectEmail ?? root.subjectHostname}, roots ${keySourceName(root.caRoots)}`;
    default:
      return root satisfies never;
  }
}
