import type { Repository } from '../../base/names/reference.ts';
import { resolveMirrors } from '../../registry/profile/mirrored-reader.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import type { SiteState } from './parse-site.ts';
import { type SiteFinding, siteFinding, type VersionDemands } from './readiness.ts';

/** A repository that nodes pull a part of the release from, and the mirror that the user named for it. */
export interface SiteSource {
  readonly repository: Repository;
  readonly mirror?: Repository | undefined;
}

/** The mirrors of a repository by the cluster's mirror sets; the source itself is none. @throws ConfigurationError */
export function listMirrors(
  repository: Repository,
  rules: readonly MirrorRule[],
  by: 'digest' | 'tag' = 'digest',
): readonly Repository[] {
  return resolveMirrors(repository, rules, by).filter((place) => place !== repository);
}

/** Whether the cluster's mirror sets lead nodes by digest to where the release is. */
export function checkMirrorSets({ mirrorRules }: SiteState, sources: readonly SiteSource[]): SiteFinding {
  const details: string[] = [];
  const missing: SiteSource[] = [];
  for (const source of sources) {
    const { repository, mirror } = source;
    const mirrors = listMirrors(repository, mirrorRules);
    if (mirrors.length === 0 && listMirrors(repository, mirrorRules, 'tag').length > 0) {
      details.push(`${repository} is mirrored for tags alone: releases are pulled by digest, so from the source`);
      missing.push(source);
    } else if (mirror !== undefined && !mirrors.includes(mirror)) {
      const lead = mirrors.length === 0 ? 'no mirror set leads' : `mirror sets lead to ${mirrors.join(', ')}, not`;
      details.push(`${repository}: ${lead} to ${mirror}`);
      missing.push(source);
    }
  }
  if (missing.length > 0) {
    const [release, component] = sources;
    const place = release?.mirror ?? 'MIRROR/REPOSITORY';
    const parts =
      component?.mirror === undefined || component.mirror === place ? '' : ` --component-mirror ${component.mirror}`;
    const commands = [`signet render mirror-sets --mirror ${place}${parts} | oc apply -f -`];
    return siteFinding('mirror-sets', 'no', 'nodes are not led to the mirror', { details, commands });
  }
  const mirrored = sources.map(({ repository }) => [repository, listMirrors(repository, mirrorRules)] as const);
  const isAny = mirrored.some(([, mirrors]) => mirrors.length > 0);
  const message = isAny
    ? 'nodes pull from the mirrors'
    : 'no mirror set covers the release: nodes pull from its source';
  const lines = mirrored.flatMap(([repository, mirrors]) =>
    mirrors.length === 0 ? [] : [`${repository} → ${mirrors.join(', ')}`],
  );
  return siteFinding('mirror-sets', 'yes', message, { details: lines });
}

/** The port of the registry that MCO runs on control planes (`InternalReleaseImage`). */
const INTERNAL_PORT = ':22625/';

/** Whether the registry in the cluster, where there is one, was looked into like any other mirror. */
export function checkInternalRegistry(
  { internalReleases, mirrorRules }: SiteState,
  { minor, internalRegistry }: VersionDemands,
  sources: readonly SiteSource[],
): SiteFinding {
  const check = 'internal-registry';
  if (internalReleases.length === 0) {
    return siteFinding(
      check,
      'yes',
      'the exports hold no InternalReleaseImage: no registry in the cluster serves releases',
    );
  }
  if (!internalRegistry) {
    return siteFinding(check, 'yes', `${internalReleases.join(', ')}: nodes of ${minor} do not pull from it`);
  }
  const isRead = sources.some(({ repository, mirror }) =>
    [mirror, ...(mirror === undefined ? listMirrors(repository, mirrorRules) : [])].some((place) =>
      place?.includes(INTERNAL_PORT),
    ),
  );
  if (isRead)
    return siteFinding(
      check,
      'yes',
      `${internalReleases.join(', ')}: its registry is among the mirrors that were read`,
    );
  const message = `${internalReleases.join(', ')}: nodes pull from the registry in the cluster as well, and it was not read`;
  return siteFinding(check, 'unknown', message, {
    commands: ['signet readiness … --mirror api-int.DOMAIN:22625/REPOSITORY'],
  });
}
