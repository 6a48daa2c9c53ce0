import { decodeText, describeObject, faultAt, objectError, readObjects } from '../../base/documents/read-objects.ts';
import { parseDescription } from './parse-description.ts';
import { parseMachineConfig } from './parse-machine-config.ts';
import { parseNode } from './parse-node.ts';
import { parsePool } from './parse-pool.ts';
import type { ClusterState, KnownMachineConfig, KnownNode, PoolState } from './pool-state.ts';
import { isDescription, readDescriptions } from './read-description.ts';

/** A file that a user named, as read. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const GROUP = 'machineconfiguration.openshift.io/';

/**
 * Reads what `oc get mcp,mc,node -o yaml` (or json) or `oc describe mcp` printed; the text tells which. Several files
 * are one cluster.
 *
 * @throws InputError `FileUnreadable` for what is neither, another kind, and an object that comes twice
 */
export function parseClusterState(files: readonly NamedFile[]): ClusterState {
  const pools: PoolState[] = [];
  const machineConfigs: KnownMachineConfig[] = [];
  const nodes: KnownNode[] = [];
  for (const { name: file, bytes } of files) {
    const text = decodeText(file, bytes);
    if (isDescription(text)) {
      pools.push(...readDescriptions(file, text).map((description) => parseDescription(file, description)));
      continue;
    }
    for (const source of readObjects(file, text)) {
      const { apiVersion, kind } = source.content;
      const isOurs = typeof apiVersion === 'string' && apiVersion.startsWith(GROUP);
      if (isOurs && kind === 'MachineConfigPool') pools.push(parsePool(source));
      else if (isOurs && kind === 'MachineConfig') machineConfigs.push(parseMachineConfig(source));
      else if (apiVersion === 'v1' && kind === 'Node') nodes.push(parseNode(source));
      else throw objectError(source, describeObject(source), 'expected MachineConfigPool, MachineConfig or Node');
    }
  }
  refuseTwice('MachineConfigPool', pools);
  refuseTwice('MachineConfig', machineConfigs);
  refuseTwice('Node', nodes);
  return { pools, machineConfigs, nodes };
}

/** Reads MachineConfigs alone, such as those that were rendered. @throws InputError `FileUnreadable` */
export function parseMachineConfigs(file: NamedFile): readonly KnownMachineConfig[] {
  const { pools, machineConfigs, nodes } = parseClusterState([file]);
  const [other] = [...pools, ...nodes];
  if (other !== undefined) throw faultAt(file.name, 1, `expected MachineConfigs alone, found ${other.name}`);
  if (machineConfigs.length === 0) throw faultAt(file.name, 1, 'there is no MachineConfig in it');
  return machineConfigs;
}

/** Which of two is the cluster's cannot be told. */
function refuseTwice(kind: string, objects: readonly { readonly name: string; readonly origin: string }[]): void {
  const seen = new Map<string, string>();
  for (const { name, origin } of objects) {
    const first = seen.get(name);
    if (first !== undefined) {
      const at = origin.lastIndexOf(':');
      throw faultAt(
        origin.slice(0, at),
        Number(origin.slice(at + 1)),
        `${kind} ${name} a second time, first in ${first}`,
      );
    }
    seen.set(name, origin);
  }
}
