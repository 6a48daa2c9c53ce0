import { InputError } from '../../base/errors/input-error.ts';
import { parseDigest } from '../../base/names/digest.ts';
import {
  type DockerReference,
  formatDockerReference,
  isNameOnly,
  parseDockerReference,
} from '../../base/names/docker-reference.ts';
import { parseReference } from '../../base/names/reference.ts';
import { type RegistriesD, usesSigstoreAttachments } from '../registries-d/registries-d.ts';
import { type FoundRequirements, findRequirements, type ImagePolicy } from './image-policy.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

/** An image that nodes need and that a policy would not let them pull, whatever signatures there are. */
export interface Lockout {
  readonly image: string;
  /** As written in the policy, or words for a default. */
  readonly scope: string;
  readonly reason: string;
}

/** Component images have no OpenPGP signatures upstream; the release image alone has. */
const COMPONENTS = 'quay.io/openshift-release-dev/ocp-v4.0-art-dev';
/** Without these a cluster neither updates nor replaces a node. */
export const RELEASE_REPOSITORIES: readonly string[] = ['quay.io/openshift-release-dev/ocp-release', COMPONENTS];

/** Stands for any image of a repository: no scope names it. */
const ANY_DIGEST = parseDigest(`sha256:${'0'.repeat(64)}`);

/** What nodes pull from: a repository with its registry, with or without tag and digest. @throws InputError */
export function parsePullSource(text: string): DockerReference {
  const first = text.split('/')[0] ?? '';
  if (!text.includes('/') || !/[.:]|^localhost$/.test(first)) {
    throw new InputError('PullspecInvalid', `${JSON.stringify(text)} names no registry: write registry/repository`);
  }
  return parseDockerReference(text);
}

/** Which of the pull sources a policy rejects for certain. */
export function findLockouts(policy: ImagePolicy, sources: readonly DockerReference[]): readonly Lockout[] {
  return sources.flatMap((source) => {
    const found = findForSource(policy, source);
    const reason = findFault(found.requirements);
    return reason === undefined ? [] : [{ image: source.name, scope: describeScope(found), reason }];
  });
}

/**
 * What locks a cluster out unless an operator acts: required signatures that upstream does not make, and Sigstore
 * signatures that no registries.d file tells nodes to read.
 */
export function findLockoutRisks(
  policy: ImagePolicy,
  sources: readonly DockerReference[],
  registriesD: RegistriesD,
): readonly string[] {
  return sources.flatMap((source) => {
    const found = findForSource(policy, source);
    const scope = describeScope(found);
    const types = found.requirements.map(({ type }) => type);
    const risks: string[] = [];
    if (source.name === COMPONENTS && types.includes('signedBy')) {
      const reason = 'these have none upstream: nodes can pull no component image unless you sign them yourself';
      risks.push(`${scope} requires OpenPGP signatures of ${COMPONENTS}, and ${reason}`);
    }
    const isRead = (): boolean => usesSigstoreAttachments(registriesD, parseReference(formatDockerReference(source)));
    if (types.includes('sigstoreSigned') && !isRead()) {
      const reason = 'no file of registries.d says use-sigstore-attachments: true for it, so that nodes find none';
      risks.push(`${scope} requires Sigstore signatures of ${source.name}, and ${reason}`);
    }
    return risks;
  });
}

/** Release images that come under a ClusterImagePolicy of the site's own: whoever signs for it has to sign these too. */
export function findCoveredReleases(policy: ImagePolicy, sources: readonly DockerReference[]): readonly string[] {
  return sources.flatMap((source) => {
    const found = findForSource(policy, source);
    if (!found.requirements.some(({ type }) => type === 'sigstoreSigned')) return [];
    const reason = 'nodes can pull none that its own root of trust has not signed';
    return [`${describeScope(found)} covers ${source.name}: ${reason}`];
  });
}

/** Identities that no certificate can have: nodes compare them with e-mail addresses alone. */
export function warnOfIdentities({ default: byDefault, transports }: ImagePolicy): readonly string[] {
  const lists = [['the default', byDefault] as const, ...[...transports.values()].flatMap((scopes) => [...scopes])];
  return lists.flatMap(([scope, requirements]) =>
    requirements.flatMap((requirement) => {
      const root = requirement.type === 'sigstoreSigned' ? requirement.root : undefined;
      const email = root === undefined || root.kind === 'keys' ? undefined : root.subjectEmail;
      if (email?.includes('://') !== true) return [];
      const reason = 'nodes compare it with e-mail addresses alone, so that no image is accepted';
      const remedy = 'workflows that sign with a URI need a key, or a certificate with an e-mail address';
      return [`${scope}: the subjectEmail ${email} is a URL: ${reason}; ${remedy}`];
    }),
  );
}

/** The requirements of any image of a repository, or of the one that a tag or digest names. */
export function findForSource(policy: ImagePolicy, source: DockerReference): FoundRequirements {
  const { name, tag, digest } = isNameOnly(source) ? { ...source, digest: ANY_DIGEST } : source;
  // Nodes pull by the digest when there is one.
  const reference = { name, tag: digest === undefined ? tag : undefined, digest };
  return findRequirements(policy, { transport: 'docker', reference });
}

/** Whether a scope names the image, and not a default. */
export function isScoped({ scope }: Pick<FoundRequirements, 'scope'>): boolean {
  return scope !== 'default' && scope.scope !== '';
}

/** The scope that was used, for a person. */
export function describeScope({ scope }: Pick<FoundRequirements, 'scope'>): string {
  if (scope === 'default') return 'the default';
  return scope.scope === '' ? `the default of ${scope.transport}` : scope.scope;
}

/** Why no image can meet the requirements: all have to be met, so that one which never is decides. */
export function findFault(requirements: readonly PolicyRequirement[]): string | undefined {
  for (const requirement of requirements) {
    switch (requirement.type) {
      case 'reject':
        return 'it is rejected';
      case 'signedBaseLayer':
        return 'signedBaseLayer is never met';
      case 'signedBy':
        if (requirement.keyType !== 'GPGKeys') return `nodes cannot evaluate keyType ${requirement.keyType}`;
        if (requirement.keys.length === 0) return 'signedBy names no key';
        break;
      case 'insecureAcceptAnything':
      case 'sigstoreSigned':
      case 'unsupported':
        break;
      default:
        throw new TypeError(`unknown requirement ${JSON.stringify(requirement satisfies never)}`);
    }
  }
  return undefined;
}
