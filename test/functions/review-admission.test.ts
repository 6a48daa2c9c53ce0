import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { MAX_ADMISSION_BYTES } from '../../lib/cluster/admission/review-admission.ts';
import type { AdmissionResource } from '../../lib/cluster/render/admission-kinds.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import {
  FOREIGN,
  forbidden,
  GOOD,
  OTHER_TOKEN,
  setUpAdmission,
  TOKEN,
  toClusterVersion,
  toReview,
  toUpdate,
  trustOf,
  UNKNOWN,
  type World,
} from '../cluster/admission/admission-setup.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../support/memory-signature-store.ts';

const set = (releaseImage: unknown): object => ({ spec: { releaseImage } });
const deployment = (provisioning: object | undefined): object => ({ spec: { clusterName: 'a', provisioning } });
const release = (image: string, more: object = {}): object => ({ spec: { release: { image }, ...more } });
const TAGGED = 'quay.io/openshift-release-dev/ocp-release:4.99.0-x86_64';
const BY_TAG = `Invalid value: "${TAGGED}": only digest based release images are supported since release verification is required`;
const unreachable = new StoreError('ConnectionFailed', 'refused');

type Row = [name: string, resource: AdmissionResource, body: object, expected: true | number, says?: string];
const created = (resource: AdmissionResource, object: unknown): object =>
  toReview(resource, { operation: 'CREATE', object });
const updated = (resource: AdmissionResource, object: unknown, oldObject: unknown): object =>
  toReview(resource, { object, oldObject });

describe('review-admission answers', () => {
  test.each<Row>([
    ['a set, signed', 'clusterimagesets', created('clusterimagesets', set(GOOD)), true],
    ['a set by tag', 'clusterimagesets', created('clusterimagesets', set(TAGGED)), 422, `spec.releaseImage: ${BY_TAG}`],
    ['a set updated to a tag', 'clusterimagesets', updated('clusterimagesets', set(TAGGED), set(GOOD)), 422, BY_TAG],
    ['a set that was a tag before', 'clusterimagesets', updated('clusterimagesets', set(TAGGED), set(TAGGED)), true],
    [
      'a set that is not canonical',
      'clusterimagesets',
      created('clusterimagesets', set(FOREIGN)),
      403,
      'RepositoryNotCanonical',
    ],
    [
      'a set that is not signed',
      'clusterimagesets',
      created('clusterimagesets', set(UNKNOWN)),
      403,
      'SignatureNotFound',
    ],
    ['a set without an image', 'clusterimagesets', created('clusterimagesets', { spec: {} }), 422, 'Required value'],
    [
      'a set whose image is a number',
      'clusterimagesets',
      created('clusterimagesets', set(5)),
      400,
      'spec.releaseImage',
    ],
    ['a set that is no object', 'clusterimagesets', created('clusterimagesets', 'x'), 400, 'request.object'],
    [
      'an old object only, to be updated',
      'clusterimagesets',
      toReview('clusterimagesets', { oldObject: set(GOOD) }),
      400,
      'request.object',
    ],
    [
      'an update without an old object',
      'clusterimagesets',
      toReview('clusterimagesets', { object: set(GOOD) }),
      400,
      'request.oldObject',
    ],
    [
      'an old object only, to be deleted',
      'clusterimagesets',
      toReview('clusterimagesets', { operation: 'DELETE', oldObject: set(FOREIGN) }),
      true,
    ],
    ['a connection', 'clusterimagesets', toReview('clusterimagesets', { operation: 'CONNECT' }), true],
    [
      'a creation with an old object',
      'clusterimagesets',
      toReview('clusterimagesets', { operation: 'CREATE', object: set(FOREIGN), oldObject: set(FOREIGN) }),
      403,
    ],
    [
      'a deployment by image set',
      'clusterdeployments',
      created('clusterdeployments', deployment({ imageSetRef: { name: 'x' } })),
      true,
    ],
    ['a deployment that is adopted', 'clusterdeployments', created('clusterdeployments', deployment(undefined)), true],
    [
      'a deployment by image, over its image set',
      'clusterdeployments',
      created('clusterdeployments', deployment({ releaseImage: FOREIGN, imageSetRef: { name: 'x' } })),
      403,
      'spec.provisioning.releaseImage',
    ],
    [
      'a deployment by a signed image',
      'clusterdeployments',
      created('clusterdeployments', deployment({ releaseImage: GOOD })),
      true,
    ],
    [
      'a deployment by tag',
      'clusterdeployments',
      created('clusterdeployments', deployment({ releaseImage: TAGGED })),
      403,
      'DigestMissing',
    ],
    ['a hosted cluster', 'hostedclusters', created('hostedclusters', release(GOOD)), true],
    [
      'a hosted cluster that is not canonical',
      'hostedclusters',
      created('hostedclusters', release(FOREIGN)),
      403,
      'spec.release.image',
    ],
    [
      'a hosted cluster whose control plane is not',
      'hostedclusters',
      created('hostedclusters', release(GOOD, { controlPlaneRelease: { image: FOREIGN } })),
      403,
      'spec.controlPlaneRelease.image',
    ],
    ['a node pool', 'nodepools', created('nodepools', release(GOOD)), true],
    [
      'a node pool that is not signed',
      'nodepools',
      updated('nodepools', release(UNKNOWN), release(GOOD)),
      403,
      'SignatureNotFound',
    ],
    [
      'no update',
      'clusterversions',
      toReview('clusterversions', { object: toClusterVersion(null), oldObject: toClusterVersion({ image: FOREIGN }) }),
      true,
    ],
    [
      'an update that stays',
      'clusterversions',
      updated('clusterversions', toClusterVersion({ image: FOREIGN }), toClusterVersion({ image: FOREIGN })),
      true,
    ],
    [
      'an update by image',
      'clusterversions',
      toUpdate({ image: GOOD, version: '', force: false, architecture: '' }),
      true,
    ],
    [
      'an update by image that is not signed',
      'clusterversions',
      toUpdate({ image: UNKNOWN }),
      403,
      'SignatureNotFound',
    ],
    ['an update by tag', 'clusterversions', toUpdate({ image: TAGGED }), 403, 'DigestMissing'],
    [
      'an image that cannot be read, forced',
      'clusterversions',
      toUpdate({ image: 'a b', force: true }),
      422,
      'not a pullspec',
    ],
    ['a version that is available', 'clusterversions', toUpdate({ version: '4.99.1' }), true],
    [
      'a version that is available and not signed',
      'clusterversions',
      toUpdate({ version: '4.99.2' }),
      403,
      'SignatureNotFound',
    ],
    ['a version with a risk', 'clusterversions', toUpdate({ version: '4.99.9' }), 403, 'status.availableUpdates'],
    ['a version of the history', 'clusterversions', toUpdate({ version: '4.99.8' }), 403, 'status.availableUpdates'],
    ['a version with two images', 'clusterversions', toUpdate({ version: '4.99.4' }), 403, 'has 2 images'],
    [
      'to Multi, an update that is not',
      'clusterversions',
      toUpdate({ version: '4.99.1', architecture: 'Multi' }),
      403,
      'without architecture',
    ],
    ['to Multi, an update that is', 'clusterversions', toUpdate({ version: '4.99.3', architecture: 'Multi' }), true],
    [
      'Multi already',
      'clusterversions',
      toUpdate({ version: '4.99.1', architecture: 'Multi' }, { desired: { architecture: 'Multi' } }),
      true,
    ],
    ['an image that is no text', 'clusterversions', toUpdate({ image: {} }), 400, 'spec.desiredUpdate.image'],
    [
      'force that is no boolean',
      'clusterversions',
      toUpdate({ image: GOOD, force: 'yes' }),
      400,
      'spec.desiredUpdate.force',
    ],
    ['nothing to update to', 'clusterversions', toUpdate({ force: true }), true],
  ])('%s', async (_, resource, body, expected, says = '') => {
    const { allowed, status } = await setUpAdmission().review({ resource, body });
    expect([allowed, status?.code]).toEqual(expected === true ? [true, undefined] : [false, expected]);
    expect(status?.message ?? '').toContain(says);
  });

  test('a version that the webhook is not made for is let through, and said to be', async () => {
    const body = toReview('nodepools', { operation: 'CREATE', object: release(FOREIGN), version: 'v1alpha1' });
    const { allowed, warnings } = await setUpAdmission().review({ resource: 'nodepools', body });
    expect([allowed, warnings]).toEqual([true, ['nothing was checked: this webhook checks only nodepools']]);
  });
});

describe('the pullspec policy comes before any contact', () => {
  const stores = { upstream: forbidden, mirror: forbidden };

  test('an update to another repository is denied, with what to use', async () => {
    const { allowed, status } = await setUpAdmission(stores).review({ body: toUpdate({ image: FOREIGN }) });
    expect(allowed).toBe(false);
    expect(status).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(status?.message).toContain(`"${FOREIGN}" is rejected by profile ocp: RepositoryNotCanonical`);
    expect(status?.message).toContain(`use ${GOOD}`);
  });

  test('with force it is admitted, and the reason is a warning', async () => {
    const { review, objects } = setUpAdmission(stores);
    const { allowed, warnings, auditAnnotations } = await review({ body: toUpdate({ image: FOREIGN, force: true }) });
    expect(allowed).toBe(true);
    expect(warnings?.[0]).toMatch(
      /^admitted because the update is forced, although RepositoryNotCanonical: example\.com/,
    );
    expect(warnings?.[1]).toBe(`use ${GOOD}`);
    const record = await objects.readObject(`records/by-id/${auditAnnotations?.record}.json`, 1e6);
    expect(JSON.parse(Buffer.from(record?.bytes ?? []).toString())).toMatchObject({
      asked: { source: 'admission', pullspec: FOREIGN },
      verdict: { outcome: 'accepted', forced: true, reasons: [{ code: 'RepositoryNotCanonical' }] },
    });
  });

  test.each([
    ['a release', { image: UNKNOWN }, 'SignatureNotFound'],
    ['a version that leads nowhere', { version: '4.99.9' }, 'status.availableUpdates'],
  ])('force covers %s, unless the profile forbids it', async (_, update, says) => {
    const body = toUpdate({ ...update, force: true });
    const { allowed, warnings } = await setUpAdmission().review({ body });
    expect([allowed, warnings?.[0]]).toEqual([true, expect.stringContaining(says)]);
    const denied = await setUpAdmission({ trust: { force: 'deny' } }).review({ body });
    expect(denied).toMatchObject({ allowed: false, status: { code: 403 } });
  });

  test('force that is not needed is said to be', async () => {
    const { warnings } = await setUpAdmission().review({ body: toUpdate({ image: GOOD, force: true }) });
    expect(warnings).toEqual([expect.stringContaining('force is not needed')]);
  });

  test('in warn mode the repository is a warning, and the signature still decides', async () => {
    const { review } = setUpAdmission({ trust: { mode: 'warn' } });
    const { allowed, warnings } = await review({ body: toUpdate({ image: FOREIGN }) });
    expect([allowed, warnings]).toEqual([true, [expect.stringContaining('RepositoryNotCanonical')]]);
    const unsigned = toUpdate({ image: FOREIGN.replace(/sha256:.*/, UNKNOWN.slice(UNKNOWN.indexOf('sha256'))) });
    expect(await review({ body: unsigned })).toMatchObject({ allowed: false });
  });
});

describe('who asks', () => {
  const body = toUpdate({ image: GOOD });

  test('another cluster is judged by its own profile', async () => {
    const { review, telemetry } = setUpAdmission();
    expect(await review({ body })).toMatchObject({ allowed: true });
    expect(await review({ body, token: OTHER_TOKEN })).toMatchObject({ allowed: false, status: { code: 403 } });
    const named = telemetry.lines
      .filter(({ message }) => message === 'admission')
      .map(({ fields }) => fields['cluster']);
    expect(named).toEqual(['hub', 'edge']);
  });

  test.each([
    ['no token of any', 'x', 'clusterversions', 401],
    ['none', '', 'clusterversions', 401],
    ['a kind that is not reviewed', TOKEN, 'pods', 404],
  ] as const)('%s: refused, whatever the body', async (_, token, resource, status) => {
    const { ask, telemetry } = setUpAdmission();
    expect((await ask({ token, resource, body: '{' })).status).toBe(status);
    expect(telemetry.counts.get('AdmissionRefused')).toBe(status === 401 ? 1 : undefined);
  });

  test('without credentials there is no webhook', async () => {
    const { ask } = setUpAdmission({ dependencies: { clusters: undefined } });
    expect((await ask({ body })).status).toBe(404);
  });

  test('the token is in no log line', async () => {
    const { review, telemetry } = setUpAdmission();
    await review({ body });
    expect(JSON.stringify(telemetry.lines)).not.toContain(TOKEN);
    expect(telemetry.lines.at(-1)?.fields['path']).toBe('/admission/<redacted>/clusterversions');
  });
});

describe('what is no AdmissionReview has no uid to answer with', () => {
  test.each([
    ['no JSON', '{', 400],
    ['a member twice', '{"kind":"AdmissionReview","kind":"AdmissionReview"}', 400],
    ['another kind', { kind: 'Pod' }, 400],
    ['another version', { ...toUpdate({}), apiVersion: 'admission.k8s.io/v1beta1' }, 400],
    ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, 400],
    ['no uid', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { operation: 'CREATE' } }, 400],
    ['one byte too many', ' '.repeat(MAX_ADMISSION_BYTES + 1), 413],
  ])('%s', async (_, body, status) => {
    expect((await setUpAdmission({ upstream: forbidden }).ask({ body })).status).toBe(status);
  });

  test('a review of exactly 3 MiB is read', async () => {
    const text = JSON.stringify(toUpdate({ image: GOOD }));
    const body = text.padEnd(MAX_ADMISSION_BYTES);
    expect(await setUpAdmission().review({ body })).toMatchObject({ allowed: true });
  });
});

describe('a dry run', () => {
  test.each([
    ['a signed release', { image: GOOD }, true],
    ['another repository', { image: FOREIGN }, false],
    ['a forced one', { image: FOREIGN, force: true }, true],
  ])('of %s is answered alike, and nothing is written', async (_, update, allowed) => {
    const untouched = (): Promise<never> => Promise.reject(new Error('written'));
    const objects: ObjectStore = { ...createMemoryObjectStore(), createObject: untouched, replaceObject: untouched };
    const answered = await setUpAdmission({ objects }).review({ body: toUpdate(update, { dryRun: true }) });
    expect([answered.allowed, answered.auditAnnotations]).toEqual([allowed, undefined]);
  });
});

describe('verification: disabled', () => {
  const world = { trust: { verification: 'disabled' }, upstream: forbidden, mirror: forbidden } as const;

  test.each<[name: string, resource: AdmissionResource, body: object, warnings: number]>([
    ['a tag', 'clusterimagesets', created('clusterimagesets', set(TAGGED)), 2],
    ['another repository', 'clusterversions', toUpdate({ image: FOREIGN }), 2],
    ['a canonical release', 'clusterversions', toUpdate({ image: UNKNOWN }), 1],
    ['a version that leads nowhere', 'clusterversions', toUpdate({ version: '4.99.9' }), 1],
  ])('admits %s, and says that nothing was verified', async (_, resource, body, count) => {
    const { allowed, warnings } = await setUpAdmission(world).review({ resource, body });
    expect([allowed, warnings?.length]).toEqual([true, count]);
    expect(warnings?.[0]).toContain('nothing was verified');
  });

  test('still denies what cannot be read', async () => {
    const { review } = setUpAdmission(world);
    const body = created('clusterimagesets', set('quay.io/x/y@sha256:abc'));
    expect(await review({ resource: 'clusterimagesets', body })).toMatchObject({ status: { code: 422 } });
    expect(await review({ body: toUpdate({ image: 'a b' }) })).toMatchObject({ status: { code: 422 } });
  });

  test('does not count while the trust that says it is too old', async () => {
    const read = async () => trustOf({ verification: 'disabled' }, new Date('2026-11-20T00:00:00Z'));
    const { review } = setUpAdmission({ dependencies: { trust: { profiles: ['ocp'], read } } });
    expect(await review({ body: toUpdate({ image: GOOD }) })).toMatchObject({ allowed: false, status: { code: 503 } });
  });
});

describe('what cannot be decided is denied', () => {
  const failing = (error: Error) => ({ profiles: ['ocp'], read: () => Promise.reject(error) });
  const readOnly: ObjectStore = { ...createMemoryObjectStore(), createObject: () => Promise.reject(unreachable) };
  const silent = createMemorySignatureStore(new Map(), { failure: unreachable });

  test.each<[name: string, world: World, code: number]>([
    ['trust that is broken', { dependencies: { trust: failing(new ConfigurationError('TrustUnusable', 'x')) } }, 500],
    ['trust that is out of reach', { dependencies: { trust: failing(unreachable) } }, 503],
    ['a fault of ours', { dependencies: { trust: failing(new TypeError('x')) } }, 500],
    ['tokens that are out of reach', { dependencies: { clusters: { read: () => Promise.reject(unreachable) } } }, 503],
    ['a store that does not answer', { upstream: silent }, 503],
    ['a record that cannot be written', { objects: readOnly }, 503],
  ])('%s', async (_, world, code) => {
    const { review, telemetry } = setUpAdmission(world);
    expect(await review({ body: toUpdate({ image: GOOD }) })).toMatchObject({ allowed: false, status: { code } });
    expect(telemetry.counts.get('Admission.denied')).toBe(1);
  });

  test('trust that failed to load denies a forced update too', async () => {
    const trust = failing(new ConfigurationError('TrustMissing', 'x'));
    const { review } = setUpAdmission({ dependencies: { trust } });
    const body = toUpdate({ image: GOOD, force: true });
    expect(await review({ body })).toMatchObject({ allowed: false, status: { code: 500 } });
  });
});
