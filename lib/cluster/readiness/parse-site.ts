import * as v from 'valibot';
import type { JsonObject } from '../../base/documents/json-value.ts';
import { describeObject, objectError, readShape, type SourceObject } from '../../base/documents/read-objects.ts';
import { plainObject, recordOf } from '../../base/documents/schema.ts';
import { withoutServerState } from '../../base/documents/server-metadata.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { ClusterImagePolicy } from '../../trust/policy/cluster-image-policy.ts';
import type { ConfiguredImagePolicy, MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import { type ClusterFile, parseClusterObjects } from '../fleet/parse-cluster-objects.ts';
import { type OpenOverride, readMember, readOverrides } from '../objects/read-side-doors.ts';
import { parseClusterState, parseImagePolicies } from '../rollout/parse-cluster-state.ts';
import type { ClusterState } from '../rollout/pool-state.ts';
import { readSiteObjects } from './site-objects.ts';

/** A release that the cluster's update service offers, or that the cluster was told to update to. */
interface OfferedRelease {
  readonly version: string;
  readonly image: string;
}

/** A ClusterImagePolicy of the cluster. */
export interface SitePolicy {
  readonly policy: ClusterImagePolicy;
  /** As decisions take it. */
  readonly configured: ConfiguredImagePolicy;
}

/** What exports of one cluster show. Undefined is what they do not show. */
export interface SiteState {
  readonly version: string | undefined;
  /** The version that the cluster was installed with, whose image its machines may still boot. */
  readonly installed: string | undefined;
  readonly offered: readonly OfferedRelease[];
  /** The condition `Upgradeable`. */
  readonly upgradeable: { readonly status: string; readonly reason: string; readonly message: string } | undefined;
  readonly overrides: readonly OpenOverride[];
  readonly gates: Readonly<Record<string, string>> | undefined;
  readonly acknowledged: Readonly<Record<string, string>> | undefined;
  readonly mirrorRules: readonly MirrorRule[];
  readonly policies: readonly SitePolicy[];
  /** Names of InternalReleaseImages. */
  readonly internalReleases: readonly string[];
  /** Pools, MachineConfigs and nodes; undefined without a pool. */
  readonly pools: ClusterState | undefined;
  /** What could not be read, with its file. */
  readonly faults: readonly string[];
  /** Of those, what no object could be made of: a file that is cut says nothing about the objects that it lacks. */
  readonly unreadable: readonly string[];
}

const text = v.optional(v.string(), '');
const release = v.looseObject({ image: text, version: text });
const update = v.nullish(release);
const clusterVersion = v.looseObject({
  spec: v.nullish(v.pipe(plainObject, v.looseObject({ desiredUpdate: update }))),
  status: v.nullish(
    v.pipe(
      plainObject,
      v.looseObject({
        desired: update,
        availableUpdates: v.nullish(v.array(release)),
        conditionalUpdates: v.nullish(v.array(v.looseObject({ release }))),
        history: v.nullish(v.array(v.looseObject({ version: text, state: text }))),
        conditions: v.nullish(v.array(v.looseObject({ type: text, status: text, reason: text, message: text }))),
      }),
    ),
  ),
});
const configMap = v.looseObject({ data: v.nullish(recordOf(v.string(), v.string())) });

const CONFIG = 'config.openshift.io';
const MACHINES = 'machineconfiguration.openshift.io';

/** Reads the exports of one cluster. What cannot be read is a fault of the state, and never left out silently. */
export function parseSite(name: string, files: readonly ClusterFile[]): SiteState {
  const { mirrorRules, faults: unread } = parseClusterObjects(name, files);
  const faults = unread
    .filter(({ severity }) => severity === 'unknown')
    .map(({ where, message }) => `${where}: ${message}`);
  const { sources, repeated, unreadable } = readSiteObjects(files);
  faults.push(...repeated);
  const guard = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
  const ofKind = (group: string, kind: string) =>
    sources.filter(({ content }) => content['kind'] === kind && toGroup(content) === group);
  const [version] = ofKind(CONFIG, 'ClusterVersion');
  const shown = version === undefined ? undefined : guard(() => parseVersion(version));
  const data = (namespace: string, called: string) => {
    const found = ofKind('', 'ConfigMap').find(
      ({ content }) =>
        readMember(content, 'metadata.name') === called && readMember(content, 'metadata.namespace') === namespace,
    );
    return found === undefined ? undefined : guard(() => readShape(configMap, found).data ?? {});
  };
  const pools = ['MachineConfigPool', 'MachineConfig'].flatMap((kind) => ofKind(MACHINES, kind));
  return {
    version: undefined,
    installed: undefined,
    offered: [],
    upgradeable: undefined,
    overrides: [],
    ...shown,
    gates: data('openshift-config-managed', 'admin-gates'),
    acknowledged: data('openshift-config', 'admin-acks'),
    mirrorRules,
    policies: ofKind(CONFIG, 'ClusterImagePolicy').flatMap((source) => guard(() => parsePolicy(source)) ?? []),
    internalReleases: ofKind(MACHINES, 'InternalReleaseImage').map(describeObject),
    pools:
      ofKind(MACHINES, 'MachineConfigPool').length === 0
        ? undefined
        : guard(() => parsePools(name, [...pools, ...ofKind('', 'Node')])),
    faults,
    unreadable,
  };
}

function parseVersion(source: SourceObject) {
  const { spec, status } = readShape(clusterVersion, source);
  const wanted = spec?.desiredUpdate ?? undefined;
  const offered = [
    ...(wanted === undefined ? [] : [wanted]),
    ...(status?.availableUpdates ?? []),
    ...(status?.conditionalUpdates ?? []).map((one) => one.release),
  ];
  const desired = status?.desired?.version ?? '';
  const history = (status?.history ?? []).filter(({ state }) => state === 'Completed').map((one) => one.version);
  const condition = status?.conditions?.find(({ type }) => type === 'Upgradeable');
  return {
    version: desired === '' ? undefined : desired,
    // The oldest entry is kept whatever else is pruned (cluster-version-operator pkg/cvo/status_history.go).
    installed: history.at(-1),
    offered: offered.filter(({ image, version }) => image !== '' && version !== ''),
    upgradeable: condition,
    overrides: readOverrides(source.content, null),
  };
}

function parsePolicy(source: SourceObject): SitePolicy {
  const content = withoutServerState(source.content);
  const { status: _, ...written } = content;
  const [policy] = parseImagePolicies({ name: source.file, bytes: Buffer.from(JSON.stringify(written)) });
  if (policy === undefined) throw objectError(source, describeObject(source), 'expected an image policy');
  const { kind, name, scopes } = policy;
  const configured = {
    kind,
    name,
    document: source.file,
    coverage: { kind: 'scopes', scopes },
    content: written,
  } as const;
  return { policy, configured };
}

function parsePools(name: string, sources: readonly SourceObject[]): ClusterState {
  const items = sources.map(({ content }) => content);
  return parseClusterState([{ name, bytes: Buffer.from(JSON.stringify({ kind: 'List', items })) }]);
}

/** The group of an object; empty for one of the core. */
function toGroup({ apiVersion }: JsonObject): string {
  const [group = '', version] = typeof apiVersion === 'string' ? apiVersion.split('/') : [];
  return version === undefined ? '' : group;
}
