import * as v from 'valibot';
import {
  decodeText,
  describeObject,
  faultAt,
  isTable,
  objectError,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { recordOf } from '../../base/documents/schema.ts';
import type { ClusterImagePolicy } from '../../trust/policy/cluster-image-policy.ts';
import { parseClusterImagePolicy } from '../../trust/policy/parse-cluster-image-policy.ts';
import { PolicyError } from '../../trust/policy/policy-members.ts';
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
    if (isTable(text)) throw faultAt(file, 1, TABLE);
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

const TABLE =
  'this is the table of oc get, which does not show what the nodes run: give what oc get mcp,mc,node -o yaml prints';

/**
 * Parses a file of ClusterImagePolicies and ImagePolicies, as they are rendered or exported; none for a file of others.
 *
 * @throws InputError `FileUnreadable` for one that breaks the API's rules, or that is of a version not known here
 */
export function parseImagePolicies({ name: file, bytes }: NamedFile): readonly ClusterImagePolicy[] {
  const sources = [...readObjects(file, decodeText(file, bytes))];
  const isPolicy = ({ content }: SourceObject): boolean =>
    typeof content['kind'] === 'string' && ['ClusterImagePolicy', 'ImagePolicy'].includes(content['kind']);
  if (!sources.some(isPolicy)) return [];
  return sources.map((source) => {
    const what = describeObject(source);
    if (!isPolicy(source)) throw objectError(source, what, 'expected only image policies beside one');
    try {
      const policy = parseClusterImagePolicy(source.content);
      if (policy.requirement.type === 'unsupported') throw objectError(source, what, policy.requirement.fault);
      if (policy.kind === 'ImagePolicy' && policy.namespace === undefined) {
        throw objectError(
          source,
          what,
          'metadata.namespace is missing: nodes have the policies of each namespace in a file',
        );
      }
      return policy;
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw objectError(source, what, error.message);
    }
  });
}

/** Parses a file of MachineConfigs only, such as the rendered ones. @throws InputError `FileUnreadable` */
export function parseMachineConfigs({ name: file, bytes }: NamedFile): readonly KnownMachineConfig[] {
  const text = decodeText(file, bytes);
  if (isTable(text) || isDescription(text)) throw faultAt(file, 1, `this is what oc printed: ${EXPECTED}`);
  const machineConfigs = [...readObjects(file, text)].map((source) => {
    const { apiVersion, kind } = source.content;
    const isOurs = typeof apiVersion === 'string' && apiVersion.startsWith(GROUP) && kind === 'MachineConfig';
    if (!isOurs) throw objectError(source, describeObject(source), EXPECTED);
    return parseMachineConfig(source);
  });
  if (machineConfigs.length === 0) throw faultAt(file, 1, `it holds none: ${EXPECTED}`);
  refuseTwice('MachineConfig', machineConfigs);
  return machineConfigs;
}

const EXPECTED = 'expected MachineConfigs or image policies, as signet render machineconfig writes them';

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
