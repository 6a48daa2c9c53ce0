import type { KnownMachineConfig, PoolState } from './pool-state.ts';
import { type Finding, finding } from './rollout.ts';
import { mergeFiles } from './select-machine-configs.ts';

/**
 * Whether the files of the nodes are ours: another MachineConfig whose name sorts later owns what both write. The
 * rendered configuration is the proof; without it, the MachineConfigs that it is made of; without those, it is unknown.
 */
export function checkOwner(
  pool: PoolState,
  expected: readonly KnownMachineConfig[],
  machineConfigs: readonly KnownMachineConfig[],
): Finding {
  const { name: renderedName, sources } = pool.wanted ?? pool.current ?? { name: undefined, sources: [] };
  const known = new Map(machineConfigs.map((one) => [one.name, one]));
  const names = expected.map(({ name }) => name);
  const others = sources.filter((name) => !names.includes(name));
  const rendered = renderedName === undefined ? undefined : known.get(renderedName);
  const faults = [...mergeFiles(expected)].flatMap(([path, bytes]) => {
    const writer = expected.findLast(({ files }) => files.has(path))?.name ?? '';
    const later = others.filter((name) => name > writer && known.get(name)?.files.has(path) === true);
    const isWritten = rendered === undefined ? later.length === 0 : isSame(rendered.files.get(path), bytes);
    if (isWritten) return [];
    return [
      `${path}: ${later.length === 0 ? `other contents in ${renderedName}` : `owned by ${later.toSorted().at(-1)}`}`,
    ];
  });
  const stale = names.filter((name) => hasOtherFiles(known.get(name), expected));
  if (stale.length > 0) {
    return finding('owner', 'no', `the cluster’s ${stale.join(', ')} is not the one that is expected`, faults);
  }
  if (faults.length > 0) return finding('owner', 'no', 'another MachineConfig owns a path of ours', faults);
  if (rendered !== undefined) return finding('owner', 'yes', `${renderedName} holds our files`);
  const first = names[0] ?? '';
  const unknown = others.filter((name) => name > first && !known.has(name));
  if (pool.wanted === undefined && pool.current === undefined) {
    return finding('owner', 'unknown', 'the sources of the configuration are not shown');
  }
  if (unknown.length > 0) {
    const message = 'what sorts after ours may own the same path: hand in the output of oc get mcp,mc -o yaml too';
    return finding('owner', 'unknown', message, unknown);
  }
  return finding('owner', 'yes', 'no later MachineConfig writes our paths');
}

/** The object of our name in the cluster may be an older one of ours. */
function hasOtherFiles(found: KnownMachineConfig | undefined, expected: readonly KnownMachineConfig[]): boolean {
  const ours = expected.find(({ name }) => name === found?.name);
  if (found === undefined || ours === undefined) return false;
  return [...ours.files].some(([path, bytes]) => !isSame(found.files.get(path), bytes));
}

export function isSame(found: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
  return found !== undefined && expected !== undefined && Buffer.compare(found, expected) === 0;
}
