import { describe, expect, test } from 'vitest';
import { MAX_PASTED_BYTES } from '../../functions/read-records/explain-pasted.ts';
import { createSampleApi } from '../docs/sample-api.ts';
import { digest, good, OBJECTS } from '../docs/sample-requests.ts';

const MESSAGE = `Retrieving payload failed version="4.99.1" image="${good}" failure=The update cannot be verified: unable to verify ${digest} against keyrings: verifier-public-key-fixture`;

const WITH_MANIFEST: unknown = expect.arrayContaining([
  expect.objectContaining({ manifest: expect.objectContaining({ kind: 'ConfigMap' }) as unknown }),
]);

async function explain(body: unknown, over: keyof typeof OBJECTS = 'filled') {
  const { result } = await createSampleApi(await OBJECTS[over]()).ask({ method: 'POST', path: '/v1/explain', body });
  return { status: result.statusCode, body: JSON.parse(result.body ?? '{}') as Record<string, unknown> };
}

describe('POST /v1/explain', () => {
  test('says what a message means, and gives what this service holds to apply', async () => {
    const { status, body } = await explain({ text: MESSAGE });
    expect([status, body]).toMatchObject([
      200,
      {
        releases: [
          {
            digest,
            version: '4.99.1',
            keyrings: ['verifier-public-key-fixture'],
            search: { places: [{ role: 'mirror', name: 'this service', outcome: 'held' }] },
            fixes: WITH_MANIFEST,
          },
        ],
        notUnderstood: [],
      },
    ]);
  });

  test('reads a dump of an object', async () => {
    const condition = { type: 'ReleaseAccepted', status: 'False', reason: 'RetrievePayload', message: MESSAGE };
    const object = {
      apiVersion: 'config.openshift.io/v1',
      kind: 'ClusterVersion',
      metadata: { name: 'version' },
      status: { conditions: [condition] },
    };
    expect((await explain({ text: JSON.stringify(object) })).body['releases']).toMatchObject([{ digest }]);
  });

  test('gives markup of others back as text, and nothing understood as nothing', async () => {
    const { status, body } = await explain({ text: '<img src=x onerror=alert(1)>' });
    expect([status, body]).toMatchObject([200, { releases: [], pulls: [], gates: [] }]);
  });

  test('looks up a bounded number of releases', async () => {
    const texts = Array.from({ length: 15 }, (_, index) => {
      const other = `sha256:${index.toString(16).padStart(64, 'a')}`;
      return `The update cannot be verified: unable to verify ${other} against keyrings: verifier-public-key-fixture`;
    });
    const { body } = await explain({ text: texts.join('\n') });
    const releases = body['releases'] as { search: unknown }[];
    expect([releases.length, releases.filter(({ search }) => search !== null).length]).toEqual([15, 10]);
  });

  test.each<[name: string, body: unknown, status: number, says: RegExp]>([
    ['no text', {}, 400, /^text must be a string$/],
    ['a list', [], 400, /^the body must be an object$/],
    [
      'a member too many',
      { text: 'x', url: 'http://169.254.169.254/' },
      400,
      /^unknown member "url"; expected text, profile$/,
    ],
    ['a profile that is no name', { text: 'x', profile: '../x' }, 400, /^profile must be/],
    ['a profile that is not there', { text: 'x', profile: 'okd' }, 404, /^there is no profile/],
    ['a text too long', { text: 'x'.repeat(MAX_PASTED_BYTES + 1) }, 413, /^text: at most/],
  ])('%s', async (_, body, status, says) => {
    const { status: got, body: problem } = await explain(body);
    expect([got, problem['detail']]).toEqual([status, expect.stringMatching(says)]);
  });

  test('takes JSON alone, so that no form of a page can post it', async () => {
    const api = createSampleApi(await OBJECTS.filled());
    const headers = { 'content-type': 'text/plain' };
    const { result } = await api.ask({ method: 'POST', path: '/v1/explain', headers, body: '{"text":"x"}' });
    expect(result.statusCode).toBe(415);
  });
});
