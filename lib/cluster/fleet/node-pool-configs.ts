import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { readMember } from '../objects/read-side-doors.ts';
import { toJudgedObject } from './check-objects.ts';
import { type ClusterObjects, finding, type JudgedObject, type SurveyFinding } from './survey.ts';

type ReadConfig = Pick<ClusterObjects, 'judged' | 'faults'>;

/** The member of such a ConfigMap that HyperShift reads (`hypershift-operator/controllers/nodepool`). */
const MEMBER = 'config';
/** Kinds in it that decide which images nodes take, and from where. */
const NOTED: ReadonlyMap<string, string> = new Map([
  ['ClusterImagePolicy', 'decides which images its nodes accept'],
  ['ImageContentSourcePolicy', 'has images pulled from mirrors, by digest'],
  ['ImageDigestMirrorSet', 'has images pulled from mirrors, by digest'],
  ['ImageTagMirrorSet', 'has images pulled from mirrors, by tag'],
]);

/**
 * Adds what stands in the ConfigMaps that the NodePools of an export name in `spec.config`: a MachineConfig in one is judged
 * like any other. One that is missing or cannot be read is not known.
 *
 * @param objects of the export, by `v1 ConfigMap <name> in <namespace>`
 */
export function withNodePoolConfigs(
  judged: readonly JudgedObject[],
  faults: readonly SurveyFinding[],
  objects: ReadonlyMap<string, unknown>,
): ReadConfig {
  const read = judged
    .filter(({ resource }) => resource === 'nodepools')
    .flatMap(({ content }) => {
      const [namespace, name] = ['namespace', 'name'].map((member) =>
        toText(readMember(content, `metadata.${member}`)),
      );
      return listNames(content).map((config) => {
        const within = `NodePool ${namespace}/${name} spec.config: ConfigMap ${config}`;
        return readConfig(within, objects.get(`v1 ConfigMap ${config} in ${namespace}`));
      });
    });
  return {
    judged: [...judged, ...read.flatMap((one) => one.judged)],
    faults: [...faults, ...read.flatMap((one) => one.faults)],
  };
}

function listNames(nodePool: JsonObject): readonly string[] {
  const config = readMember(nodePool, 'spec.config');
  return (Array.isArray(config) ? config : []).flatMap((entry) => {
    const name = toText(readMember(entry, 'name'));
    return name === '' ? [] : [name];
  });
}

function readConfig(within: string, configMap: unknown): ReadConfig {
  if (!isJsonObject(configMap)) return unknown(within, 'it is not in the export: add oc get configmaps -A -o yaml');
  const text = readMember(configMap, `data.${MEMBER}`);
  if (typeof text !== 'string') return unknown(within, `it has no data.${MEMBER}`);
  try {
    const objects = [...readObjects(`data.${MEMBER}`, text)].map(({ content }) => content);
    return {
      judged: objects.flatMap((content) => {
        const object = toJudgedObject(content);
        return object === undefined ? [] : [{ ...object, within }];
      }),
      faults: objects.flatMap(({ kind }) => {
        const does = typeof kind === 'string' ? NOTED.get(kind) : undefined;
        return does === undefined ? [] : [finding('side-door', 'note', within, `its ${toText(kind)} ${does}`)];
      }),
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return unknown(within, error.message);
  }
}

function unknown(within: string, message: string): ReadConfig {
  return { judged: [], faults: [finding('side-door', 'unknown', within, message)] };
}

function toText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
