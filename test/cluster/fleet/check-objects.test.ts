import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../lib/base/documents/json-value.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { checkObject, toJudgedObject } from '../../../lib/cluster/fleet/check-objects.ts';
import type { SurveyPolicy } from '../../../lib/cluster/fleet/survey.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../../../lib/cluster/objects/admission-kinds.ts';
import { SIDE_DOORS } from '../../../lib/cluster/objects/side-doors.ts';
import { digestOf, MIRROR, OCP } from './sample-clusters.ts';

const POLICY: SurveyPolicy = {
  profile: 'ocp',
  canonicalRepositories: [parseRepository(OCP)],
  force: 'allow',
  stores: undefined,
};
const GOOD = `${OCP}@${digestOf('a')}`;
const EVIL = `evil.example/x@${digestOf('b')}`;

/** What is found in an object of a kind. */
function check(resource: AdmissionResource, parts: object, policy: Partial<SurveyPolicy> = {}) {
  const { group, version, kind } = ADMISSION_KINDS[resource];
  const content = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'a', namespace: 'b' }, ...parts };
  const judged = toJudgedObject(JSON.parse(JSON.stringify(content)) as JsonObject);
  return judged === undefined ? undefined : checkObject(judged, { ...POLICY, ...policy });
}

const annotated = (name: string, value: string): object => ({
  metadata: { name: 'a', namespace: 'b', annotations: { [name]: value } },
});

describe('an exported object', () => {
  test.each<[string, AdmissionResource, object, readonly string[]]>([
    ['of a canonical release', 'hostedclusters', { spec: { release: { image: GOOD } } }, []],
    ['of a mirror', 'nodepools', { spec: { release: { image: `${MIRROR}@${digestOf('a')}` } } }, ['refused pullspec']],
    ['of a tag', 'clusterimagesets', { spec: { releaseImage: `${OCP}:4.16` } }, ['refused pullspec']],
    ['that cannot be read', 'clusterimagesets', { spec: { releaseImage: 'a b' } }, ['refused pullspec']],
    [
      'of another control plane',
      'hostedclusters',
      { spec: { release: { image: GOOD }, controlPlaneRelease: { image: EVIL } } },
      ['refused pullspec'],
    ],
    [
      'with another installer',
      'clusterdeployments',
      { spec: { provisioning: { releaseImage: GOOD, installerImageOverride: EVIL } } },
      ['refused side-door'],
    ],
    [
      'with images of its own',
      'hostedclusters',
      annotated('hypershift.openshift.io/image-overrides', `a=${EVIL},b=${EVIL}`),
      ['refused side-door', 'refused side-door'],
    ],
    [
      'that goes to a release by force',
      'hostedclusters',
      annotated('hypershift.openshift.io/force-upgrade-to', EVIL),
      ['refused pullspec'],
    ],
    [
      'without a verifier',
      'clusterdeployments',
      annotated('hive.openshift.io/minimal-install-mode', 'true'),
      ['refused side-door'],
    ],
    [
      'that picks an image of its release',
      'clusterdeployments',
      annotated('hive.openshift.io/installer-image-name-override', 'x'),
      ['note side-door'],
    ],
    ['with another operating system', 'machineconfigs', { spec: { osImageURL: EVIL } }, ['refused side-door']],
    [
      'with the policy of the release unmanaged',
      'clusterversions',
      { spec: { overrides: [{ kind: 'ClusterImagePolicy', name: 'openshift', unmanaged: true }] } },
      ['refused side-door'],
    ],
    [
      'with something else unmanaged',
      'clusterversions',
      { spec: { overrides: [{ kind: 'Deployment', name: 'x', unmanaged: true }] } },
      ['warning side-door'],
    ],
  ])('%s', (_, resource, parts, expected) => {
    const found = check(resource, parts) ?? [];
    expect(found.map(({ severity, check: about }) => `${severity} ${about}`)).toEqual(expected);
    for (const { where } of found) expect(where).toContain(ADMISSION_KINDS[resource].kind);
  });

  test('every field beside a release has a kind that is surveyed', () => {
    for (const { resource } of SIDE_DOORS) expect(check(resource, {})).toEqual([]);
  });

  test('component images: what a policy covers is a note, what none does a warning where the profile says so', () => {
    const parts = { spec: { osImageURL: EVIL } };
    const severities = (policy: Partial<SurveyPolicy>): unknown =>
      check('machineconfigs', parts, policy)?.[0]?.severity;
    expect(severities({ covers: () => true })).toBe('note');
    expect(severities({ covers: () => false, componentImages: 'warn' })).toBe('warning');
    const byTag = { spec: { osImageURL: 'evil.example/x:1' } };
    expect(check('machineconfigs', byTag, { covers: () => true })?.[0]?.severity).toBe('refused');
  });

  test('the MachineConfig that a pool owns is left out, and one that is only called so is not', () => {
    const spec = { osImageURL: EVIL };
    const ownerReferences = [{ kind: 'MachineConfigPool', name: 'worker' }];
    expect(check('machineconfigs', { metadata: { name: 'rendered-worker-1', ownerReferences }, spec })).toBeUndefined();
    expect(check('machineconfigs', { metadata: { name: 'rendered-worker-1' }, spec })).toHaveLength(1);
    expect(check('machineconfigs', { metadata: { name: 'x', ownerReferences }, spec })).toHaveLength(1);
  });
});
