import { formatDockerReference } from '../../base/names/docker-reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import type { ExportedCluster, UsedImage } from './exported-cluster.ts';
import type { NodePolicies } from './tried-policies.ts';
import { type Decide, type PulledDecision, type TrialOutcome, type TriedImage, tryImage } from './try-image.ts';

/** Tries the policies on every image of an export, by namespace; the cluster's own come first. */
export async function tryPolicies(
  { images, mirrorRules }: Pick<ExportedCluster, 'images' | 'mirrorRules'>,
  policies: NodePolicies,
  decide: Decide | undefined,
): Promise<ReadonlyMap<string | undefined, readonly TriedImage[]>> {
  const tried = new Map<string | undefined, TriedImage[]>();
  const once = decide === undefined ? undefined : decideOnce(decide);
  const groups = groupImages(images);
  const found = await runBounded(groups, CONCURRENCY, ([used]) => tryImage(used, policies, mirrorRules, once));
  for (const [index, one] of found.entries()) {
    const same = groups[index] ?? [];
    const namespace = same[0]?.namespace;
    const usedBy = [...new Set(same.map((used) => used.usedBy))];
    tried.set(namespace, [...(tried.get(namespace) ?? []), { ...one, usedBy }]);
  }
  const ordered = [...tried].toSorted(([left = ''], [right = '']) => (left < right ? -1 : 1));
  return new Map(ordered.map(([name, of]) => [name, of.toSorted(byOutcome)]));
}

/** Images that are verified at a time. */
const CONCURRENCY = 8;

/** One image in several namespaces, with the same requirements in each, is verified once. */
function decideOnce(decide: Decide): Decide {
  const made = new Map<string, Promise<PulledDecision>>();
  const numbers = new Map<PolicyRequirement, number>();
  return (image) => {
    const { reference, digest, requirements } = image;
    const numbered = requirements.map((requirement) => {
      const number = numbers.get(requirement) ?? numbers.size;
      numbers.set(requirement, number);
      return number;
    });
    const key = JSON.stringify([formatDockerReference(reference), digest, numbered]);
    const known = made.get(key) ?? decide(image);
    made.set(key, known);
    return known;
  };
}

type Group = [UsedImage, ...UsedImage[]];

/** Those of one namespace, name and digest together. */
function groupImages(images: readonly UsedImage[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const used of images) {
    const key = JSON.stringify([used.namespace, used.image, used.digest, used.foundIn]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [used]);
    else known.push(used);
  }
  return [...groups.values()];
}

const ORDER: readonly TrialOutcome[] = ['refused', 'unsigned', 'unknown', 'allowed', 'unchanged', 'uncovered'];

function byOutcome(left: TriedImage, right: TriedImage): number {
  return ORDER.indexOf(left.outcome) - ORDER.indexOf(right.outcome) || (left.image < right.image ? -1 : 1);
}

/** What several images come to; nothing that runs is refused or open where none is. */
export function toTrialOutcome(outcomes: readonly TrialOutcome[]): Outcome {
  return allOf(['accepted', ...outcomes.map((outcome) => TO_JUDGED[outcome])]);
}

const TO_JUDGED = {
  allowed: 'accepted',
  uncovered: 'accepted',
  unchanged: 'accepted',
  unknown: 'indeterminate',
  unsigned: 'rejected',
  refused: 'rejected',
} as const satisfies Readonly<Record<TrialOutcome, Outcome>>;
