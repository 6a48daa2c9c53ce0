import { checkNodeStates, checkNodes, findPoolOfNode, type NodeContents, runsBy } from './check-nodes.ts';
import { checkPool } from './check-pool.ts';
import type { ClusterState, KnownMachineConfig } from './pool-state.ts';
import type { Finding, PoolRollout, Rollout } from './rollout.ts';
import { mergeFiles, selectMachineConfigs } from './select-machine-configs.ts';

/**
 * Whether MachineConfigs are live on every machine of every pool that they are for. What cannot be told is no yes.
 *
 * @param contents what nodes hold; undefined when nobody looked
 * @throws InputError `ArgumentInvalid` for a node whose pool cannot be told
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
  const faults = untaken.map(({ name }) => `${name} is for no pool that was handed in`);
  const machines = concerned.reduce((sum, pool) => sum + (pool.machines.total ?? 0), 0);
  if (untaken.length === 0 && machines === 0) faults.push('there is no machine that it could be live on');
  const isLive =
    faults.length === 0 && rollouts.every(({ outcome }) => outcome === 'live' || outcome === 'unconcerned');
  return { outcome: isLive ? 'live' : 'not-live', pools: rollouts, faults };
}

/** Whether a rendered configuration has our files is proven too by every node that holds them. */
function joinFindings(
  findings: readonly Finding[],
  files: Finding | undefined,
  states: Finding | undefined,
): readonly Finding[] {
  const proven = files?.answer === 'yes';
  const told = findings.filter(({ check, answer }) => !(proven && check === 'owner' && answer === 'unknown'));
  return [...told, ...(files === undefined ? [] : [files]), ...(states === undefined ? [] : [states])];
}

function toOutcome(findings: readonly Finding[]): PoolRollout['outcome'] {
  if (findings.some(({ answer }) => answer === 'no')) return 'not-live';
  return findings.length > 0 && findings.every(({ answer }) => answer === 'yes') ? 'live' : 'unknown';
}
