import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../base/documents/json-value.ts';
import {
  decodeText,
  describeObject,
  objectError,
  readObjects,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { withoutServerState } from '../../base/documents/server-metadata.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import {
  type MirrorSetDocument,
  parseImageContentSourcePolicy,
  parseImageDigestMirrorSet,
  parseImageTagMirrorSet,
} from '../../trust/documents/cluster-settings.ts';
import type { ParsedDocument } from '../../trust/documents/parsed-document.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import { listPolicyObjects } from '../objects/policy-objects.ts';
import { toJudgedObject } from './check-objects.ts';
import { withNodePoolConfigs } from './node-pool-configs.ts';
import { parseClusterVersion, parseHiveConfig } from './read-cluster-state.ts';
import {
  type ClusterObjects,
  type ClusterVersionState,
  finding,
  type HiveConfigState,
  type JudgedObject,
  type SurveyFinding,
} from './survey.ts';

/** A file of one cluster: its bytes, or the error of reading it. */
export interface ClusterFile {
  readonly name: string;
  readonly contents: Uint8Array | InputError | 'not read';
}

export const NOT_READ = 'not read: its name is neither of YAML or JSON nor of an archive of them (.gz, .tar, .tar.gz)';

/** What reads the mirror sets of each kind, by `<apiVersion> <kind>`. */
export const MIRROR_SETS: ReadonlyMap<string, (source: ParsedDocument) => MirrorSetDocument> = new Map([
  ['config.openshift.io/v1 ImageDigestMirrorSet', parseImageDigestMirrorSet],
  ['config.openshift.io/v1 ImageTagMirrorSet', parseImageTagMirrorSet],
  ['operator.openshift.io/v1alpha1 ImageContentSourcePolicy', parseImageContentSourcePolicy],
]);

/**
 * Parses the objects of one cluster and ignores all other kinds. A file that cannot be read is a finding: one broken
 * export must not end the survey of a fleet.
 */
export function parseClusterObjects(cluster: string, files: readonly ClusterFile[]): ClusterObjects {
  const versions: ClusterVersionState[] = [];
  const mirrorRules: MirrorRule[] = [];
  const hiveConfigs: HiveConfigState[] = [];
  const judged: JudgedObject[] = [];
  const faults: SurveyFinding[] = [];
  const seen = new Map<string, unknown>();
  const brought: Brought = { sources: [], judged, hiveConfigs };
  for (const file of files) {
    readGuarded(file.name, faults, () => {
      if (file.contents instanceof InputError) throw file.contents;
      if (file.contents === 'not read') {
        faults.push(finding('files', 'unknown', file.name, NOT_READ));
        return;
      }
      for (const source of readObjects(file.name, decodeText(file.name, file.contents))) {
        if (typeof source.content['kind'] !== 'string') {
          throw objectError(source, 'an object without a kind', 'the file may have been cut: export it again');
        }
        if (isRepeated(source, seen, faults)) continue;
        readGuarded(file.name, faults, () => readObject(source, versions, mirrorRules, hiveConfigs));
        const object = toJudgedObject(source.content);
        if (object !== undefined) judged.push(object);
        readGuarded(file.name, faults, () => readPolicy(source, brought));
      }
    });
  }
  // What the export itself has counts more than what a Policy would bring under its name.
  for (const source of brought.sources) {
    const key = toKey(source);
    if (!seen.has(key)) seen.set(key, withoutServerState(source.content));
  }
  const [first, second] = versions;
  if (second !== undefined)
    faults.push(finding('files', 'unknown', cluster, 'two ClusterVersions found: export one cluster to a folder'));
  return { cluster, clusterVersion: first, mirrorRules, hiveConfigs, ...withNodePoolConfigs(judged, faults, seen) };
}

function readGuarded(file: string, faults: SurveyFinding[], read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof InputError) && !(error instanceof ConfigurationError)) throw error;
    faults.push(finding('files', 'unknown', file, error.message));
  }
}

/** A must-gather holds some objects twice: alone and in a list. */
function isRepeated(source: SourceObject, seen: Map<string, unknown>, faults: SurveyFinding[]): boolean {
  const { content, file } = source;
  const key = toKey(source);
  if (!seen.has(key)) {
    seen.set(key, withoutServerState(content));
    return false;
  }
  if (isDeepStrictEqual(seen.get(key), withoutServerState(content)) || !isSurveyed(content)) return true;
  faults.push(finding('files', 'unknown', file, `${key} occurs twice with different content`));
  return true;
}

/** `v1 ConfigMap <name> in <namespace>` */
function toKey(source: SourceObject): string {
  const { content } = source;
  const namespace = isJsonObject(content['metadata']) ? content['metadata']['namespace'] : undefined;
  const place = typeof namespace === 'string' ? ` in ${namespace}` : '';
  return `${toGroupVersion(content)} ${describeObject(source)}${place}`;
}

/**
 * What a Policy brings to clusters is judged beside what this one has. Its ClusterVersion and mirror sets are not this
 * cluster's own.
 */
function readPolicy({ content, file, line }: SourceObject, brought: Brought): void {
  for (const { content: held, within } of listPolicyObjects(content)) {
    const source = { content: held, file, line };
    brought.sources.push(source);
    const object = toJudgedObject(held);
    if (object !== undefined) brought.judged.push({ ...object, within });
    if (toKind(held) !== HIVE_CONFIG) continue;
    const config = parseHiveConfig(source);
    brought.hiveConfigs.push({ ...config, name: `${config.name} of ${within}` });
  }
}

/** What Policies bring, and where it is judged. */
interface Brought {
  readonly sources: SourceObject[];
  readonly judged: JudgedObject[];
  readonly hiveConfigs: HiveConfigState[];
}

function isSurveyed(content: SourceObject['content']): boolean {
  const key = toKind(content);
  return [CLUSTER_VERSION, HIVE_CONFIG, ...MIRROR_SETS.keys()].includes(key) || toJudgedObject(content) !== undefined;
}

/** `<apiVersion> <kind>`, each empty if the object lacks it. */
function toKind(content: SourceObject['content']): string {
  const { kind } = content;
  return `${toGroupVersion(content)} ${typeof kind === 'string' ? kind : ''}`;
}

function toGroupVersion({ apiVersion }: SourceObject['content']): string {
  return typeof apiVersion === 'string' ? apiVersion : '';
}

const CLUSTER_VERSION = 'config.openshift.io/v1 ClusterVersion';
const HIVE_CONFIG = 'hive.openshift.io/v1 HiveConfig';

function readObject(
  source: SourceObject,
  versions: ClusterVersionState[],
  mirrorRules: MirrorRule[],
  hiveConfigs: HiveConfigState[],
): void {
  const { content, file, line } = source;
  const key = toKind(content);
  const parseMirrorSet = MIRROR_SETS.get(key);
  if (key === CLUSTER_VERSION) versions.push(parseClusterVersion(source));
  else if (key === HIVE_CONFIG) hiveConfigs.push(parseHiveConfig(source));
  else if (parseMirrorSet !== undefined) {
    const document: ParsedDocument = { document: file, content, warnings: [], lineOf: () => line };
    mirrorRules.push(...parseMirrorSet(document).rules);
  }
}
