/** Exports of a cluster, as `oc get -o yaml` gives them; JSON is YAML. */
export interface SamplePlan {
  readonly version?: string;
  /** History, newest first. */
  readonly history?: readonly string[];
  readonly offered?: readonly { readonly version: string; readonly image: string }[];
  readonly upgradeable?: { readonly status: string; readonly reason: string; readonly message: string };
  readonly overrides?: readonly object[];
  readonly gates?: Readonly<Record<string, string>> | null;
  readonly acknowledged?: Readonly<Record<string, string>> | null;
  /** Source and mirrors of an ImageDigestMirrorSet. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  readonly tagMirrors?: Readonly<Record<string, readonly string[]>>;
  readonly more?: readonly object[];
}

export const SIGSTORE_GATE = 'ack-4.20-sigstore-in-4.21';

export function makeSite(plan: SamplePlan = {}): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: listObjects(plan) });
}

function listObjects({ gates = {}, acknowledged = {}, mirrors, tagMirrors, more = [], ...plan }: SamplePlan) {
  return [
    makeVersion(plan),
    ...(gates === null ? [] : [configMap('openshift-config-managed', 'admin-gates', gates)]),
    ...(acknowledged === null ? [] : [configMap('openshift-config', 'admin-acks', acknowledged)]),
    ...(mirrors === undefined ? [] : [mirrorSet('ImageDigestMirrorSet', 'imageDigestMirrors', mirrors)]),
    ...(tagMirrors === undefined ? [] : [mirrorSet('ImageTagMirrorSet', 'imageTagMirrors', tagMirrors)]),
    ...more,
  ];
}

function makeVersion({ version = '4.20.5', history = ['4.20.5', '4.18.1'], ...plan }: SamplePlan): object {
  const { offered = [], upgradeable, overrides } = plan;
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version', uid: 'x', resourceVersion: '7' },
    spec: { clusterID: '00000000-0000-4000-8000-000000000000', ...(overrides === undefined ? {} : { overrides }) },
    status: {
      desired: { version, image: `quay.io/openshift-release-dev/ocp-release@sha256:${'d'.repeat(64)}` },
      history: history.map((one) => ({ version: one, state: 'Completed', image: 'x', verified: true })),
      availableUpdates: offered,
      conditions: upgradeable === undefined ? [] : [{ type: 'Upgradeable', ...upgradeable }],
    },
  };
}

export function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

function mirrorSet(kind: string, member: string, sets: Readonly<Record<string, readonly string[]>>): object {
  const listed = Object.entries(sets).map(([source, mirrors]) => ({ source, mirrors }));
  return { apiVersion: 'config.openshift.io/v1', kind, metadata: { name: 'release' }, spec: { [member]: listed } };
}
