import type { KnownMachineConfig, LabelSelector, PoolState } from './pool-state.ts';

const ROLE_LABEL = 'machineconfiguration.openshift.io/role';

/** The MachineConfigs that a pool takes, in the order in which the operator merges them: the last one owns a file. */
export function selectMachineConfigs(
  pool: PoolState,
  machineConfigs: readonly KnownMachineConfig[],
): readonly KnownMachineConfig[] {
  const { name, selector } = pool;
  const isSelected = ({ labels }: KnownMachineConfig): boolean =>
    selector === undefined ? labels[ROLE_LABEL] === name : selects(selector, labels);
  return machineConfigs.filter(isSelected).toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** An empty selector selects nothing here: a pool that took everything would not be one. */
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

/** The files that they make together, by path: of one that several write, the last one's. */
export function mergeFiles(sorted: readonly KnownMachineConfig[]): ReadonlyMap<string, Uint8Array | undefined> {
  return new Map(sorted.flatMap(({ files }) => [...files]));
}
