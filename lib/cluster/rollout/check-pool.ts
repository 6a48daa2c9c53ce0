import { checkOwner } from './merge-machine-configs.ts';
import type { KnownMachineConfig, PoolState } from './pool-state.ts';
import { type Finding, finding } from './rollout.ts';

/** Conditions that are faults when true. */
const FAULTS = ['Degraded', 'NodeDegraded', 'RenderDegraded', 'PinnedImageSetsDegraded', 'BuildFailed'];

/**
 * Checks everything that a pool shows about its expected MachineConfigs.
 *
 * @param expected not empty, in merge order
 * @param machineConfigs those of the cluster, as far as known
 */
export function checkPool(
  pool: PoolState,
  expected: readonly KnownMachineConfig[],
  machineConfigs: readonly KnownMachineConfig[],
): readonly Finding[] {
  const names = expected.map(({ name }) => name);
  return [
    checkIncluded(pool, names),
    checkObserved(pool),
    checkPaused(pool),
    checkConditions(pool),
    checkCompleted(pool, names),
    checkMachines(pool),
    checkOwner(pool, expected, machineConfigs),
  ];
}

function checkIncluded({ wanted }: PoolState, names: readonly string[]): Finding {
  if (wanted === undefined) return finding('included', 'unknown', 'spec.configuration is not shown');
  const missing = names.filter((name) => !wanted.sources.includes(name));
  const rendered = wanted.name ?? 'the rendered configuration';
  if (missing.length > 0) return finding('included', 'no', `${rendered} does not include ${missing.join(', ')}`);
  return finding('included', 'yes', `${rendered} includes ${names.join(', ')}`);
}

function checkObserved({ generation, observedGeneration }: PoolState): Finding {
  if (generation === undefined || observedGeneration === undefined) {
    const shown = [`generation ${generation ?? 'not shown'}`, `observed ${observedGeneration ?? 'not shown'}`];
    return finding('observed', 'unknown', shown.join(', '));
  }
  if (observedGeneration < generation) {
    return finding('observed', 'no', `the controller has observed generation ${observedGeneration} of ${generation}`);
  }
  return finding('observed', 'yes', `generation ${generation}`);
}

function checkPaused({ paused }: PoolState): Finding {
  if (paused === undefined) return finding('unpaused', 'unknown', 'spec.paused is not shown');
  if (paused) return finding('unpaused', 'no', 'the pool is paused: nothing is rolled out until spec.paused is false');
  return finding('unpaused', 'yes', 'the pool is not paused');
}

function checkConditions({ conditions, machines: { degraded } }: PoolState): Finding {
  const faults = conditions.filter(({ type, status }) => FAULTS.includes(type) && status !== 'False');
  const details = faults.flatMap(({ type, reason, message }) =>
    [`${type}${reason === '' ? '' : ` (${reason})`}`, ...message.split('\n')].filter((line) => line !== ''),
  );
  if (faults.length > 0 || (degraded ?? 0) > 0) {
    const count = degraded === undefined ? 'machines' : `${degraded} machines`;
    return finding('healthy', 'no', faults.length > 0 ? 'the pool is degraded' : `${count} are degraded`, details);
  }
  if (degraded === undefined || !conditions.some(({ type }) => type === 'Degraded')) {
    return finding('healthy', 'unknown', 'the condition Degraded or the count of degraded machines is not shown');
  }
  return finding('healthy', 'yes', 'nothing is degraded');
}

/** The status has the configuration that the pool completed, the spec the one that it is moving to. */
function checkCompleted({ wanted, current, conditions }: PoolState, names: readonly string[]): Finding {
  if (current === undefined) return finding('completed', 'unknown', 'status.configuration is not shown');
  const shown = current.name ?? 'the configuration completed last';
  const missing = names.filter((name) => !current.sources.includes(name));
  if (missing.length > 0) return finding('completed', 'no', `${shown} does not include ${missing.join(', ')}`);
  if (wanted?.name !== undefined && wanted.name !== current.name) {
    return finding('completed', 'no', `${shown} is completed, and ${wanted.name} is wanted`);
  }
  const updated = conditions.find(({ type }) => type === 'Updated');
  if (updated === undefined) return finding('completed', 'unknown', 'the condition Updated is not shown');
  if (updated.status !== 'True') {
    const updating = conditions.find(({ type, status }) => type === 'Updating' && status === 'True');
    return finding('completed', 'no', updating?.message || `the condition Updated is ${updated.status}`);
  }
  return finding('completed', 'yes', `${shown} is completed`);
}

function checkMachines({ machines: { total, updated, ready, unavailable } }: PoolState): Finding {
  if (total === undefined || updated === undefined || ready === undefined || unavailable === undefined) {
    return finding('machines', 'unknown', 'not all counts of machines are shown');
  }
  const shown = `${total} ${total === 1 ? 'machine' : 'machines'}: ${updated} updated, ${ready} ready, ${unavailable} unavailable`;
  const isDone = updated >= total && ready >= total && unavailable === 0;
  return finding('machines', isDone ? 'yes' : 'no', shown);
}
