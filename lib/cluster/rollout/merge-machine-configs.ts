import { ROLE_LABEL } from '../render/machine-config/machine-config.ts';
import { findOtherPlaces, judgeOtherPlaces } from './other-places.ts';
import type { KnownMachineConfig, LabelSelector, PoolState } from './pool-state.ts';
import { type Finding, finding } from './rollout.ts';

/** The MachineConfigs of a pool in the operator's merge order: the last one that writes a file owns it. */
export function selectMachineConfigs(
  pool: PoolState,
  machineConfigs: readonly KnownMachineConfig[],
): readonly KnownMachineConfig[] {
  const { name, selector } = pool;
  const isSelected = ({ labels }: KnownMachineConfig): boolean =>
    selector === undefined ? labels[ROLE_LABEL] === name : selects(selector, labels);
  return machineConfigs.filter(isSelected).toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Whether a selector matches. An empty one matches nothing: no real pool selects every MachineConfig. */
function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries(matchLabels);
  if (pairs.length + matchExpressions.length === 0) return false;
  return (
    pairs.every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}

/** The merged files of MachineConfigs by path: the last one that writes a file owns it. */
export function mergeFiles(sorted: readonly KnownMachineConfig[]): ReadonlyMap<string, Uint8Array | undefined> {
  return new Map(sorted.flatMap(({ files }) => [...files]));
}

/**
 * Checks that the expected MachineConfigs own their files: a MachineConfig whose name sorts later replaces a file that
 * both write. The rendered MachineConfig is the proof. Without it the sources of the configuration are compared; without
 * those the answer is unknown.
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
      `${path}: ${later.length === 0 ? `${renderedName} has other contents` : `owned by ${later.toSorted().at(-1)}`}`,
    ];
  });
  const stale = names.filter((name) => hasOtherFiles(known.get(name), expected));
  if (stale.length > 0) {
    return finding('owner', 'no', `the cluster’s ${stale.join(', ')} differs from the expected one`, faults);
  }
  if (faults.length > 0) return finding('owner', 'no', 'another MachineConfig owns an expected file', faults);
  const shown = rendered === undefined ? others.flatMap((name) => known.get(name) ?? []) : [rendered];
  const elsewhere = judgeOtherPlaces('owner', findOtherPlaces(mergeFiles(expected), toNodeFiles(shown)));
  if (elsewhere !== undefined) return elsewhere;
  if (rendered !== undefined) return finding('owner', 'yes', `${renderedName} holds the expected files`);
  const first = names[0] ?? '';
  const unknown = others.filter((name) => name > first && !known.has(name));
  if (pool.wanted === undefined && pool.current === undefined) {
    return finding('owner', 'unknown', 'the sources of the configuration are not shown');
  }
  if (unknown.length > 0) {
    const message = 'a MachineConfig that sorts later may own the same file: add the output of oc get mcp,mc -o yaml';
    return finding('owner', 'unknown', message, unknown);
  }
  return finding('owner', 'yes', 'no later MachineConfig writes the expected files');
}

/** What nodes have by MachineConfigs, units of systemd among it. */
export function toNodeFiles(sorted: readonly KnownMachineConfig[]): ReadonlyMap<string, Uint8Array | undefined> {
  return new Map(sorted.flatMap(({ files, units }) => [...files, ...units]));
}

/** True when the cluster's MachineConfig of an expected name has other files, as an older version has. */
function hasOtherFiles(found: KnownMachineConfig | undefined, expected: readonly KnownMachineConfig[]): boolean {
  const ours = expected.find(({ name }) => name === found?.name);
  if (found === undefined || ours === undefined) return false;
  return [...ours.files].some(([path, bytes]) => !isSame(found.files.get(path), bytes));
}

/** True when both files exist with equal bytes. */
export function isSame(found: Uint8Array | undefined, expected: Uint8Array | undefined): boolean {
  return found !== undefined && expected !== undefined && Buffer.compare(found, expected) === 0;
}
