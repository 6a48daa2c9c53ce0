/** What `oc describe machineconfigpool` shows, in its own layout; the values are those of the documentation's example. */
export interface DescribedPool {
  readonly name?: string;
  readonly generation?: number;
  readonly observed?: number;
  readonly paused?: boolean;
  readonly wanted?: readonly string[];
  readonly current?: readonly string[];
  readonly wantedName?: string;
  readonly currentName?: string;
  readonly total?: number;
  readonly updated?: number;
  readonly ready?: number;
  readonly unavailable?: number;
  readonly degraded?: number;
  readonly conditions?: readonly (readonly [type: string, status: string, message?: string, reason?: string])[];
}

export const OLD_RENDERED = 'rendered-worker-d9b3f4ffcfd65c30dcf591a0e8cf9b2e';
export const NEW_RENDERED = 'rendered-worker-f6819366eb455a401c42f8d96ab25c02';
export const OURS = '51-worker-rh-registry-trust';
export const LATER = '99-worker-92697796-2203-11ea-b48c-fa163e3940e5-registries';
export const OLD_SOURCES = ['00-worker', '01-worker-container-runtime', '01-worker-kubelet', LATER, '99-worker-ssh'];
export const NEW_SOURCES = [...OLD_SOURCES, OURS].toSorted();

const HEALTHY = [
  ['RenderDegraded', 'False'],
  ['NodeDegraded', 'False'],
  ['Degraded', 'False'],
] as const;

/** Before: the controller has rendered, and the only machine is on its way. */
export const BEFORE: DescribedPool = {
  generation: 3,
  observed: 3,
  wanted: NEW_SOURCES,
  wantedName: NEW_RENDERED,
  current: OLD_SOURCES,
  currentName: OLD_RENDERED,
  total: 1,
  ready: 0,
  unavailable: 1,
  updated: 0,
  conditions: [...HEALTHY, ['Updated', 'False'], ['Updating', 'True', `All nodes are updating to ${NEW_RENDERED}`]],
};

/** After: three machines, all of them updated. */
export const AFTER: DescribedPool = {
  ...BEFORE,
  generation: 4,
  observed: 4,
  current: NEW_SOURCES,
  currentName: NEW_RENDERED,
  total: 3,
  ready: 3,
  unavailable: 0,
  updated: 3,
  conditions: [...HEALTHY, ['Updated', 'True', `All nodes are updated with ${NEW_RENDERED}`], ['Updating', 'False']],
};

export function describePool(pool: DescribedPool): string {
  const { name = 'worker', wanted = [], current = [], conditions = [] } = pool;
  return [
    `Name:         ${name}`,
    'Namespace:',
    'Labels:       machineconfiguration.openshift.io/mco-built-in=',
    'Annotations:  <none>',
    'API Version:  machineconfiguration.openshift.io/v1',
    'Kind:         MachineConfigPool',
    'Metadata:',
    '  Creation Timestamp:  2019-12-19T02:02:12Z',
    `  Generation:          ${pool.generation ?? 0}`,
    '  Resource Version:    16229',
    '  UID:                 92697796-2203-11ea-b48c-fa163e3940e5',
    'Spec:',
    '  Configuration:',
    `    Name:  ${pool.wantedName ?? ''}`,
    '    Source:',
    ...wanted.flatMap((source) => describeSource(source)),
    '  Machine Config Selector:',
    '    Match Labels:',
    `      machineconfiguration.openshift.io/role:  ${name}`,
    '  Node Selector:',
    '    Match Labels:',
    `      node-role.kubernetes.io/${name}:`,
    `  Paused:                              ${pool.paused ?? false}`,
    'Status:',
    '  Conditions:',
    ...conditions.flatMap(([type, status, message = '', reason = '']) => [
      '    Last Transition Time:  2019-12-19T02:03:27Z',
      `    Message:               ${message}`.trimEnd(),
      `    Reason:                ${reason}`.trimEnd(),
      `    Status:                ${status}`,
      `    Type:                  ${type}`,
    ]),
    '  Configuration:',
    `    Name:  ${pool.currentName ?? ''}`,
    '    Source:',
    ...current.flatMap((source) => describeSource(source)),
    `  Degraded Machine Count:     ${pool.degraded ?? 0}`,
    `  Machine Count:              ${pool.total ?? 0}`,
    `  Observed Generation:        ${pool.observed ?? 0}`,
    `  Ready Machine Count:        ${pool.ready ?? 0}`,
    `  Unavailable Machine Count:  ${pool.unavailable ?? 0}`,
    `  Updated Machine Count:      ${pool.updated ?? 0}`,
    'Events:                       <none>',
    '',
  ].join('\n');
}

/** The documentation's second output: an excerpt from the condition Updated on. */
export function describeExcerpt(pool: DescribedPool): string {
  const lines = describePool(pool).split('\n');
  const updated = lines.findIndex((line) => /^ +Type: +Updated$/.test(line));
  return ['...', ...lines.slice(updated - 4, -2), '...', ''].join('\n');
}

function describeSource(name: string): readonly string[] {
  return [
    '      API Version:  machineconfiguration.openshift.io/v1',
    '      Kind:         MachineConfig',
    `      Name:         ${name}`,
  ];
}
