import { hash } from 'node:crypto';
import { expect } from 'vitest';
import { parseDigest, toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { rememberAbsent } from '../../../../lib/mirror/sync/absent-record.ts';
import { toDigest } from '../../../fixtures/make/payload.ts';
import { ARCHITECTURE, node, toGraphText, withMetadata } from '../../../mirror/graph/sample-graphs.ts';
import { CANONICAL } from '../../../push/verify/push-setup.ts';
import { ECR_HOST, ECR_REPOSITORIES, publishProfile, type Scenario, SIGNED, signDigest, signer } from './stage.ts';

const SCHEDULE = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
const INDEX = 'application/vnd.oci.image.index.v1+json';
const ABSENT = parseDigest(toDigest('absent'));

/** A multi-architecture list in each repository of ECR. */
const LISTS = ECR_REPOSITORIES.map((name) => {
  const child = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: toDigest(`child of ${name}`),
    size: 1,
  };
  const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
  return { repository: `${ECR_HOST}/${name}`, digest: parseDigest(`sha256:${hash('sha256', text)}`), text };
});
export const LIST_MANIFESTS: readonly (readonly [string, string])[] = LISTS.map(({ digest, text }) => [digest, text]);

const ofSeveral = (sample: ReturnType<typeof node>) => withMetadata(sample, { [ARCHITECTURE]: 'multi' });

/** Releases, one of them held and one absent, and lists: in ECR, and in a registry that is not contacted. */
export const GRAPH = toGraphText([
  node('4.99.0', CANONICAL, SIGNED),
  node('4.99.1', CANONICAL, ABSENT),
  ofSeveral(node('4.99.2', CANONICAL)),
  ...LISTS.map(({ repository, digest }, index) => ofSeveral(node(`4.98.${index}`, repository, digest))),
]);

/** No trust yet; a graph, with a write whose answer is lost; the same again, when no list is asked for any more. */
export const planMirror: Scenario = async (stage) => {
  expect((await stage.invoke(SCHEDULE)).error).toContain('ocp');
  // One signature satisfies both, which only its bytes tell.
  const keyrings = [signer.keyring, { ...signer.keyring, name: 'verifier-public-key-same' }];
  const canonicalRepositories = [CANONICAL, ...LISTS.map(({ repository }) => repository)].map(parseRepository);
  const { profile, revision, stores } = await publishProfile(stage, 'first', signer, {
    keyrings,
    canonicalRepositories,
  });
  const asked = { profile, trustRevision: revision, stores: stores.map(({ url }) => url) };
  await rememberAbsent(stage.objects, ABSENT, 'absent', asked, new Date());
  await stage.objects.createObject(`signatures/${toStoreSegment(SIGNED)}/signature-1`, signDigest());
  stage.loseAnswer('graph/');
  const answer = { wanted: 7, queued: 5, held: 1, resting: 1, outside: 0 };
  for (const again of [answer, answer]) expect(await stage.invoke(SCHEDULE)).toMatchObject({ answer: again });
};
