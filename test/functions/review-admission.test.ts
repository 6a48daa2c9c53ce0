import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { MAX_ADMISSION_BYTES } from '../../lib/cluster/admission/review-admission.ts';
import type { AdmissionResource } from '../../lib/cluster/objects/admission-kinds.ts';
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
import { FIXTURE_TIME } from '../support/fixture-releases.ts';
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
const fromTo = (from: object, to: object): object =>
  toReview('clusterversions', { object: toClusterVersion(to), oldObject: toClusterVersion(from) });
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
    ['a version with a risk', 'clusterversions', toUpdate({ version: '4.99.9' }), true],
    ['a version of the history, to go back', 'clusterversions', toUpdate({ version: '4.99.8' }), true],
    ['a version that is nowhere', 'clusterversions', toUpdate({ version: '4.97.0' }), 403, 'status.availableUpdates'],
    ['a version with two images', 'clusterversions', toUpdate({ version: '4.99.4' }), 403, 'have 2 images'],
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
    ['force that is taken back', 'clusterversions', fromTo({ image: FOREIGN, force: true }, { image: FOREIGN }), true],
    [
      'force that is taken back, with another image',
      'clusterversions',
      fromTo({ image: GOOD, force: true }, { image: FOREIGN }),
      403,
    ],
    ['force that is put on', 'clusterversions', fromTo({ image: GOOD }, { image: GOOD, force: true }), true],
    [
      'force that is taken back, with the architecture',
      'clusterversions',
      fromTo({ version: '4.97.0', force: true }, { version: '4.97.0', architecture: 'Multi' }),
      403,
    ],
  ])('%s', async (_, resource, body, expected, says = '') => {
    const { allowed, status } = await setUpAdmission().review({ resource, body });
    expect([allowed, status?.code]).toEqual(expected === true ? [true, undefined] : [false, expected]);
    expect(status?.message ?? '').toContain(says);
  });

  test('all architectures of the version that runs: admitted, and said that the image comes later', async () => {
    const update = { version: '4.99.0', architecture: 'Multi' };
    const { allowed, warnings } = await setUpAdmission().review({ body: toUpdate(update) });
    expect([allowed, warnings]).toEqual([true, [expect.stringContaining('look at status.desired afterwards')]]);
  });

  test.each([
    ['in capitals', GOOD.replace('quay.io', 'QUAY.IO')],
    ['with the default port', GOOD.replace('quay.io', 'quay.io:443')],
  ])('a canonical image %s is denied with its spelling, and in warn mode warned of', async (_, image) => {
    const body = toUpdate({ image });
    const { status } = await setUpAdmission().review({ body });
    expect(status?.message).toContain(`spec.desiredUpdate.image: "${image}": `);
    expect(status?.message).toContain(`write ${GOOD}`);
    const { allowed, warnings } = await setUpAdmission({ trust: { mode: 'warn' } }).review({ body });
    expect([allowed, warnings?.join(' ')]).toEqual([true, expect.stringContaining(`write ${GOOD}`)]);
  });
});

describe('the pullspec policy comes before any contact', () => {
  const stores = { upstream: forbidden, mirror: forbidden };

  test('an update to another repository is denied, with what to use', async () => {
    const { allowed, status } = await setUpAdmission(stores).review({ body: toUpdate({ image: FOREIGN }) });
    expect(allowed).toBe(false);
    expect(status).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(status?.message).toContain(`"${FOREIGN}" is rejected by profile ocp: RepositoryNotCanonical`);
    expect(status?.message).toContain('use the profile of its publisher');
  });

  test('with force it is admitted, and the reason is a warning', async () => {
    const { review, objects } = setUpAdmission(stores);
    const { allowed, warnings, auditAnnotations } = await review({ body: toUpdate({ image: FOREIGN, force: true }) });
    expect(allowed).toBe(true);
    expect(warnings?.[0]).toMatch(
      /^spec\.desiredUpdate\.image: admitted because the update is forced, although RepositoryNotCanonical: example\.com/,
    );
    // The remedy by itself, and the reason once.
    expect(warnings?.slice(1)).toEqual([expect.stringMatching(/^use the profile of its publisher/)]);
    const record = await objects.readObject(`records/by-id/${auditAnnotations?.record}.json`, 1e6);
    expect(JSON.parse(Buffer.from(record?.bytes ?? []).toString())).toMatchObject({
      asked: { source: 'admission', pullspec: FOREIGN },
      verdict: { outcome: 'accepted', forced: true, reasons: [{ code: 'RepositoryNotCanonical' }] },
    });
  });

  test.each([
    ['a release', { image: UNKNOWN }, 'SignatureNotFound'],
    ['a version that leads nowhere', { version: '4.97.0' }, '4.97.0'],
    ['all architectures, whose image comes later', { version: '4.99.0', architecture: 'Multi' }, '4.99.0'],
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
    const [reason, remedy, ...more] = warnings ?? [];
    expect([allowed, more]).toEqual([true, []]);
    expect(reason).toContain('RepositoryNotCanonical');
    expect(remedy).toMatch(/^use the profile of its publisher/);
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

  test('without credentials everybody is denied', async () => {
    const { review } = setUpAdmission({ dependencies: { clusters: undefined } });
    expect(await review({ body })).toMatchObject({ allowed: false, status: { code: 401 } });
  });

  test('who asks too often is denied, and nobody else', async () => {
    const { review } = setUpAdmission({ dependencies: { rate: { take: (cluster) => cluster !== 'hub' } } });
    expect(await review({ body })).toMatchObject({ allowed: false, status: { code: 429, reason: 'TooManyRequests' } });
    expect(await review({ body, token: OTHER_TOKEN })).toMatchObject({ status: { code: 403 } });
  });

  test('the token is in no log line', async () => {
    const { review, telemetry } = setUpAdmission();
    await review({ body });
    expect(JSON.stringify(telemetry.lines)).not.toContain(TOKEN);
    expect(telemetry.lines.at(-1)?.fields['path']).toBe('/admission/<redacted>/clusterversions');
  });
});

describe('who asked', () => {
  const asked = (update: object, change: object = {}): object => {
    const review = toUpdate(update) as { readonly request: object };
    return { ...review, request: { ...review.request, userInfo: { username: 'jane' }, ...change } };
  };
  const list = async (objects: ObjectStore) => {
    const listed = await Array.fromAsync(objects.listObjects('asked/'));
    const read = listed.map(async ({ key }) => (await objects.readObject(key, 1e5))?.bytes ?? Buffer.of());
    return (await Promise.all(read)).map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as object);
  };
  const caller = { cluster: 'hub', user: 'jane', kind: 'ClusterVersion', name: 'version', operation: 'UPDATE' };

  test('is in the record, in the question beside it and in the log', async () => {
    const { review, objects, telemetry } = setUpAdmission();
    const { auditAnnotations } = await review({ body: asked({ image: GOOD }) });
    const id = auditAnnotations?.record ?? '';
    const record = await objects.readObject(`records/by-id/${id}.json`, 1e6);
    expect(JSON.parse(Buffer.from(record?.bytes ?? []).toString())).toMatchObject({ asked: { caller } });
    expect(await list(objects)).toEqual([expect.objectContaining({ recordId: id, forced: false, caller })]);
    const line = telemetry.lines.find(({ message }) => message === 'admission');
    const { kind: _, ...named } = caller;
    expect(line?.fields).toMatchObject({ ...named, resource: 'clusterversions' });
  });

  test('is written for a reused verdict too, once a minute for each caller', async () => {
    let at = FIXTURE_TIME.getTime();
    const { review, objects } = setUpAdmission({ now: () => new Date(at) });
    for (const seconds of [0, 1, 30, 61]) {
      at = FIXTURE_TIME.getTime() + seconds * 1000;
      await review({ body: asked({ image: GOOD }) });
    }
    expect(await list(objects)).toHaveLength(2);
    await review({ body: asked({ image: GOOD }, { userInfo: { username: 'joe' } }) });
    expect(await list(objects)).toHaveLength(3);
  });

  test('is written each time that a release is forced, under the name of who forced it', async () => {
    const { review, objects } = setUpAdmission();
    for (const username of ['jane', 'jane', 'joe']) {
      await review({ body: asked({ image: FOREIGN, force: true }, { userInfo: { username } }) });
    }
    const by = (user: string) => expect.objectContaining({ forced: true, caller: { ...caller, user } }) as unknown;
    const written = await list(objects);
    expect(written).toHaveLength(3);
    expect(written).toEqual(expect.arrayContaining([by('jane'), by('joe')]));
  });

  test.each([
    ['a forced release is not admitted', { image: FOREIGN, force: true }, false],
    ['any other answer stands', { image: GOOD }, true],
  ])('where it cannot be written %s', async (_, update, allowed) => {
    const memory = createMemoryObjectStore();
    const objects: ObjectStore = {
      ...memory,
      createObject: async (key, bytes) =>
        key.startsWith('asked/') ? await Promise.reject(unreachable) : await memory.createObject(key, bytes),
    };
    expect(await setUpAdmission({ objects }).review({ body: asked(update) })).toMatchObject({ allowed });
  });
});

describe('what is no AdmissionReview has no uid to answer with', () => {
  test.each([
    ['no JSON', '{', 400],
    ['a member twice', '{"kind":"AdmissionReview","kind":"AdmissionReview"}', 400],
    ['another kind', { kind: 'Pod' }, 400],
    ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, 400],
    ['no uid', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { operation: 'CREATE' } }, 400],
    ['a uid that is no text', '{"request":{"uid":1}}', 400],
    ['a uid elsewhere', '{"request":{"object":{"uid":"x"},"x":["uid","x"]},"uid":"x"}', 400],
    ['a uid with an escape', '{"request":{"uid":"a\\u0062"}}', 400],
    ['a body that is too long, without a uid', ' '.repeat(MAX_ADMISSION_BYTES + 1), 400],
  ])('%s', async (_, body, status) => {
    expect((await setUpAdmission({ upstream: forbidden }).ask({ body })).status).toBe(status);
  });

  test('a review of exactly the limit is read', async () => {
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
    ['a tag', 'clusterimagesets', created('clusterimagesets', set(TAGGED)), 3],
    ['another repository', 'clusterversions', toUpdate({ image: FOREIGN }), 3],
    ['a canonical release', 'clusterversions', toUpdate({ image: UNKNOWN }), 1],
    ['a version that leads nowhere', 'clusterversions', toUpdate({ version: '4.97.0' }), 1],
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
