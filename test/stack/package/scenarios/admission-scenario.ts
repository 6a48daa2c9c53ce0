import { hash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { parseRepository, repositoryPath } from '../../../../lib/base/names/reference.ts';
import { CANONICAL } from '../../../push/verify/push-setup.ts';
import { toHttpEvent } from '../../../support/http-event.ts';
import {
  BESIDE,
  PULLSPEC,
  publishProfile,
  type Scenario,
  SIGNED,
  serveMirror,
  signDigest,
  signer,
  signUpstream,
  withPolicy,
} from './stage.ts';

const TOKEN = '0c2c5d1c8e3f4d5b9a7f1e2d3c4b5a69';
/** What Secrets Manager holds of the clusters. */
export const CLUSTERS = { schema: 1, clusters: [{ cluster: 'hub', tokenSha256: hash('sha256', TOKEN) }] };

/** As {@link CANONICAL}, with an image policy that wants a signature from its lookaside. */
const COVERED = parseRepository(CANONICAL.replace(/[^/]*$/, 'covered'));

const REQUIREMENT = {
  type: 'signedBy',
  keyType: 'GPGKeys',
  keyPath: '/keys/release',
  signedIdentity: { type: 'exactRepository', dockerRepository: CANONICAL },
};

function toReview(releaseImage: string): object {
  const body = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      operation: 'CREATE',
      resource: { group: 'hive.openshift.io', version: 'v1', resource: 'clusterimagesets' },
      object: { spec: { releaseImage } },
    },
  };
  return toHttpEvent({ method: 'POST', path: `/admission/${TOKEN}/clusterimagesets`, body, query: { timeout: '30s' } });
}

/** A release that is decided, with writes whose answers are lost; again, reused; two that policies cover, one beside its image. */
export const reviewAdmission: Scenario = async (stage) => {
  const mirror = await serveMirror();
  const rules = mirror.trust.mirrorRules.map((rule) =>
    rule.source === CANONICAL ? { ...rule, source: COVERED } : rule,
  );
  const policy = { ...withPolicy(stage), ...mirror.trust, mirrorRules: rules };
  const repositories = [CANONICAL, COVERED, BESIDE].map(parseRepository);
  await publishProfile(stage, 'first', signer, {
    ...policy,
    imagePolicies: (policy.imagePolicies ?? []).map((one) => ({
      ...one,
      coverage: { kind: 'scopes', scopes: [COVERED, BESIDE] },
      content: { ...(one.content as object), default: [REQUIREMENT] },
    })),
    canonicalRepositories: repositories,
    signedRepositories: repositories,
  });
  await signUpstream(stage);
  const lookaside = path.join(stage.upstream, 'lookaside', `${repositoryPath(COVERED)}@${toStoreSegment(SIGNED)}`);
  await mkdir(lookaside, { recursive: true });
  await writeFile(path.join(lookaside, 'signature-1'), signDigest());
  for (const prefix of ['records/by-id/', 'decisions/new/', 'decisions/indexed/', 'accepted/', 'admission/'])
    stage.loseAnswer(prefix);
  const allowed = stage.isSet('SIGNET_ADMISSION')
    ? { statusCode: 200, body: expect.stringContaining('"allowed":true') as unknown }
    : { statusCode: 200, body: expect.stringContaining('"code":401') as unknown };
  for (const image of [PULLSPEC, PULLSPEC, `${COVERED}@${SIGNED}`]) {
    expect(await stage.invoke(toReview(image))).toMatchObject({ answer: allowed });
  }
  const denied = {
    ...allowed,
    ...(stage.isSet('SIGNET_ADMISSION') ? { body: expect.stringContaining('SignatureMalformed') as unknown } : {}),
  };
  expect(await stage.invoke(toReview(`${BESIDE}@${SIGNED}`))).toMatchObject({ answer: denied });
  await mirror.close();
};
