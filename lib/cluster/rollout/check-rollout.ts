import type { ClusterImagePolicy } from '../../trust/policy/cluster-image-policy.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { checkPolicyNodes, checkPolicyPool, warnOfOpenScopes } from './check-image-policies.ts';
import { checkNodeStates, checkNodes, findPoolOfNode, type NodeContents, runsBy } from './check-nodes.ts';
import { checkPool } from './check-pool.ts';
import { mergeFiles, selectMachineConfigs } from './merge-machine-configs.ts';
import type { ClusterState, KnownMachineConfig } from './pool-state.ts';
import type { Finding, PoolRollout, Rollout } from './rollout.ts';

/**
 * Checks whether MachineConfigs are live on every machine of every pool that selects them. Unknown is not live.
 *
 * @param contents files of nodes; undefined if none were given
 * @throws InputError `ArgumentInvalid` for a node whose pool is unknown
 */
export function checkRollout(
  state: ClusterState,
  expected: readonly KnownMachineConfig[],
  contents: readonly NodeContents[] | undefined,
): Rollout {
  const { pools, machineConfigs, nodes } = state;
  const concerned = pools.filter((pool) => selectMachineConfigs(pool, expected).length > 0);
  const poolOf = new Map<string, string>();
  for (const { node } of contents ?? []) poolOf.set(node, findPoolOfNode(node, state, concerned));
  const rollouts = pools.map((pool): PoolRollout => {
    const ours = selectMachineConfigs(pool, expected);
    if (ours.length === 0) return { pool: pool.name, outcome: 'unconcerned', expected: [], findings: [] };
    const held = contents?.filter(({ node }) => poolOf.get(node) === pool.name);
    const findings = joinFindings(
      checkPool(pool, ours, machineConfigs),
      held === undefined ? undefined : checkNodes(pool, held, mergeFiles(ours)),
      checkNodeStates(
        pool,
        nodes.filter((node) => runsBy(node, pool)),
      ),
    );
    return { pool: pool.name, outcome: toOutcome(findings), expected: ours.map(({ name }) => name), findings };
  });
  const taken = new Set(rollouts.flatMap((rollout) => rollout.expected));
  const untaken = expected.filter(({ name }) => !taken.has(name));
  const faults = untaken.map(({ name }) => `no given pool selects ${name}`);
  const machines = concerned.reduce((sum, pool) => sum + (pool.machines.total ?? 0), 0);
  if (untaken.length === 0 && machines === 0) faults.push('the pools have no machine');
  const outcome = allOf([
    ...faults.map(() => 'rejected' as const),
    ...rollouts.flatMap((rollout) => (rollout.outcome === 'unconcerned' ? [] : [TO_JUDGED[rollout.outcome]])),
  ]);
  const warnings = warnOfOpenScopes(expected);
  return { outcome: outcome === 'accepted' ? 'live' : 'not-live', pools: rollouts, faults, warnings };
}

/**
 * Checks whether image policies are live on every machine of every pool. The cluster writes them for all of its pools.
 *
 * @param contents files of nodes; undefined if none were given
 * @throws InputError `ArgumentInvalid` for a node whose pool is unknown
 */
export function checkPolicyRollout(
  state: ClusterState,
  policies: readonly ClusterImagePolicy[],
  contents: readonly NodeContents[] | undefined,
): Rollout {
  const { pools, machineConfigs, nodes } = state;
  const poolOf = new Map<string, string>();
  for (const { node } of contents ?? []) poolOf.set(node, findPoolOfNode(node, state, pools));
  const expected = policies.map(({ kind, name }) => `${kind} ${name}`);
  const rollouts = pools.map((pool): PoolRollout => {
    const held = contents?.filter(({ node }) => poolOf.get(node) === pool.name);
    const findings = joinFindings(
      checkPolicyPool(pool, policies, machineConfigs),
      held === undefined ? undefined : checkPolicyNodes(pool, policies, held),
      checkNodeStates(
        pool,
        nodes.filter((node) => runsBy(node, pool)),
      ),
    );
    return { pool: pool.name, outcome: toOutcome(findings), expected, findings };
  });
  const machines = pools.reduce((sum, pool) => sum + (pool.machines.total ?? 0), 0);
  const faults = machines === 0 ? ['the pools have no machine'] : [];
  const outcome = allOf([
    ...faults.map(() => 'rejected' as const),
    ...rollouts.flatMap((rollout) => (rollout.outcome === 'unconcerned' ? [] : [TO_JUDGED[rollout.outcome]])),
  ]);
  return { outcome: outcome === 'accepted' ? 'live' : 'not-live', pools: rollouts, faults, warnings: [] };
}

/** A node that holds the expected files proves their owner, so an unknown owner no longer counts. */
function joinFindings(
  findings: readonly Finding[],
  files: Finding | undefined,
  states: Finding | undefined,
): readonly Finding[] {
  const proven = files?.answer === 'yes';
  const decided = findings.filter(({ check, answer }) => !(proven && check === 'owner' && answer === 'unknown'));
  return [...decided, ...(files === undefined ? [] : [files]), ...(states === undefined ? [] : [states])];
}

function toOutcome(findings: readonly Finding[]): PoolRollout['outcome'] {
  return FROM_JUDGED[allOf(findings.map(({ answer }) => TO_JUDGED[answer]))];
}

const TO_JUDGED = {
  no: 'rejected',
  unknown: 'indeterminate',
  yes: 'accepted',
  'not-live': 'rejected',
  live: 'accepted',
} as const satisfies Readonly<Record<string, Outcome>>;
const FROM_JUDGED = { rejected: 'not-live', indeterminate: 'unknown', accepted: 'live' } as const;
