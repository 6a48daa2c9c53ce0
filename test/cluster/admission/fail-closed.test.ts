import { describe, expect, test } from 'vitest';
import { MAX_ADMISSION_BYTES } from '../../../lib/cluster/admission/review-admission.ts';
import { FOREIGN, forbidden, GOOD, setUpAdmission, TOKEN, toReview, toUpdate, UID } from './admission-setup.ts';

const release = (image: string): object => ({ spec: { release: { image } } });
const pool = (parts: object = {}): object => ({
  ...toReview('nodepools', { operation: 'CREATE', object: { ...release(FOREIGN), ...parts } }),
});
const withRequest = (change: object): object => {
  const review = toReview('nodepools', { operation: 'CREATE', object: release(FOREIGN) }) as { request: object };
  return { ...review, request: { ...review.request, ...change } };
};
const long = (bytes: number): object => ({ metadata: { annotations: { a: 'x'.repeat(bytes) } } });

/** Under `failurePolicy: Ignore` an API server stores the object after any answer but a review: each row is one. */
describe('is denied in a valid review, and nothing is contacted', () => {
  test.each<[name: string, asking: object, code: number, says: string]>([
    ['a wrong token', { token: 'x' }, 401, 'does not know who asks'],
    ['an empty token', { path: '/admission//nodepools' }, 401, 'does not know who asks'],
    ['no token', { path: '/admission/nodepools' }, 401, 'does not know who asks'],
    ['a kind that is not reviewed', { path: `/admission/${TOKEN}/pods` }, 400, 'no webhook \\"pods\\"'],
    ['a kind in capitals', { path: `/admission/${TOKEN}/NodePools` }, 400, 'no webhook'],
    ['a path that goes on', { path: `/admission/${TOKEN}/nodepools/x` }, 400, 'no webhook'],
    ['the path of another kind', { path: `/admission/${TOKEN}/hostedclusters` }, 400, 'does not take this review'],
    [
      'another group',
      { body: withRequest({ resource: { group: 'x', version: 'v1beta1', resource: 'nodepools' } }) },
      400,
      'it is of x/v1beta1/nodepools, not of hypershift.openshift.io/v1beta1/nodepools',
    ],
    [
      'another version',
      { body: toReview('nodepools', { operation: 'CREATE', object: release(FOREIGN), version: 'v1alpha1' }) },
      400,
      'v1alpha1',
    ],
    [
      'another kind',
      { body: withRequest({ kind: { group: 'hypershift.openshift.io', version: 'v1beta1', kind: 'HostedCluster' } }) },
      400,
      'HostedCluster',
    ],
    ['an object of another kind', { body: pool({ apiVersion: 'v1', kind: 'Pod' }) }, 400, 'not of hypershift'],
    ['an object of another version', { body: pool({ apiVersion: 'x/v1', kind: 'NodePool' }) }, 400, 'x/v1'],
    ['a review of another version', { body: { ...pool(), apiVersion: 'admission.k8s.io/v2' } }, 400, 'apiVersion'],
    ['a review that is called otherwise', { body: { ...pool(), kind: 'Review' } }, 400, 'AdmissionReview'],
    ['a member twice', { body: JSON.stringify(pool()).replace('{', '{"kind":"AdmissionReview",') }, 400, 'JSON'],
    ['a body that is cut', { body: JSON.stringify(pool()).slice(0, -2) }, 400, 'JSON'],
    ['an object that is too long', { body: pool(long(MAX_ADMISSION_BYTES)) }, 413, `${MAX_ADMISSION_BYTES} bytes`],
    ['a body of 4 MiB', { body: JSON.stringify(pool()).padEnd(4 * 1024 * 1024) }, 413, 'bytes'],
    ['a wrong token on a long body', { token: 'x', body: pool(long(MAX_ADMISSION_BYTES)) }, 401, 'who asks'],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 400, 'content-type'],
    ['an encoding', { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }, 400, 'encoding'],
    ['dryRun that is a text', { body: withRequest({ dryRun: 'yes' }) }, 400, 'dryRun'],
    ['no operation', { body: withRequest({ operation: null }) }, 400, 'operation'],
    ['no object', { body: withRequest({ object: null }) }, 400, 'request.object'],
    ['a list for an object', { body: withRequest({ object: [] }) }, 400, 'request.object'],
  ])('%s', async (_, asking, code, says) => {
    const { ask } = setUpAdmission({ upstream: forbidden, mirror: forbidden });
    const { status, body } = await ask({ resource: 'nodepools', body: pool(), ...asking });
    expect(status).toBe(200);
    const { response } = JSON.parse(body) as { readonly response: object };
    expect(response).toMatchObject({ uid: UID, allowed: false, status: { code } });
    expect(body).toContain(says);
  });

  test('a review of v1beta1, in one of v1beta1', async () => {
    const body = { ...toUpdate({ image: FOREIGN }), apiVersion: 'admission.k8s.io/v1beta1' };
    const answered = JSON.parse((await setUpAdmission().ask({ body })).body) as object;
    expect(answered).toMatchObject({ apiVersion: 'admission.k8s.io/v1beta1', response: { uid: UID, allowed: false } });
  });

  test('the uid after everything else', async () => {
    const { request, ...others } = pool() as { readonly request: { readonly uid: string } };
    const { uid, ...rest } = request;
    const body = JSON.stringify({ request: { a: ['{"uid":"x"}', { uid: 'x' }], ...rest, uid }, ...others });
    const answered = JSON.parse((await setUpAdmission().ask({ body, token: 'x' })).body) as object;
    expect(answered).toMatchObject({ response: { uid: UID, allowed: false } });
  });
});

test('two objects of 1.5 MiB and what an API server adds are read', async () => {
  // An API server writes 1.5 MiB to etcd at most, name and all.
  const object = { ...release(GOOD), ...long(1.5 * 1024 * 1024 - 4096) };
  const oldObject = { ...object, ...release(FOREIGN) };
  const { review } = setUpAdmission();
  const extra = { x: Array.from({ length: 1000 }, (_, index) => `a claim of ${index} that a token makes`) };
  const asked = toReview('nodepools', { object, oldObject }) as { readonly request: object };
  const body = { ...asked, request: { ...asked.request, userInfo: { username: 'jane', extra } } };
  expect(await review({ resource: 'nodepools', body })).toMatchObject({ allowed: true });
});

test('a subresource is judged alike: what nobody changed in it passes', async () => {
  const { review } = setUpAdmission({ upstream: forbidden, mirror: forbidden });
  const asked = toReview('nodepools', { object: release(FOREIGN), oldObject: release(FOREIGN) });
  const body = { ...asked, request: { ...(asked as { request: object }).request, subResource: 'status' } };
  expect(await review({ resource: 'nodepools', body })).toMatchObject({ allowed: true });
});
