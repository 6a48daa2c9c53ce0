import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { checkMirror, type MirrorCheckRequest, type WantedRelease } from '../../mirror/check/check-mirror.ts';
import type { ClusterImagePolicy } from '../../trust/policy/cluster-image-policy.ts';
import { parseClusterImagePolicy } from '../../trust/policy/parse-cluster-image-policy.ts';
import { PolicyError } from '../../trust/policy/policy-members.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { isCovered } from '../../verdict/decide/policies-at-name.ts';
import { checkFiles, checkGates, checkUpgradeable, checkVersion } from './check-cluster.ts';
import { type CommandWords, checkComponents, checkOpenpgp, checkReleases } from './check-images.ts';
import { checkInternalRegistry, checkMirrorSets, listMirrors, type SiteSource } from './check-mirror-sets.ts';
import { checkFirstBoot, checkLive, checkOsImage, checkPolicies } from './check-nodes.ts';
import { type ClaimedNames, checkTags, proveTags } from './check-tags.ts';
import type { SiteState } from './parse-site.ts';
import { concludeSite, type SiteFinding, type SiteReadiness, siteFinding, type VersionDemands } from './readiness.ts';

export interface SiteRequest extends Omit<MirrorCheckRequest, 'components'> {
  readonly site: SiteState;
  readonly demands: VersionDemands;
  /** How the components of a release are read from where it is mirrored. */
  readonly components: NonNullable<MirrorCheckRequest['components']>;
  /** Repositories of components, as far as they are known before a release is read. */
  readonly componentRepositories: readonly Repository[];
  /** Reads what the signatures beside a release claim that it is called. */
  readonly listClaims: (release: WantedRelease) => Promise<ClaimedNames>;
  /** Minor version of the oldest boot image, and version of the hosts' skopeo, where the user named them. */
  readonly bootImage?: string | undefined;
  readonly hostSkopeo?: string | undefined;
  readonly words: Pick<CommandWords, 'trust'>;
}

/**
 * Says whether a site may update: what its mirrors have of the release, by `checkMirror`, and what the cluster's exports
 * show. The profile has to hold the image policies of the site beside its own.
 *
 * @throws ConfigurationError for a mirror set that leads nowhere; the abort reason of the signal
 */
export async function checkSite(request: SiteRequest): Promise<SiteReadiness> {
  const { site, demands, releases, trust, mirror, components, componentRepositories, listClaims } = request;
  const { leftOut, nodeAttachments, now, signal } = request;
  const { prepared } = trust;
  const own = site.policies.map(({ policy }) => policy).filter(isOwn);
  const isAsked = demands.components || componentRepositories.some((one) => covers(site, trust.prepared, one));
  const check = await checkMirror({ ...request, components: isAsked ? components : undefined });
  const parts = check.images.filter(({ kind }) => kind === 'component');
  const listed = parts.length > 0 ? parts.map(({ repository }) => repository) : componentRepositories;
  const found = new Set(isAsked ? listed : []);
  const named = [...new Set(releases.map(({ repository }) => repository))].map((one): SiteSource => ({
    repository: one,
    mirror,
  }));
  const sources = [...named, ...[...found].map((one): SiteSource => ({ repository: one, mirror: components.mirror }))];
  const words: CommandWords = {
    ...request.words,
    mirror: mirror ?? named.flatMap(({ repository }) => listMirrors(repository, site.mirrorRules))[0],
    componentMirror: components.mirror ?? [...found].flatMap((one) => listMirrors(one, site.mirrorRules))[0],
  };
  const isPulledByTag = named.some(({ repository }) => listMirrors(repository, site.mirrorRules, 'tag').length > 0);
  const claims = [];
  for (const { repository, digest, ...release } of releases) {
    const claimed = await listClaims({ ...release, repository, digest });
    const question = { repository, digest, claimed, nodeAttachments, place: mirror, prepared, now: now(), signal };
    claims.push({ claimed, proven: isPulledByTag ? await proveTags(question) : undefined });
  }
  const inForce = listInForce(trust.prepared);
  const findings = [
    ...checkFiles(site),
    checkVersion(site, demands),
    ...checkLeftOut(leftOut),
    checkMirrorSets(site, sources),
    checkOpenpgp(check, words),
    checkReleases(check, words),
    ...(isAsked ? [checkComponents(check, words)] : []),
    checkTags(claims, demands),
    checkPolicies(own, demands),
    checkLive(site, own),
    checkFirstBoot(site, { named: request.bootImage, policies: inForce }),
    checkOsImage(isAsked ? parts : undefined, demands, request.hostSkopeo),
    checkInternalRegistry(site, demands, sources),
    checkUpgradeable(site),
    checkGates(site, demands),
  ];
  const outcome = concludeSite(findings);
  return {
    schema: 1,
    outcome,
    ...(site.version === undefined ? {} : { from: site.version }),
    to: demands.minor,
    releases,
    findings,
  };
}

/** Payloads of the graph that was named: nothing of them was looked at. */
function checkLeftOut(leftOut: MirrorCheckRequest['leftOut'] = []): readonly SiteFinding[] {
  if (leftOut.length === 0) return [];
  const details = leftOut.map(({ versions, pullspec }) => [...versions, pullspec].join(' '));
  const message = 'nothing leads payloads of the graph back to a canonical repository: they were not checked';
  return [siteFinding('graph', 'unknown', message, { details })];
}

/** The policy of the release, whose next version brings its own; every other one is the site's. */
const OF_RELEASE = 'openshift';

function isOwn({ name }: Pick<ClusterImagePolicy, 'name'>): boolean {
  return name !== OF_RELEASE;
}

/** Whether a policy of the site's own asks something of a repository, which the version itself may not. */
function covers({ policies }: SiteState, prepared: PreparedTrust, repository: Repository): boolean {
  const imagePolicies = policies.filter(({ policy }) => isOwn(policy)).map(({ configured }) => configured);
  return (
    imagePolicies.length > 0 &&
    isCovered({ ...prepared, imagePolicies }, { repository, tag: undefined, digest: undefined })
  );
}

/** The profile with the policies of the site: nodes have all of them as one. */
export function withSitePolicies(prepared: PreparedTrust, { policies }: SiteState): PreparedTrust {
  const isHeld = prepared.canonicalRepositories.some((one) =>
    isCovered(prepared, { repository: one, tag: undefined, digest: undefined }),
  );
  // Without a policy of the release the one that the cluster has says at least what is asked today.
  const added = policies.filter(({ policy }) => isOwn(policy) || !isHeld).map(({ configured }) => configured);
  return { ...prepared, imagePolicies: [...prepared.imagePolicies, ...added] };
}

function listInForce({ imagePolicies }: PreparedTrust): readonly ClusterImagePolicy[] {
  return imagePolicies
    .filter(({ kind }) => kind === 'ClusterImagePolicy')
    .flatMap(({ content }) => {
      try {
        return [parseClusterImagePolicy(content)];
      } catch (error) {
        // It was read before: this cannot be a policy that nodes have.
        if (error instanceof PolicyError) return [];
        throw error;
      }
    });
}

/** The release to update to by what the cluster is offered: the one it was told, else the latest of the minor version. */
export function chooseRelease(
  { offered }: SiteState,
  minor: string,
): { readonly version: string; readonly image: string } | undefined {
  const fitting = offered.filter(({ version }) => version.startsWith(`${minor}.`));
  return fitting.toSorted((left, right) => comparePatches(right.version, left.version))[0];
}

function comparePatches(left: string, right: string): number {
  const patch = (version: string): number => Number(/^[0-9]+\.[0-9]+\.([0-9]+)/.exec(version)?.[1] ?? -1);
  // A candidate is before the release of its number.
  return patch(left) - patch(right) || Number(right.includes('-')) - Number(left.includes('-'));
}

/** What the exports say of a digest that the user named. */
export function findVersion({ offered }: SiteState, digest: Digest): string | undefined {
  return offered.find(({ image }) => image.endsWith(`@${digest}`))?.version;
}
