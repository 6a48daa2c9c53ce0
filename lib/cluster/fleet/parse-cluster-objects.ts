import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import {
  decodeText,
  describeObject,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import {
  type MirrorSetDocument,
  parseImageContentSourcePolicy,
  parseImageDigestMirrorSet,
  parseImageTagMirrorSet,
} from '../../trust/documents/mirror-set.ts';
import type { ParsedDocument } from '../../trust/documents/parsed-document.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import {
  type ClusterObjects,
  type ClusterVersionState,
  finding,
  type HiveConfigState,
  type NamedImage,
  type SurveyFinding,
} from './survey.ts';

/** A file of one cluster: its bytes, or the error of reading it. */
export interface ClusterFile {
  readonly name: string;
  readonly contents: Uint8Array | InputError;
}

const MIRROR_SETS: ReadonlyMap<string, (source: ParsedDocument) => MirrorSetDocument> = new Map([
  ['config.openshift.io/v1 ImageDigestMirrorSet', parseImageDigestMirrorSet],
  ['config.openshift.io/v1 ImageTagMirrorSet', parseImageTagMirrorSet],
  ['operator.openshift.io/v1alpha1 ImageContentSourcePolicy', parseImageContentSourcePolicy],
]);

const textOrNone = v.optional(v.string(), '');
const releaseFields = { image: textOrNone, version: textOrNone };
const release = v.pipe(plainObject, v.looseObject(releaseFields));
const desiredUpdate = v.pipe(plainObject, v.looseObject({ ...releaseFields, force: v.optional(v.boolean(), false) }));
const past = v.pipe(
  plainObject,
  v.looseObject({ ...releaseFields, verified: v.optional(v.boolean()), acceptedRisks: textOrNone }),
);
const store = v.looseObject({ url: v.string(), ca: v.nullish(v.looseObject({ name: v.string() })) });
const clusterVersion = v.looseObject({
  spec: v.nullish(
    v.pipe(
      plainObject,
      v.looseObject({ desiredUpdate: v.nullish(desiredUpdate), signatureStores: v.nullish(v.array(store)) }),
    ),
  ),
  status: v.nullish(
    v.pipe(
      plainObject,
      v.looseObject({
        desired: v.nullish(release),
        availableUpdates: v.nullish(v.array(release)),
        history: v.nullish(v.array(past)),
      }),
    ),
  ),
});
const configMapReference = v.pipe(plainObject, v.looseObject({ namespace: textOrNone, name: textOrNone }));
const hiveConfig = v.looseObject({
  metadata: v.looseObject({ name: v.string() }),
  spec: v.nullish(
    v.pipe(plainObject, v.looseObject({ releaseImageVerificationConfigMapRef: v.nullish(configMapReference) })),
  ),
});

/**
 * Parses the objects of one cluster and ignores all other kinds. A file that cannot be read is a finding: one broken
 * export must not end the survey of a fleet.
 */
export function parseClusterObjects(cluster: string, files: readonly ClusterFile[]): ClusterObjects {
  const versions: ClusterVersionState[] = [];
  const mirrorRules: MirrorRule[] = [];
  const hiveConfigs: HiveConfigState[] = [];
  const faults: SurveyFinding[] = [];
  const seen = new Map<string, unknown>();
  for (const file of files) {
    readGuarded(file.name, faults, () => {
      if (file.contents instanceof InputError) throw file.contents;
      for (const source of readObjects(file.name, decodeText(file.name, file.contents))) {
        if (isRepeated(source, seen, faults)) continue;
        readGuarded(file.name, faults, () => readObject(source, versions, mirrorRules, hiveConfigs));
      }
    });
  }
  const [first, second] = versions;
  if (second !== undefined)
    faults.push(finding('files', 'unknown', cluster, 'two ClusterVersions found: export one cluster to a folder'));
  return { cluster, clusterVersion: first, mirrorRules, hiveConfigs, faults };
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
function isRepeated({ content, file }: SourceObject, seen: Map<string, unknown>, faults: SurveyFinding[]): boolean {
  const key = `${toGroupVersion(content)} ${describeObject({ content, file, line: 0 })}`;
  if (!seen.has(key)) {
    seen.set(key, content);
    return false;
  }
  if (isDeepStrictEqual(seen.get(key), content) || !isSurveyed(content)) return true;
  faults.push(finding('files', 'unknown', file, `${key} occurs twice with different content`));
  return true;
}

function isSurveyed(content: SourceObject['content']): boolean {
  const key = toKind(content);
  return key === CLUSTER_VERSION || key === HIVE_CONFIG || MIRROR_SETS.has(key);
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

function parseClusterVersion(source: SourceObject): ClusterVersionState {
  const { spec, status } = readShape(clusterVersion, source);
  const history = status?.history ?? [];
  const named = (
    where: NamedImage['where'],
    releases: readonly v.InferOutput<typeof release>[],
  ): readonly NamedImage[] =>
    releases
      .filter(({ image }) => image !== '')
      .map(({ image, version }) => ({ where, image, version: version === '' ? undefined : version }));
  const wanted = spec?.desiredUpdate ?? undefined;
  const desired = status?.desired ?? undefined;
  return {
    version: desired === undefined || desired.version === '' ? undefined : desired.version,
    images: [
      ...named('spec.desiredUpdate', wanted === undefined ? [] : [wanted]),
      ...named('status.desired', desired === undefined ? [] : [desired]),
      ...named('status.availableUpdates', status?.availableUpdates ?? []),
      ...named('status.history', history),
    ],
    desiresForce: wanted?.force === true,
    history: history.map(({ version, image, verified, acceptedRisks }, index) => ({
      version: version === '' ? undefined : version,
      image,
      verified,
      acceptedRisks,
      isFirst: index === history.length - 1,
    })),
    signatureStores: spec?.signatureStores?.map(({ url, ca }) => ({ url, ca: ca?.name })),
  };
}

function parseHiveConfig(source: SourceObject): HiveConfigState {
  const { metadata, spec } = readShape(hiveConfig, source);
  const reference = spec?.releaseImageVerificationConfigMapRef ?? undefined;
  return {
    name: metadata.name,
    isReferring: reference !== undefined,
    referredNamespace: reference?.namespace ?? '',
    referredName: reference?.name ?? '',
  };
}
