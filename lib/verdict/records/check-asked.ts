import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec, parseRepository } from '../../base/names/reference.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { compareMembers } from './compare-verdicts.ts';
import type { Asked } from './verdict-record.ts';
import { toAsked } from './write-record.ts';

/** Where what was asked does not lead to the pullspec that was judged, one sentence each. */
export function checkAsked(asked: Asked, judged: Pullspec, trust: PreparedTrust): readonly string[] {
  try {
    const { source } = asked;
    return source === 'api' || source === 'cli'
      ? checkCaller(asked, toAsked(source, judged.text))
      : checkPush(asked, judged, trust);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [`asked: ${error.message}`];
  }
}

function checkCaller(asked: Asked, expected: Asked): readonly string[] {
  return compareMembers('asked', asked, expected, ['registry', 'repository', 'tag', 'pullspec']);
}

/** A push is judged as what was pushed, or as what the profile says that its repository mirrors. */
function checkPush(asked: Asked, judged: Pullspec, { pushSources }: PreparedTrust): readonly string[] {
  const { source, registry, repository } = asked;
  const { repository: named, digest } = parsePullspec(asked.pullspec);
  const pushed =
    registry === undefined || repository === undefined ? named : parseRepository(`${registry}/${repository}`);
  const mapping = pushSources.find(
    (mapped) => mapped.source === source && mapped.registry === registry && mapped.repository === repository,
  );
  const differences: string[] = [];
  if (judged.repository !== pushed && judged.repository !== mapping?.mirrorOf) {
    differences.push(`asked: ${pushed} was pushed to, which the profile does not map to ${judged.repository}`);
  }
  if (named !== pushed && named !== judged.repository) {
    differences.push(`asked: ${named} is neither what was pushed to nor what was judged`);
  }
  if (digest !== undefined && digest !== judged.digest) {
    differences.push(`asked: ${digest} was pushed, and ${judged.digest ?? 'no digest'} was judged`);
  }
  return differences;
}
