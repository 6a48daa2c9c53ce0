import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { checkCluster } from '../../../lib/cluster/fleet/check-cluster.ts';
import { parseClusterObjects } from '../../../lib/cluster/fleet/parse-cluster-objects.ts';
import type { SurveyPolicy } from '../../../lib/cluster/fleet/survey.ts';
import {
  clusterVersion,
  contentSourcePolicy,
  digestOf,
  hiveConfig,
  list,
  MIRROR,
  mirrorSet,
  OCP,
  type SampleCluster,
  tagMirrorSet,
} from './sample-clusters.ts';

const STORE = 'https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release';
const POLICY: SurveyPolicy = {
  profile: 'ocp',
  canonicalRepositories: [parseRepository(OCP)],
  force: 'allow',
  stores: [STORE],
};
const GOOD = `${OCP}@${digestOf('a')}`;

function survey(objects: readonly object[], policy = POLICY) {
  const contents = Buffer.from(JSON.stringify(list(...objects)));
  return checkCluster(parseClusterObjects('east', [{ name: 'east.json', contents }]), policy);
}

const one = (sample: SampleCluster, ...others: readonly object[]) => survey([clusterVersion(sample), ...others]);
const told = ({ findings }: ReturnType<typeof survey>) =>
  findings.map(({ check, severity, where }) => `${severity} ${check} ${where}`);

test('all canonical: ready, and nothing to say', () => {
  expect(one({ desired: GOOD, available: [`${OCP}@${digestOf('b')}`] })).toEqual({
    cluster: 'east',
    outcome: 'ready',
    version: '4.16.1',
    pullspecs: 'canonical',
    stores: 'default',
    storeUrls: [],
    forced: 0,
    findings: [],
  });
});

describe('pullspecs', () => {
  const mirrored = `${MIRROR}@${digestOf('a')}`;
  test.each<[string, SampleCluster, readonly object[], string, string, readonly string[]]>([
    [
      'a local mirror by an ImageDigestMirrorSet',
      { desiredUpdate: { image: mirrored } },
      [mirrorSet()],
      'refused',
      'local-mirror',
      ['refused local-mirror ClusterVersion spec.desiredUpdate', 'note mirror-sets ImageDigestMirrorSet/release'],
    ],
    [
      'by an ImageContentSourcePolicy',
      { desired: mirrored },
      [contentSourcePolicy()],
      'refused',
      'local-mirror',
      [
        'refused local-mirror ClusterVersion status.desired 4.16.1',
        'note mirror-sets ImageContentSourcePolicy/old',
        'note mirror-sets ImageContentSourcePolicy/old',
      ],
    ],
    [
      'a mirror of which no mirror set knows',
      { desired: mirrored },
      [],
      'refused',
      'other',
      ['refused pullspec ClusterVersion status.desired 4.16.1'],
    ],
    [
      'tags alone are mirrored: no remedy for digests',
      { desired: GOOD },
      [tagMirrorSet()],
      'ready',
      'canonical',
      ['note mirror-sets ImageTagMirrorSet/tags', 'warning mirror-sets ImageTagMirrorSet'],
    ],
    [
      'a tag',
      { desired: `${OCP}:4.16.1` },
      [],
      'refused',
      'other',
      ['refused pullspec ClusterVersion status.desired 4.16.1'],
    ],
    [
      'an update that is offered elsewhere',
      { desired: GOOD, available: [`registry.ci.openshift.org/origin/release-scos@${digestOf('b')}`] },
      [],
      'refused',
      'other',
      ['refused pullspec ClusterVersion status.availableUpdates 4.16.2'],
    ],
    [
      'only the past',
      {
        desired: GOOD,
        history: [
          { image: GOOD, verified: true },
          { image: mirrored, verified: false },
        ],
      },
      [mirrorSet()],
      'ready',
      'local-mirror',
      [
        'warning local-mirror ClusterVersion status.history',
        'note mirror-sets ImageDigestMirrorSet/release',
        'note mirror-sets ImageDigestMirrorSet/release',
      ],
    ],
    [
      'no pullspec at all',
      { desired: '@@' },
      [],
      'refused',
      'other',
      ['refused pullspec ClusterVersion status.desired 4.16.1'],
    ],
    ['no image', {}, [], 'unknown', 'not shown', ['unknown pullspec ClusterVersion']],
  ])('%s', (_, sample, others, outcome, pullspecs, findings) => {
    const surveyed = one(sample, ...others);
    expect([surveyed.outcome, surveyed.pullspecs, told(surveyed)]).toEqual([outcome, pullspecs, findings]);
  });

  test('the remedy is the canonical pullspec', () => {
    const [first] = one({ desired: mirrored }, mirrorSet()).findings;
    expect(first?.remedy).toBe(`use ${GOOD}; your ImageDigestMirrorSet/release already redirects it to ${MIRROR}`);
  });
});

describe('an image of another publisher', () => {
  const foreign = `registry.ci.openshift.org/origin/release@${digestOf('a')}`;
  const remedies = (objects: readonly object[], policy = POLICY) =>
    survey(objects, policy).findings.flatMap(({ remedy }) => remedy ?? []);
  const imageSet = {
    apiVersion: 'hive.openshift.io/v1',
    kind: 'ClusterImageSet',
    metadata: { name: 'a' },
    spec: { releaseImage: foreign },
  };
  const rule = {
    source: OCP,
    mirrors: ['registry.ci.openshift.org/origin/release'],
    origin: 'x',
    neverContactSource: false,
  };

  test.each<[string, readonly object[], SurveyPolicy, string]>([
    ['is never taken for a copy', [clusterVersion({ desired: foreign })], POLICY, 'of another publisher'],
    ['by a tag', [clusterVersion({ desired: foreign.replace(/@.*/, ':1') })], POLICY, 'of another publisher'],
    ['of an image set', [imageSet], POLICY, 'of another publisher'],
    [
      'unless the profile’s mirror sets say so',
      [clusterVersion({ desired: foreign })],
      { ...POLICY, mirrorRules: [rule] },
      `use ${GOOD}`,
    ],
    [
      'unless the cluster names the same digest',
      [clusterVersion({ desired: foreign, available: [GOOD] })],
      POLICY,
      `use ${GOOD}`,
    ],
    [
      'another digest is another image',
      [clusterVersion({ desired: foreign, available: [`${OCP}@${digestOf('b')}`] })],
      POLICY,
      'of another publisher',
    ],
  ])('%s', (_, objects, policy, remedy) => {
    expect(remedies(objects, policy)).toContainEqual(expect.stringContaining(remedy));
    const isCopy = remedy.startsWith('use');
    expect(remedies(objects, policy).some((text) => text.startsWith(`use ${OCP}`))).toBe(isCopy);
  });
});

describe('mirrors that an update will ask for Sigstore signatures', () => {
  const at = (version: string) => {
    const object = clusterVersion({ desired: GOOD });
    return [{ ...object, status: { desired: { image: GOOD, version } } }, mirrorSet()];
  };
  test.each<[string, string | undefined]>([
    ['4.16.37', '4.21 asks mirror.example'],
    ['4.20.10', 'for Sigstore signatures of release images'],
    ['4.21.3', '4.22 asks mirror.example/openshift/release-images for Sigstore signatures of release and component'],
    ['4.22.0', undefined],
    ['4.20.0-0.okd-2025-01-01', '4.21 asks'],
  ])('%s', (version, note) => {
    const { outcome, findings } = survey(at(version));
    expect(outcome).toBe('ready');
    const notes = findings.filter(({ message }) => message.includes('Sigstore'));
    expect(notes.map(({ severity }) => severity)).toEqual(note === undefined ? [] : ['note']);
    expect(notes[0]?.message ?? '').toContain(note ?? '');
  });

  test.each<[string, object]>([
    ['another source', mirrorSet('registry.redhat.io/x')],
    ['tags alone', tagMirrorSet()],
  ])('%s is not asked', (_, set) => {
    const { findings } = survey([clusterVersion({ desired: GOOD }), set]);
    expect(findings.some(({ message }) => message.includes('Sigstore'))).toBe(false);
  });
});

describe('signatureStores', () => {
  test.each<[string, unknown, string, string]>([
    ['an empty list', [], 'broken', 'the list is empty: the operator treats it as an error'],
    [
      'a ca',
      [{ url: STORE, ca: { name: 'my-ca' } }],
      'own',
      'ca names the ConfigMap my-ca: current operators ignore it',
    ],
    ['the gate', [{ url: STORE }], 'own', 'the field needs the feature gate SignatureStores'],
    ['other stores alone', [{ url: 'https://s.example/x' }], 'own', 'none is a store of the profile'],
    ['one signature', [{ url: `${STORE}/sha256=${'a'.repeat(64)}` }], 'broken', 'the URL names one signature'],
    ['a file', [{ url: 'file:///x' }], 'broken', 'must be http:// or https://'],
    ['http', [{ url: 'http://s.example/x' }], 'own', 'the URL is http'],
    ['twice', [{ url: STORE }, { url: STORE }], 'broken', 'is listed twice'],
    [
      'too many',
      Array.from({ length: 33 }, (_, index) => ({ url: `${STORE}/${index}` })),
      'broken',
      '33 stores; a ClusterVersion allows at most 32',
    ],
    ['a query', [{ url: `${STORE}?x=1` }], 'broken', 'must not have a query'],
  ])('%s', (_, signatureStores, stores, message) => {
    const surveyed = one({ desired: GOOD, signatureStores });
    expect(surveyed.stores).toBe(stores);
    expect(surveyed.outcome).toBe(stores === 'broken' ? 'refused' : 'ready');
    expect(surveyed.findings.map((found) => found.message)).toContainEqual(expect.stringContaining(message));
  });
});

describe('force', () => {
  const first = { image: GOOD, version: '4.15.0', verified: false };
  const risks = `Target release version="" image="${GOOD}" cannot be verified, but continuing anyway because the update was forced: x`;
  test.each<[string, SampleCluster, number]>([
    ['an installation is never verified', { desired: GOOD, history: [first] }, 0],
    ['forced', { desired: GOOD, history: [{ image: GOOD, verified: false, acceptedRisks: risks }, first] }, 1],
    [
      'not verified, by an operator that tells no risks',
      { desired: GOOD, history: [{ image: GOOD, verified: false }, first] },
      1,
    ],
    [
      'forced past preconditions alone',
      {
        desired: GOOD,
        history: [{ image: GOOD, verified: true, acceptedRisks: 'Forced through blocking failures: x' }, first],
      },
      1,
    ],
    ['verified', { desired: GOOD, history: [{ image: GOOD, verified: true }, first] }, 0],
    [
      'a risk that is no force',
      { desired: GOOD, history: [{ image: GOOD, verified: true, acceptedRisks: 'exposed to X' }, first] },
      0,
    ],
    ['asked for', { desired: GOOD, desiredUpdate: { image: GOOD, force: true } }, 1],
  ])('%s', (_, sample, forced) => {
    const surveyed = one(sample);
    expect([surveyed.forced, surveyed.outcome]).toEqual([forced, 'ready']);
  });

  test('a profile that denies force refuses', () => {
    const objects = [clusterVersion({ desired: GOOD, desiredUpdate: { force: true, version: '4.16.2' } })];
    expect(survey(objects, { ...POLICY, force: 'deny' }).outcome).toBe('refused');
  });
});

describe('HiveConfig', () => {
  test.each<[string, object | undefined, string, string]>([
    ['not set', undefined, 'warning', 'not set: Hive verifies no release image'],
    ['without a name', { namespace: 'x' }, 'warning', 'the reference has no name'],
    ['has no namespace', { name: 'x' }, 'refused', 'has no namespace'],
    ['complete', { namespace: 'n', name: 'x' }, 'note', 'Hive verifies release images with n/x'],
  ])('%s', (_, reference, severity, message) => {
    const { outcome, findings } = survey([hiveConfig(reference)]);
    expect(outcome).toBe(severity === 'refused' ? 'refused' : 'ready');
    expect(findings).toMatchObject([{ check: 'hive', severity }]);
    expect(findings[0]?.message).toContain(message);
  });
});

describe('what cannot be read', () => {
  test.each<[string, readonly string[], string]>([
    ['no ClusterVersion', [JSON.stringify(mirrorSet())], 'no ClusterVersion found'],
    ['neither YAML nor JSON', [': ['], 'east-0.yaml:1: '],
    [
      'another shape',
      [JSON.stringify({ ...clusterVersion({}), spec: { signatureStores: 'x' } })],
      'spec.signatureStores',
    ],
    ...['spec', 'status'].map((field): [string, readonly string[], string] => [
      `a list for the ${field}`,
      [JSON.stringify({ ...clusterVersion({}), [field]: [] })],
      `${field}: expected an object`,
    ]),
    [
      'a list for what is desired',
      [JSON.stringify({ ...clusterVersion({}), status: { desired: [] } })],
      'status.desired: expected an object',
    ],
    [
      'a list for what was',
      [JSON.stringify({ ...clusterVersion({}), status: { history: [[]] } })],
      'status.history.0: expected an object',
    ],
    [
      'a list for Hive’s reference',
      [JSON.stringify(hiveConfig([]))],
      'spec.releaseImageVerificationConfigMapRef: expected an object',
    ],
    [
      'a broken mirror set',
      [JSON.stringify({ ...mirrorSet(), spec: { imageDigestMirrors: [{ mirrors: [] }] } })],
      'east-0.yaml',
    ],
    [
      'two that differ',
      [JSON.stringify(clusterVersion({ desired: GOOD })), JSON.stringify(clusterVersion({ desired: MIRROR }))],
      'occurs twice with different content',
    ],
  ])('%s', (_, texts, message) => {
    const files = texts.map((text, index) => ({ name: `east-${index}.yaml`, contents: Buffer.from(text) }));
    const { outcome, findings } = checkCluster(parseClusterObjects('east', files), POLICY);
    expect(outcome).toBe('unknown');
    expect(findings.map((found) => found.message)).toContainEqual(expect.stringContaining(message));
  });

  test('the same object twice, as must-gathers have it, counts once', () => {
    const text = JSON.stringify(clusterVersion({ desired: GOOD }));
    const files = ['a.json', 'b.json'].map((name) => ({ name, contents: Buffer.from(text) }));
    expect(checkCluster(parseClusterObjects('east', files), POLICY)).toMatchObject({ outcome: 'ready', findings: [] });
  });

  test.each<[string, object, string]>([
    [
      'server metadata',
      { metadata: { name: 'version', uid: 'a', resourceVersion: '7', generation: 4, managedFields: [] } },
      'ready',
    ],
    [
      'what was applied last',
      { metadata: { name: 'version', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } } },
      'ready',
    ],
    [
      'conditions',
      {
        status: {
          desired: { image: GOOD, version: '4.16.1' },
          availableUpdates: null,
          history: [],
          conditions: [{ type: 'A' }],
        },
      },
      'ready',
    ],
    ['an annotation of its own', { metadata: { name: 'version', annotations: { a: 'b' } } }, 'unknown'],
    ['the image', { status: { desired: { image: `${OCP}@${digestOf('b')}` } } }, 'unknown'],
  ])('two exports that differ in %s', (_, change, outcome) => {
    const objects = [clusterVersion({ desired: GOOD }), { ...clusterVersion({ desired: GOOD }), ...change }];
    const files = objects.map((object, index) => ({
      name: `${index}.json`,
      contents: Buffer.from(JSON.stringify(object)),
    }));
    expect(checkCluster(parseClusterObjects('east', files), POLICY).outcome).toBe(outcome);
  });

  test('two of one name in two namespaces are two', () => {
    const deployments = ['a', 'b'].map((namespace) => ({
      apiVersion: 'hive.openshift.io/v1',
      kind: 'ClusterDeployment',
      metadata: { name: 'x', namespace },
      spec: { provisioning: { releaseImage: `${OCP}:${namespace}` } },
    }));
    const { findings } = survey([clusterVersion({ desired: GOOD }), ...deployments]);
    expect(findings.map(({ where }) => where)).toEqual(
      ['a', 'b'].map((namespace) => `ClusterDeployment ${namespace}/x spec.provisioning.releaseImage`),
    );
  });

  test('a file that was not read is unknown', () => {
    const files = [
      { name: 'a.json', contents: Buffer.from(JSON.stringify(clusterVersion({ desired: GOOD }))) },
      { name: 'notes.txt', contents: 'not read' as const },
    ];
    const { outcome, findings } = checkCluster(parseClusterObjects('east', files), POLICY);
    expect(outcome).toBe('unknown');
    expect(findings).toMatchObject([{ check: 'files', where: 'notes.txt' }]);
  });

  test('what is refused outweighs what is unknown', () => {
    const files = [
      { name: 'a.json', contents: Buffer.from(JSON.stringify(clusterVersion({ desired: `${OCP}:4` }))) },
      { name: 'b.json', contents: Buffer.from('{') },
    ];
    expect(checkCluster(parseClusterObjects('east', files), POLICY).outcome).toBe('refused');
  });
});
