import { generateKeyPairSync, hash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Digest, parseDigest, toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { parseRepository, repositoryPath } from '../../../../lib/base/names/reference.ts';
import type { ObjectStore } from '../../../../lib/platform/objects/port/object-store.ts';
import { verifyPushed } from '../../../../lib/push/verify/verify-pushed.ts';
import type { PreparedTrust } from '../../../../lib/trust/prepared/prepared-trust.ts';
import { toDigest } from '../../../fixtures/make/payload.ts';
import { CANONICAL, PUSH_SOURCE, publishKeyrings, pushOf, setUpPushes } from '../../../push/verify/push-setup.ts';
import { makeSigner, type Signer } from '../../../support/make-signer.ts';
import { startServer, TEST_CA } from '../../../support/servers/start-server.ts';
import { untouchedManifests } from '../../../support/untouched-store.ts';
import { ACCOUNT, REGION } from '../aws/aws-call.ts';
import type { Aws } from '../aws/start-aws.ts';
import type { Reply } from '../start-bundle.ts';

/** What a scenario has: a running bundle, and the AWS that it sees. */
export interface Stage extends Pick<Aws, 'loseAnswer'> {
  /** The bucket's; what a scenario does here is nobody's call. */
  readonly objects: ObjectStore;
  /** The profile's only signature store. */
  readonly upstream: string;
  /** True for a setting that the template fills in. */
  readonly isSet: (name: string) => boolean;
  readonly invoke: (event: object) => Promise<Reply>;
}

/** Makes a function do every call that its code can make, and looks at its answers. */
export type Scenario = (stage: Stage) => Promise<void>;

export const MANIFEST = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: parseDigest(toDigest('{}')), size: 2 },
    layers: [],
  }),
);
export const SIGNED = parseDigest(`sha256:${hash('sha256', MANIFEST)}`);
export const PULLSPEC = `${CANONICAL}@${SIGNED}`;
export const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
/** A registry that is asked by HTTPS, and does not answer. */
export const CLOSED_REGISTRY = 'localhost:1';
export const ECR_REPOSITORIES = ['ocp', 'okd'];

export const signer = await makeSigner('release');

/** A repository whose images need a Sigstore signature, and are pulled from ECR alone. */
export const BESIDE = 'quay.io/signet/beside';
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const COSIGN_KEY = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');

/** Trust in one signer, with the stage's signature store and push sources. @returns what was published of it */
export async function publishProfile(
  { objects, upstream }: Pick<Stage, 'objects' | 'upstream'>,
  label = 'first',
  keys: Signer = signer,
  more: Partial<PreparedTrust> = {},
): Promise<Pick<PreparedTrust, 'profile' | 'revision' | 'stores'>> {
  const stores = [{ url: pathToFileURL(upstream).href, origin: 'scenario' }];
  const change: Partial<PreparedTrust> = {
    stores,
    storeAccess: { allowLocal: true, allowPrivateAddresses: true },
    pushSources: [
      PUSH_SOURCE,
      { ...PUSH_SOURCE, registry: CLOSED_REGISTRY },
      { ...PUSH_SOURCE, source: 'ecr', registry: ECR_HOST, repository: 'ocp' },
      { ...PUSH_SOURCE, source: 'ecr', registry: ECR_HOST, repository: 'okd', mirrorOf: parseRepository(BESIDE) },
    ],
    ...more,
  };
  return { profile: 'ocp', revision: await publishKeyrings(objects, [keys.keyring], label, change), stores };
}

/** A policy.json that wants the signer too, and a lookaside below the stage's signature store. */
export function withPolicy({ upstream }: Pick<Stage, 'upstream'>): Partial<PreparedTrust> {
  const requirement = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/keys/release' };
  const lookaside = pathToFileURL(path.join(upstream, 'lookaside')).href;
  return {
    imagePolicies: [
      {
        kind: 'policy.json',
        name: 'policy.json',
        document: 'policy.json',
        coverage: { kind: 'everything' },
        content: {
          default: [{ ...requirement, signedIdentity: { type: 'matchRepository' } }],
          transports: { docker: { [BESIDE]: [{ type: 'sigstoreSigned', keyData: COSIGN_KEY }] } },
        },
      },
    ],
    canonicalRepositories: [CANONICAL, BESIDE].map(parseRepository),
    policyKeyrings: [{ ...signer.keyring, name: 'keyPath /keys/release' }],
    registriesD: [{ document: 'registries.d/all.yaml', content: { 'default-docker': { lookaside } } }],
  };
}

/** Images that need a Sigstore signature are pulled from ECR. */
const BESIDE_RULE = {
  source: BESIDE,
  mirrors: ECR_REPOSITORIES.map((repository) => `${ECR_HOST}/${repository}`),
  neverContactSource: true,
  origin: 'ImageDigestMirrorSet/scenario',
};

/** A registry over HTTPS that mirrors the canonical repository, and what a profile says of it. */
export async function serveMirror(): Promise<{
  readonly trust: Pick<PreparedTrust, 'mirrorRules' | 'storeAccess'>;
  readonly close: () => Promise<void>;
}> {
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }).end(MANIFEST);
  }, 'https');
  const rule = { source: CANONICAL, mirrors: [`127.0.0.1:${server.port}/release`], neverContactSource: true };
  return {
    trust: {
      mirrorRules: [{ ...rule, origin: 'ImageDigestMirrorSet/scenario' }, BESIDE_RULE],
      storeAccess: { allowLocal: true, allowPrivateAddresses: true, ca: TEST_CA },
    },
    close: () => server.close(),
  };
}

/** Puts a signature of a digest into the lookaside of {@link withPolicy}. */
export async function signLookaside({ upstream }: Pick<Stage, 'upstream'>, digest: Digest = SIGNED): Promise<void> {
  const image = `${repositoryPath(parseRepository(CANONICAL))}@${toStoreSegment(digest)}`;
  const directory = path.join(upstream, 'lookaside', image);
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'signature-1'), signDigest(digest));
}

export function signDigest(digest: Digest = SIGNED): Uint8Array {
  return signer.sign(digest);
}

/** Puts a signature of a digest into the stage's signature store. */
export async function signUpstream({ upstream }: Pick<Stage, 'upstream'>, digest: Digest = SIGNED): Promise<void> {
  const directory = path.join(upstream, toStoreSegment(digest));
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'signature-1'), signDigest(digest));
}

/** A record of an accepted push, as verify-pushed would have made it. @returns its id */
export async function keepAccepted({ objects }: Pick<Stage, 'objects'>, digest: Digest = SIGNED): Promise<string> {
  const signatures = new Map([[digest, [signDigest(digest)]]]);
  const { dependencies, upstream } = setUpPushes({ objects, signatures });
  // The same signatures, wherever they are looked for.
  const places = { release: upstream, lookaside: upstream, manifests: untouchedManifests };
  const anywhere = { ...dependencies, mirror: places, upstream: { open: () => places, close: () => undefined } };
  const result = await verifyPushed(pushOf({ digest }), anywhere, false, AbortSignal.timeout(60_000));
  if (result.kind !== 'decided') throw new Error(`the push is ${result.kind}`);
  return result.recordId;
}
