import { InputError } from '../../base/errors/input-error.ts';
import { diffLines } from './diff-lines.ts';
import { isSame } from './merge-machine-configs.ts';
import { findOtherPlaces, judgeOtherPlaces } from './other-places.ts';
import type { ClusterState, KnownNode, PoolState } from './pool-state.ts';
import { type Finding, finding } from './rollout.ts';

/** A path behind a symbolic link that cannot be resolved here: nothing is known of the node's file. */
export interface UnresolvedLink {
  /** The link, as a path on the node. */
  readonly link: string;
}

/** The contents of a node at the expected paths; undefined for a missing file. */
export interface NodeContents {
  readonly node: string;
  readonly files: ReadonlyMap<string, Uint8Array | UnresolvedLink | undefined>;
  /** What is in the other places that nodes read signature settings from; undefined for a link that leads nowhere. */
  readonly others?: ReadonlyMap<string, Uint8Array | undefined>;
}

/** Compares the files of a pool's nodes with the expected ones. */
export function checkNodes(
  { machines: { total } }: PoolState,
  contents: readonly NodeContents[],
  expected: ReadonlyMap<string, Uint8Array | undefined>,
): Finding {
  const faults = contents.flatMap(({ node, files }) =>
    [...expected].flatMap(([path, bytes]) => describeFault(node, path, files.get(path), bytes)),
  );
  const count = `${contents.length} of ${total ?? 'unknown'} nodes`;
  const unresolved = contents.flatMap(({ node, files }) =>
    [...expected.keys()].flatMap((path) => describeUnresolved(node, path, files.get(path))),
  );
  if (faults.length > 0) {
    return finding('nodes', 'no', `files differ from the expected ones; ${count} checked`, [...faults, ...unresolved]);
  }
  const elsewhere = judgeElsewhere(contents, () => expected, count);
  if (elsewhere?.answer === 'no') return elsewhere;
  if (unresolved.length > 0) {
    return finding('nodes', 'unknown', 'symbolic links cannot be resolved: copy the files themselves', unresolved);
  }
  if (elsewhere !== undefined) return elsewhere;
  // All nodes of a pool get the same files, and the pool counts the updated machines: one checked node is enough.
  if (contents.length === 0 && total !== 0)
    return finding('nodes', 'unknown', 'no files of a node of this pool were given');
  return finding('nodes', 'yes', `the files of ${count} are the expected ones`);
}

/** What nodes have elsewhere that takes away from the expected files, or may; undefined where nothing does. */
export function judgeElsewhere(
  contents: readonly NodeContents[],
  toExpected: (one: NodeContents) => ReadonlyMap<string, Uint8Array | undefined>,
  count: string,
): Finding | undefined {
  const found = contents.map((one) => {
    const files = [...toKnown(one.files), ...(one.others ?? [])];
    const { faults, unknown } = findOtherPlaces(toExpected(one), new Map(files));
    const ofNode = (fault: string): string => `${one.node}: ${fault}`;
    return { faults: faults.map(ofNode), unknown: unknown.map(ofNode) };
  });
  const all = {
    faults: found.flatMap(({ faults }) => faults),
    unknown: found.flatMap(({ unknown }) => unknown),
  };
  return judgeOtherPlaces('nodes', all, `; ${count} checked`);
}

/** Compares the configuration that nodes report with that of the pool; undefined without Nodes. */
export function checkNodeStates(
  { wanted, current, machines: { total } }: PoolState,
  nodes: readonly KnownNode[],
): Finding | undefined {
  if (nodes.length === 0) return undefined;
  const name = wanted?.name ?? current?.name;
  const faults = nodes.flatMap((node) => {
    if (node.currentConfig === name && node.state === 'Done') return [];
    return [`${node.name}: ${node.state ?? 'no state'}, runs ${node.currentConfig ?? 'an unknown configuration'}`];
  });
  if (faults.length > 0)
    return finding('nodes', 'no', `not every node runs ${name ?? 'a known configuration'}`, faults);
  return finding('nodes', 'yes', `${nodes.length} of ${total ?? 'unknown'} nodes run ${name}`);
}

/**
 * Finds the pool of a node: the one whose configuration it runs or is moving to. Without its Node, the only concerned pool.
 *
 * @throws InputError `ArgumentInvalid` when the pool is ambiguous
 */
export function findPoolOfNode(node: string, { pools, nodes }: ClusterState, concerned: readonly PoolState[]): string {
  const known = nodes.find(({ name }) => name === node);
  const candidates = known === undefined ? concerned : pools.filter((pool) => runsBy(known, pool));
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only.name;
  const remedy = 'add its Node to the pools: oc get mcp,mc,node -o yaml';
  throw new InputError('ArgumentInvalid', `the pool of the node ${node} is unknown: ${remedy}`);
}

/** Whether a node runs a configuration of the pool, current or old, or is moving to one. */
export function runsBy({ currentConfig, desiredConfig }: KnownNode, { name, wanted, current }: PoolState): boolean {
  const known = [wanted?.name, current?.name];
  return [currentConfig, desiredConfig].some(
    (config) => config !== undefined && (known.includes(config) || isRenderedFor(name, config)),
  );
}

/** `rendered-<pool>-` and 32 hex digits: a node that fell behind runs one that the pool no longer names. */
function isRenderedFor(pool: string, config: string): boolean {
  const prefix = `rendered-${pool}-`;
  return config.startsWith(prefix) && /^[0-9a-f]{32}$/.test(config.slice(prefix.length));
}

function describeFault(
  node: string,
  path: string,
  found: Uint8Array | UnresolvedLink | undefined,
  expected: Uint8Array | undefined,
): readonly string[] {
  if (isUnresolved(found) || expected === undefined || isSame(found, expected)) return [];
  if (found === undefined) return [`${node}: ${path} is missing`];
  const decoder = new TextDecoder();
  return [`${node}: ${path}`, ...diffLines(decoder.decode(expected), decoder.decode(found)).map((line) => `  ${line}`)];
}

function describeUnresolved(
  node: string,
  path: string,
  found: Uint8Array | UnresolvedLink | undefined,
): readonly string[] {
  return isUnresolved(found) ? [`${node}: ${path} is unknown: the symbolic link ${found.link} cannot be resolved`] : [];
}

/** What is there, undefined for what nothing is known of. */
function toKnown(files: NodeContents['files']): readonly (readonly [string, Uint8Array | undefined])[] {
  return [...files].flatMap(([path, found]) =>
    found === undefined ? [] : [[path, isUnresolved(found) ? undefined : found] as const],
  );
}

function isUnresolved(found: Uint8Array | UnresolvedLink | undefined): found is UnresolvedLink {
  return found !== undefined && 'link' in found;
}
