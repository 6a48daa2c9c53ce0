import { InputError } from '../../base/errors/input-error.ts';
import { isSame } from './check-owner.ts';
import { diffLines } from './diff-lines.ts';
import type { ClusterState, KnownNode, PoolState } from './pool-state.ts';
import { type Finding, finding } from './rollout.ts';

/** What a node holds at the paths that are expected; undefined for a file that is not there. */
export interface NodeContents {
  readonly node: string;
  readonly files: ReadonlyMap<string, Uint8Array | undefined>;
}

/** Holds the files of a pool's nodes against those that were rendered for it. */
export function checkNodes(
  { machines: { total } }: PoolState,
  contents: readonly NodeContents[],
  expected: ReadonlyMap<string, Uint8Array | undefined>,
): Finding {
  const faults = contents.flatMap(({ node, files }) =>
    [...expected].flatMap(([path, bytes]) => describeFault(node, path, files.get(path), bytes)),
  );
  const count = `${contents.length} of ${total ?? 'unknown'} nodes`;
  if (faults.length > 0) return finding('nodes', 'no', `files differ from those rendered; ${count} looked at`, faults);
  // Nodes of a pool are rendered alike, and the pool counts who is done: one that was looked at proves the rendering.
  if (contents.length === 0 && total !== 0) return finding('nodes', 'unknown', 'no node of this pool was handed in');
  return finding('nodes', 'yes', `the files of ${count} are the ones rendered`);
}

/** Holds what nodes say that they run by against the pool's configuration; undefined when none was handed in. */
export function checkNodeStates(
  { wanted, current, machines: { total } }: PoolState,
  nodes: readonly KnownNode[],
): Finding | undefined {
  if (nodes.length === 0) return undefined;
  const name = wanted?.name ?? current?.name;
  const faults = nodes.flatMap((node) => {
    if (node.currentConfig === name && node.state === 'Done') return [];
    return [`${node.name}: ${node.state ?? 'no state'}, runs by ${node.currentConfig ?? 'nothing known'}`];
  });
  if (faults.length > 0)
    return finding('nodes', 'no', `not every node runs by ${name ?? 'a known configuration'}`, faults);
  return finding('nodes', 'yes', `${nodes.length} of ${total ?? 'unknown'} nodes run by ${name}`);
}

/**
 * Which pool a node belongs to: the one whose configuration it runs by or goes to. Without its Node it is the only one
 * that is concerned.
 *
 * @throws InputError `ArgumentInvalid` when it cannot be told
 */
export function findPoolOfNode(node: string, { pools, nodes }: ClusterState, concerned: readonly PoolState[]): string {
  const known = nodes.find(({ name }) => name === node);
  const candidates = known === undefined ? concerned : pools.filter((pool) => runsBy(known, pool));
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only.name;
  const reason = 'hand in its Node with the pools: oc get mcp,mc,node -o yaml';
  throw new InputError('ArgumentInvalid', `the pool of the node ${node} cannot be told: ${reason}`);
}

/** Whether a node is at a configuration of the pool, be it an old one, or on its way to one. */
export function runsBy({ currentConfig, desiredConfig }: KnownNode, { name, wanted, current }: PoolState): boolean {
  const known = [wanted?.name, current?.name];
  return [currentConfig, desiredConfig].some(
    (config) => config !== undefined && (known.includes(config) || isRenderedFor(name, config)),
  );
}

/** `rendered-<pool>-` and 32 digits: a node that was left behind is at one that the pool no longer names. */
function isRenderedFor(pool: string, config: string): boolean {
  const prefix = `rendered-${pool}-`;
  return config.startsWith(prefix) && /^[0-9a-f]{32}$/.test(config.slice(prefix.length));
}

function describeFault(
  node: string,
  path: string,
  found: Uint8Array | undefined,
  expected: Uint8Array | undefined,
): readonly string[] {
  if (expected === undefined || isSame(found, expected)) return [];
  if (found === undefined) return [`${node}: ${path} is missing`];
  const decoder = new TextDecoder();
  return [`${node}: ${path}`, ...diffLines(decoder.decode(expected), decoder.decode(found)).map((line) => `  ${line}`)];
}
