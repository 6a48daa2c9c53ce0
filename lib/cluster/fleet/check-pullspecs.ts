import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec, type Repository } from '../../base/names/reference.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import { evaluatePullspec, findMirrorSource } from '../../verdict/judge/pullspec-policy.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { finding, type NamedImage, type SurveyFinding } from './survey.ts';

/** Which repositories a cluster names releases by. */
export interface PullspecSurvey {
  readonly pullspecs: 'canonical' | 'local-mirror' | 'other' | 'not shown';
  readonly findings: readonly SurveyFinding[];
}

/**
 * Evaluates the images that a cluster names by the enforced pullspec policy. Images of the history are only warnings: the
 * cluster no longer requests them.
 *
 * @param mirrorRules of the cluster's own mirror sets: they make remedies exact and accept nothing
 */
export function checkPullspecs(
  images: readonly NamedImage[],
  canonicalRepositories: readonly Repository[],
  mirrorRules: readonly MirrorRule[],
): PullspecSurvey {
  const findings: SurveyFinding[] = [];
  const kinds = new Set<'canonical' | 'local-mirror' | 'other'>();
  for (const { image, where, version } of distinct(images)) {
    const place = `ClusterVersion ${where}${version === undefined ? '' : ` ${version}`}`;
    const severity = where === 'status.history' ? 'warning' : 'refused';
    const pullspec = readPullspec(image);
    if (pullspec instanceof InputError) {
      kinds.add('other');
      findings.push(finding('pullspec', severity, place, pullspec.message));
      continue;
    }
    const { reasons } = evaluatePullspec(pullspec, { canonicalRepositories, mirrorRules, mode: 'enforce' });
    const source = findMirrorSource(pullspec.repository, mirrorRules);
    const isLocal = canonicalRepositories.some((canonical) => canonical === source);
    if (reasons.length === 0) kinds.add('canonical');
    else kinds.add(isLocal ? 'local-mirror' : 'other');
    for (const reason of reasons) {
      const { code, message } = reason;
      const remedy = toRemedy(pullspec, reason, { canonicalRepositories, mirrorRules, images });
      if (isLocal && code === 'RepositoryNotCanonical') {
        const says = `${image} is a local mirror of ${source ?? ''} according to the cluster’s mirror sets`;
        findings.push(finding('local-mirror', severity, place, says, remedy));
      } else findings.push(finding('pullspec', severity, place, `${image}: ${message}`, remedy));
    }
  }
  const [leastCanonical] = (['other', 'local-mirror', 'canonical'] as const).filter((kind) => kinds.has(kind));
  return { pullspecs: leastCanonical ?? 'not shown', findings };
}

/** What tells whether an image is a copy of a canonical one. */
interface KnownCopies {
  readonly canonicalRepositories: readonly Repository[];
  readonly mirrorRules: readonly MirrorRule[];
  /** Images that the cluster names: an update graph may name the same digest in a canonical repository. */
  readonly images: readonly Pick<NamedImage, 'image'>[];
}

/**
 * The remedy of a reason. Another publisher has images of its own, so that no canonical pullspec is made up for a digest
 * of which nothing says that it is a copy.
 */
export function toRemedy(
  { repository, digest }: Pullspec,
  { code, remedy }: Reason,
  { canonicalRepositories, mirrorRules, images }: KnownCopies,
): string | undefined {
  if (code !== 'RepositoryNotCanonical') return remedy;
  const source = findMirrorSource(repository, mirrorRules);
  if (canonicalRepositories.some((canonical) => canonical === source)) return remedy;
  const same = canonicalRepositories.map((canonical) => `${canonical}@${digest}`);
  const copy = images.find(({ image }) => digest !== undefined && same.includes(image));
  if (copy !== undefined) return `use ${copy.image}, which this cluster names too`;
  return 'it is of another publisher or another stream: survey it with the profile of its publisher; if it is a copy, a mirror set says so';
}

/** Each image once, at the first field that names it: the history repeats the desired image. */
function distinct(images: readonly NamedImage[]): readonly NamedImage[] {
  return images.filter(({ image }, index) => images.findIndex((other) => other.image === image) === index);
}

function readPullspec(image: string): Pullspec | InputError {
  try {
    return parsePullspec(image);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}
