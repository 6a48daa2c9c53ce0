import type { ImageSource } from '../../lib/registry/images/image-source.ts';
import {
  decideByPolicy,
  type ImageDecision,
  type PolicyImageQuestion,
} from '../../lib/verdict/decide/decide-by-policy.ts';
import { judgeNodes, type NodesAnswer, type NodeVersion } from '../../lib/verdict/judge/nodes.ts';

/** A decision by a policy, and the second answer: whether nodes can pull the image. */
export interface DecisionForNodes extends Omit<ImageDecision, 'examined' | 'nodesRefuse'> {
  /** Missing for an image that no node pulls, and for a policy that asks for no signature. */
  readonly nodes?: NodesAnswer;
}

/**
 * Decides an image by a policy twice: by every signature beside it, and by those that nodes read alone.
 *
 * @param asNode the image with the signatures that nodes read; undefined for one that no node pulls
 * @param version of the nodes
 * @throws as {@link decideByPolicy} does
 */
export async function decideForNodes(
  { source, asNode }: { readonly source: ImageSource; readonly asNode?: ImageSource | undefined },
  ask: Omit<PolicyImageQuestion, 'source'>,
  version: NodeVersion | undefined,
): Promise<DecisionForNodes> {
  const { examined: _, nodesRefuse: __, ...decision } = await decideByPolicy({ source, ...ask });
  const nodes =
    asNode === undefined ? undefined : toAnswer(decision, await decideByPolicy({ source: asNode, ...ask }), version);
  return { ...decision, ...(nodes === undefined ? {} : { nodes }) };
}

/** Undefined for a policy that asks for no signature: whatever is beside the image, nodes pull it as the verdict says. */
function toAnswer(
  decision: Pick<ImageDecision, 'outcome'>,
  { outcome: asNode, requirements, nodesRefuse }: ImageDecision,
  version: NodeVersion | undefined,
): NodesAnswer | undefined {
  const signed = requirements.filter(({ type }) => type === 'signedBy' || type === 'sigstoreSigned');
  if (signed.length === 0) return undefined;
  return judgeNodes({
    outcome: decision.outcome,
    asNode,
    reasons: requirements.flatMap(({ reasons }) => reasons),
    attempts: requirements.flatMap(({ attempts }) => attempts),
    needsSigstore: signed.some(({ type }) => type === 'sigstoreSigned'),
    policyFault: nodesRefuse,
    version,
  });
}
