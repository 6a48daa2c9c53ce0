import * as v from 'valibot';
import {
  decodeText,
  describeObject,
  faultAt,
  objectError,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { recordOf } from '../../base/documents/schema.ts';
import { parseMachineConfig } from './parse-machine-config.ts';
import { parseDescription, parsePool } from './parse-pool.ts';
import type { ClusterState, KnownMachineConfig, KnownNode, PoolState } from './pool-state.ts';
import { isDescription, readDescriptions } from './read-description.ts';

/** The bytes of a file, under the name that the user gave. */
interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const GROUP = 'machineconfiguration.openshift.io/';

/**
 * Parses the output of `oc get mcp,mc,node -o yaml` (or json) or of `oc describe mcp`, recognised by its text. Several
 * files are one cluster.
 *
 * @throws InputError `FileUnreadable` for any other text or kind, and for an object that occurs twice
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

/** Parses a file of MachineConfigs only, such as the rendered ones. @throws InputError `FileUnreadable` */
export function parseMachineConfigs(file: NamedFile): readonly KnownMachineConfig[] {
  const { pools, machineConfigs, nodes } = parseClusterState([file]);
  const [other] = [...pools, ...nodes];
  if (other !== undefined) throw faultAt(file.name, 1, `expected only MachineConfigs, found ${other.name}`);
  if (machineConfigs.length === 0) throw faultAt(file.name, 1, 'expected a MachineConfig, found none');
  return machineConfigs;
}

/** Rejects an object that occurs twice: either could be the cluster's. */
function refuseTwice(kind: string, objects: readonly { readonly name: string; readonly origin: string }[]): void {
  const seen = new Map<string, string>();
  for (const { name, origin } of objects) {
    const first = seen.get(name);
    if (first !== undefined) {
      const at = origin.lastIndexOf(':');
      throw faultAt(
        origin.slice(0, at),
        Number(origin.slice(at + 1)),
        `${kind} ${name} occurs twice, first in ${first}`,
      );
    }
    seen.set(name, origin);
  }
}

const PREFIX = 'machineconfiguration.openshift.io';
const schema = v.looseObject({
  metadata: v.looseObject({
    name: v.pipe(v.string(), v.minLength(1)),
    annotations: v.nullish(recordOf(v.string(), v.string())),
  }),
});

/** Parses the annotations of the machine-config daemon on a Node. @throws InputError `FileUnreadable` */
function parseNode(source: SourceObject): KnownNode {
  const { metadata } = readShape(schema, source);
  const annotations = metadata.annotations ?? {};
  return {
    name: metadata.name,
    origin: `${source.file}:${source.line}`,
    currentConfig: annotations[`${PREFIX}/currentConfig`],
    desiredConfig: annotations[`${PREFIX}/desiredConfig`],
    state: annotations[`${PREFIX}/state`],
  };
}
