import { describe, expect, test } from 'vitest';
import type { AdmissionResource } from '../../../lib/cluster/objects/admission-kinds.ts';
import { type DoorPlace, SIDE_DOORS, type SideDoor } from '../../../lib/cluster/objects/side-doors.ts';
import { toMatchConditions } from '../../../lib/cluster/render/admission/match-conditions.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import {
  bySigner,
  documentsOf,
  IMAGE,
  imageManifests,
  OTHER_NAME,
  policyOf,
  reject,
  second,
  signer,
} from '../../verdict/decide/policy-setup.ts';
import { FOREIGN, forbidden, GOOD, setUpAdmission, toClusterVersion, toReview } from './admission-setup.ts';

const EVIL = `evil.example/installer@sha256:${'6'.repeat(64)}`;
const stores = { upstream: forbidden, mirror: forbidden };

/** An object in which a place holds a value. */
function hold(place: DoorPlace, value: unknown): Record<string, unknown> {
  if (place.kind !== 'field') {
    const name = place.kind === 'annotation' ? place.name : `${place.prefix}any${place.suffix}`;
    return { metadata: { annotations: { [name]: value } } };
  }
  return toNested(place.path.split('.'), value, place.where);
}

function toNested(members: readonly string[], value: unknown, where?: readonly string[]): Record<string, unknown> {
  const [member = '', ...rest] = members;
  const inner = rest.length === 0 ? value : toNested(rest, value, member.endsWith('[]') ? undefined : where);
  if (!member.endsWith('[]')) return { [member]: inner };
  const [key = '', name = ''] = where ?? [];
  return { [member.slice(0, -2)]: [{ [key]: name, ...(inner as object) }] };
}

const VALUES = { release: FOREIGN, component: EVIL, components: `a=${EVIL}`, setting: 'true', choice: 'x' } as const;
const nameOf = ({ resource, place, holds }: SideDoor): string =>
  `${holds} of ${resource}: ${place.kind === 'field' ? `${place.path} ${place.where?.[1] ?? ''}` : JSON.stringify(place)}`;
const rows = SIDE_DOORS.map((door) => [nameOf(door), door] as const);

// A row that is added to the table is tried here: no door is a row without effect.
describe.each(rows)('%s', (_, { resource, place, holds }) => {
  const value = VALUES[holds];
  const created = toReview(resource, { operation: 'CREATE', object: hold(place, value) });

  test('is denied and nothing is contacted, or, of a choice in one release, admitted with a warning', async () => {
    const { allowed, status, warnings } = await setUpAdmission(stores).review({ resource, body: created });
    expect(allowed).toBe(holds === 'choice');
    const said = status?.message ?? warnings?.join(' ') ?? '';
    // The field, and the image or what else it holds.
    expect(said).toContain(place.kind === 'field' ? place.path.split('[]')[0] : 'metadata.annotations["');
    expect(said).toContain(holds === 'components' ? EVIL : value);
    expect(said).not.toContain('--');
  });

  test('is admitted with a warning where the profile says so, unless it names a release', async () => {
    const { review } = setUpAdmission({ ...stores, trust: { componentImages: 'warn' } });
    const { allowed, warnings = [] } = await review({ resource, body: created });
    expect([allowed, warnings.length > 0]).toEqual(holds === 'release' ? [false, false] : [true, true]);
  });

  test('is not judged again while it stays, and not when it goes', async () => {
    const { review } = setUpAdmission(stores);
    const [full, empty] = [hold(place, value), { metadata: {} }];
    for (const [object, oldObject] of [
      [full, full],
      [empty, full],
    ]) {
      expect(await review({ resource, body: toReview(resource, { object, oldObject }) })).toEqual(
        expect.objectContaining({ allowed: true }),
      );
    }
    const changed = toReview(resource, { object: full, oldObject: hold(place, `${value}x`) });
    expect(await review({ resource, body: changed })).toMatchObject({ allowed: holds === 'choice' });
  });
});

// HyperShift asks whether such an annotation is there, and not what it holds.
test.each(rows.filter(([, { place, holds }]) => place.kind !== 'field' && holds === 'setting'))(
  '%s: denied when it holds nothing, and not judged again while it stays',
  async (_, { resource, place }) => {
    const { review } = setUpAdmission(stores);
    const object = hold(place, '');
    const created = toReview(resource, { operation: 'CREATE', object });
    expect(await review({ resource, body: created })).toMatchObject({ allowed: false });
    const stays = toReview(resource, { object, oldObject: object });
    expect(await review({ resource, body: stays })).toMatchObject({ allowed: true });
    const conditions = toMatchConditions(resource).map(({ expression }) => expression);
    const name = place.kind === 'annotation' ? place.name : '';
    expect(conditions.join()).not.toContain(`'${name}' && object.metadata.annotations[k] != ''`);
  },
);

test('an image that replaced one component may not replace another unseen', async () => {
  const resource: AdmissionResource = 'hostedclusters';
  const annotated = (...names: readonly string[]): object => ({
    metadata: { annotations: Object.fromEntries(names.map((name) => [`hypershift.openshift.io/${name}-image`, EVIL])) },
  });
  const body = toReview(resource, { object: annotated('etcd', 'kas'), oldObject: annotated('etcd') });
  const { allowed, status } = await setUpAdmission(stores).review({ resource, body });
  expect([allowed, status?.message]).toEqual([false, expect.stringContaining('hypershift.openshift.io/kas-image')]);
});

test('a variable of the installer that is read from elsewhere is denied', async () => {
  const resource: AdmissionResource = 'clusterdeployments';
  const valueFrom = { configMapKeyRef: { name: 'any', key: 'image' } };
  const env = (name: string): object => ({ spec: { provisioning: { installerEnv: [{ name, valueFrom }] } } });
  const ask = (name: string) =>
    setUpAdmission(stores).review({ resource, body: toReview(resource, { operation: 'CREATE', object: env(name) }) });
  for (const name of ['OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE', 'OPENSHIFT_INSTALL_OS_IMAGE_OVERRIDE']) {
    expect(await ask(name)).toMatchObject({ allowed: false, status: { code: 403 } });
  }
  expect(await ask('HTTP_PROXY')).toMatchObject({ allowed: true });
});

describe('an image of a component', () => {
  const made = (image: string): object =>
    toReview('machineconfigs', { operation: 'CREATE', object: { spec: { osImageURL: image } } });
  const covered = { policy: policyOf([bySigner]) };
  const signed = createMemoryLookaside({ [IMAGE]: [signer.sign()] });
  const byOther = createMemoryLookaside({ [IMAGE]: [second.sign()] });
  const failing = createMemoryLookaside({}, { failing: [IMAGE] });

  async function admit(
    image: string,
    parts: Parameters<typeof documentsOf>[0],
    lookaside: SignatureStore,
    change: Partial<PreparedTrust> = {},
  ) {
    const prepared = { ...(await prepareTrust('acme', documentsOf(parts))), ...change };
    const upstream = { release: untouchedStore, lookaside, manifests: imageManifests };
    const dependencies = {
      trust: { profiles: ['acme'], read: async () => toReadyTrust(prepared, NOW) },
      mirror: { release: untouchedStore, lookaside: createMemoryLookaside({}) },
      upstream: { open: () => upstream, close: () => undefined },
    };
    const world = { dependencies, objects: createMemoryObjectStore(), now: () => NOW };
    return await setUpAdmission(world).review({ resource: 'machineconfigs', body: made(image) });
  }

  test.each<[string, string, SignatureStore, true | number, string]>([
    ['that a policy covers, and that is signed', IMAGE, signed, true, ''],
    ['that somebody else signed', IMAGE, byOther, 403, 'is rejected by profile acme'],
    ['that nobody signed', IMAGE, createMemoryLookaside({}), 403, 'is rejected by profile acme'],
    ['whose store fails', IMAGE, failing, 503, 'could not be decided'],
    ['by tag', IMAGE.replace(/@.*/, ':latest'), untouchedStore, 403, 'name the image by digest'],
    ['in capitals', IMAGE.replace(/^[^/]*/, (host) => host.toUpperCase()), untouchedStore, 422, `write ${IMAGE}`],
    ['that cannot be read', 'a b', untouchedStore, 422, 'spec.osImageURL: "a b"'],
  ])('%s', async (_, image, lookaside, expected, says) => {
    for (const componentImages of ['deny', 'warn'] as const) {
      const { allowed, status } = await admit(image, covered, lookaside, { componentImages });
      expect([allowed, status?.code]).toEqual(expected === true ? [true, undefined] : [false, expected]);
      expect(status?.message ?? '').toContain(says);
    }
  });

  test.each<[string, Parameters<typeof documentsOf>[0], Partial<PreparedTrust>, boolean]>([
    ['that a policy accepts unsigned', { policy: policyOf([{ type: 'insecureAcceptAnything' }]) }, {}, false],
    ['where the profile goes by OpenPGP alone', covered, { require: 'openpgp' }, false],
    ['that a policy rejects', { policy: policyOf([reject]) }, { componentImages: 'warn' }, false],
    ['elsewhere', covered, {}, false],
    [
      'that a policy accepts unsigned, which suffices',
      { policy: policyOf([{ type: 'insecureAcceptAnything' }]) },
      { componentImages: 'warn' },
      true,
    ],
  ])('%s', async (_, parts, change, allowed) => {
    expect(await admit(IMAGE, parts, untouchedStore, change)).toMatchObject({ allowed });
  });

  test('is not vouched for by the name of a release', async () => {
    const image = `${OTHER_NAME}@${IMAGE.slice(IMAGE.indexOf('@') + 1)}`;
    expect(await admit(image, covered, signed)).toMatchObject({ allowed: false });
  });
});

describe('the MachineConfig of a pool', () => {
  const renderer = 'system:serviceaccount:openshift-machine-config-operator:machine-config-controller';
  test.each([
    ['is not judged again when the controller renders it', 'rendered-worker-1', renderer, true],
    ['is, when somebody else makes it', 'rendered-worker-1', 'jane', false],
    ['is, when the controller makes another', 'worker-1', renderer, false],
  ])('%s', async (_, name, username, allowed) => {
    const object = { metadata: { name }, spec: { osImageURL: EVIL } };
    const asked = toReview('machineconfigs', { operation: 'CREATE', object }) as { readonly request: object };
    const body = { ...asked, request: { ...asked.request, userInfo: { username } } };
    expect(await setUpAdmission(stores).review({ resource: 'machineconfigs', body })).toMatchObject({ allowed });
  });
});

describe('an override of a ClusterVersion', () => {
  const managed = { kind: 'Deployment', group: 'apps', namespace: 'a', name: 'b', unmanaged: true };
  const policy = { kind: 'ClusterImagePolicy', group: 'config.openshift.io', name: 'openshift', unmanaged: true };
  const withOverrides = (...overrides: readonly object[]): object => {
    const { spec, ...rest } = toClusterVersion(null) as { readonly spec: object };
    return { ...rest, spec: { ...spec, overrides } };
  };
  const ask = (object: object, oldObject: object, trust: Partial<PreparedTrust> = {}) =>
    setUpAdmission({ ...stores, trust }).review({ body: toReview('clusterversions', { object, oldObject }) });

  test.each<[string, object, object, Partial<PreparedTrust>, boolean]>([
    ['of the policy of the release', withOverrides(policy), withOverrides(), {}, false],
    ['of it beside others', withOverrides(managed, policy), withOverrides(managed), {}, false],
    [
      'of it where component images are warned of',
      withOverrides(policy),
      withOverrides(),
      { componentImages: 'warn' },
      false,
    ],
    ['of it where nothing is verified', withOverrides(policy), withOverrides(), { verification: 'disabled' }, false],
    ['of it under another group', withOverrides({ ...policy, group: '' }), withOverrides(), {}, false],
    ['of it that was managed', withOverrides(policy), withOverrides({ ...policy, unmanaged: false }), {}, false],
    ['of it that stays', withOverrides(policy), withOverrides(policy), {}, true],
    ['of it that is managed', withOverrides({ ...policy, unmanaged: false }), withOverrides(), {}, true],
    ['of it that goes', withOverrides(), withOverrides(policy), {}, true],
    ['of another policy', withOverrides({ ...policy, name: 'x' }), withOverrides(), {}, true],
  ])('%s', async (_, object, oldObject, trust, allowed) => {
    expect(await ask(object, oldObject, trust)).toMatchObject({ allowed });
  });

  test('of anything else is admitted, and its consequence told', async () => {
    const { warnings } = await ask(withOverrides(managed), withOverrides());
    expect(warnings).toEqual([
      expect.stringContaining('spec.overrides[0]: Deployment a/b is not managed any more'),
      expect.stringContaining('no minor update'),
    ]);
  });

  test('does not hide the update beside it', async () => {
    const { spec } = toClusterVersion({ image: FOREIGN }) as { readonly spec: object };
    const object = { ...withOverrides(managed), spec: { ...spec, overrides: [managed] } };
    expect(await ask(object, withOverrides())).toMatchObject({ allowed: false, status: { code: 403 } });
  });
});

test('an object that requests more than can be decided is denied', async () => {
  const entry = { name: 'OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE', value: GOOD };
  const installerEnv = Array.from({ length: 300 }, () => entry);
  const body = toReview('clusterdeployments', {
    operation: 'CREATE',
    object: { spec: { provisioning: { installerEnv } } },
  });
  const { status } = await setUpAdmission(stores).review({ resource: 'clusterdeployments', body });
  expect(status?.message).toContain('300 images');
});

test('a release is judged beside what a door holds', async () => {
  const resource: AdmissionResource = 'hostedclusters';
  const object = {
    metadata: { annotations: { 'hypershift.openshift.io/force-upgrade-to': FOREIGN } },
    spec: { release: { image: GOOD } },
  };
  const body = toReview(resource, { operation: 'CREATE', object });
  expect(await setUpAdmission().review({ resource, body })).toMatchObject({ allowed: false, status: { code: 403 } });
});
