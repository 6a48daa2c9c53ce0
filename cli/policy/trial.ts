import { findInadmissible } from '../../lib/cluster/render/image-policy-versions.ts';
import { ownsPolicy } from '../../lib/cluster/render/machine-config/cluster-policy.ts';
import { findUnknownMembers } from '../../lib/cluster/render/machine-config/node-versions.ts';
import type { ExportedCluster } from '../../lib/cluster/trial/exported-cluster.ts';
import {
  type NodePolicies,
  type Overlap,
  type TriedPolicies,
  toPolicyName,
} from '../../lib/cluster/trial/tried-policies.ts';
import type { TrialOutcome, TriedImage } from '../../lib/cluster/trial/try-image.ts';
import { toTrialOutcome } from '../../lib/cluster/trial/try-policies.ts';
import type { MirrorRule } from '../../lib/trust/prepared/prepared-trust.ts';
import { allOf } from '../../lib/verdict/judge/outcome.ts';
import type { Outcome } from '../../lib/verdict/judge/verdict.ts';

/** The result, as `-o json` prints it. */
export interface PolicyTrial {
  readonly kind: 'PolicyTrial';
  readonly schema: 1;
  /** `rejected`: something that runs would be refused; `indeterminate`: something was not read or not decided. */
  readonly outcome: Outcome;
  readonly cluster: string;
  readonly isVerified: boolean;
  readonly targetVersion?: string;
  /** What is tried, and the policies of the export that count beside it. */
  readonly policies: readonly {
    readonly policy: string;
    readonly file: string;
    readonly isTried: boolean;
    readonly scopes: readonly string[];
  }[];
  /** Why a cluster of the target version would not take or not use what is tried. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  /** Scopes of ImagePolicies that do not count. */
  readonly overlaps: readonly Overlap[];
  /** Mirror sets through which nodes pull what a policy covers: it is judged by the name of the source. */
  readonly mirrors: readonly Pick<MirrorRule, 'source' | 'mirrors' | 'origin'>[];
  readonly counts: Readonly<Record<TrialOutcome, number>>;
  /** `namespace` is null for what nodes pull for the cluster itself. */
  readonly namespaces: readonly { readonly namespace: string | null; readonly images: readonly TriedImage[] }[];
  readonly unread: ExportedCluster['unread'];
  /** Objects that say nothing about images, by kind. */
  readonly ignored: Readonly<Record<string, number>>;
}

/** What a trial is made of. */
interface TrialParts {
  readonly cluster: string;
  readonly isVerified: boolean;
  readonly minor: string | undefined;
  readonly tried: TriedPolicies;
  readonly warnings: readonly string[];
  readonly exported: ExportedCluster;
  readonly policies: NodePolicies;
  readonly images: ReadonlyMap<string | undefined, readonly TriedImage[]>;
}

/** The result of a trial: what would be refused outweighs what is not known. */
export function toPolicyTrial(parts: TrialParts): PolicyTrial {
  const { cluster, isVerified, minor, tried, warnings, exported, policies, images } = parts;
  const outcomes = [...images.values()].flatMap((of) => of.map(({ outcome }) => outcome));
  const faults = minor === undefined ? [] : findFaults(tried, minor);
  return {
    kind: 'PolicyTrial',
    schema: 1,
    outcome: toOutcome(outcomes, faults, exported),
    cluster,
    isVerified,
    ...(minor === undefined ? {} : { targetVersion: minor }),
    policies: listPolicies(tried, exported, policies),
    faults,
    warnings: [...warnings, ...warnOfOwners(tried, exported, minor)],
    overlaps: policies.overlaps,
    mirrors: listMirrors(exported, [...images.values()].flat()),
    counts: countOutcomes(outcomes),
    namespaces: [...images].map(([namespace, of]) => ({ namespace: namespace ?? null, images: of })),
    unread: exported.unread,
    ignored: Object.fromEntries(exported.ignored),
  };
}

function findFaults(tried: TriedPolicies, minor: string): readonly string[] {
  if (tried.kind === 'policy.json') return findUnknownMembers(tried.document, minor);
  return tried.policies.flatMap(({ policy }) => findInadmissible(policy, minor));
}

function toOutcome(
  outcomes: readonly TrialOutcome[],
  faults: readonly string[],
  { unread }: Pick<ExportedCluster, 'unread'>,
): Outcome {
  const ofPolicies: readonly Outcome[] = faults.map(() => 'rejected');
  const ofFiles: readonly Outcome[] = unread.map(() => 'indeterminate');
  return allOf([toTrialOutcome(outcomes), ...ofPolicies, ...ofFiles]);
}

function listPolicies(
  tried: TriedPolicies,
  { policies: existing }: ExportedCluster,
  { originOf }: NodePolicies,
): PolicyTrial['policies'] {
  const kept = existing.filter(({ requirement }) => originOf(requirement) !== undefined);
  const beside = kept.map(({ policy, document }) => ({
    policy: toPolicyName(policy),
    file: document,
    isTried: false,
    scopes: policy.scopes,
  }));
  if (tried.kind === 'policy.json') {
    const scopes = [...(tried.policy.transports.get('docker')?.keys() ?? [])];
    return [{ policy: 'policy.json', file: tried.document.name, isTried: true, scopes }, ...beside];
  }
  const named = tried.policies.map(({ policy, document }) => ({
    policy: toPolicyName(policy),
    file: document,
    isTried: true,
    scopes: policy.scopes,
  }));
  return [...named, ...beside];
}

function warnOfOwners(
  tried: TriedPolicies,
  { policies }: ExportedCluster,
  minor: string | undefined,
): readonly string[] {
  if (tried.kind === 'policy.json') {
    const owner = policies.find(({ policy }) => policy.kind === 'ClusterImagePolicy');
    if (owner === undefined && !ownsPolicy(minor)) return [];
    if (owner === undefined) return [`clusters of ${minor} write policy.json themselves: they would replace yours`];
    return [`this cluster has ${toPolicyName(owner.policy)}, and writes policy.json itself: it would replace yours`];
  }
  return tried.policies
    .filter(({ policy }) => policy.name.startsWith('openshift'))
    .map(({ policy }) => `${toPolicyName(policy)}: names that begin with openshift are reserved for OpenShift’s own`);
}

function listMirrors(
  { mirrorRules }: Pick<ExportedCluster, 'mirrorRules'>,
  images: readonly TriedImage[],
): PolicyTrial['mirrors'] {
  const covered = images.filter(({ scope, mirrors }) => scope !== undefined && mirrors.length > 0);
  return mirrorRules
    .filter((rule) =>
      covered.some(({ mirrors }) => rule.mirrors.some((mirror) => mirrors.some((one) => isBelow(one, mirror)))),
    )
    .map(({ source, mirrors, origin }) => ({ source, mirrors, origin }));
}

function isBelow(repository: string, scope: string): boolean {
  return repository === scope || repository.startsWith(`${scope}/`);
}

function countOutcomes(outcomes: readonly TrialOutcome[]): PolicyTrial['counts'] {
  const count = (wanted: TrialOutcome): number => outcomes.filter((one) => one === wanted).length;
  return {
    refused: count('refused'),
    unsigned: count('unsigned'),
    unknown: count('unknown'),
    allowed: count('allowed'),
    unchanged: count('unchanged'),
    uncovered: count('uncovered'),
  };
}
