import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/verify-image/handler.ts';
import { type Digest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { verifyPushed } from '../../lib/push/verify/verify-pushed.ts';
import { createProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import { createUpstreamStores, openMirror } from '../../lib/stores/open/open-stores.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../lib/verdict/records/questions.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { makeBundleSigner } from '../bundle/bundle-setup.ts';
import { setUpAdmission, toReview } from '../cluster/admission/admission-setup.ts';
import { RELEASE_REPOSITORY } from '../fixtures/make/payload.ts';
import {
  cosignKeys,
  makeAttachment,
  makeImage,
  pushAttachment,
  pushImage,
  toImagePolicy,
} from '../mirror/check/mirror-setup.ts';
import { createKeptBus } from '../push/verify/push-setup.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../registry/client/registry-setup.ts';
import { startReferrersRegistry } from '../registry/client/start-referrers-registry.ts';
import { startRegistry } from '../registry/client/start-registry.ts';
import { makeImageSigner } from '../registry/images/image-setup.ts';
import { FIXTURE_TIME } from '../support/fixture-releases.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { runSignet } from '../support/run-signet.ts';
import { findTool } from '../support/tools.ts';
import { file, profile } from '../trust/sample-documents.ts';

const PLACE = RELEASE_REPOSITORY.slice('quay.io/'.length);
const [amd64, arm64, s390x, attestation] = ['amd64', 'arm64', 's390x', 'attestation'].map(makeImage) as [
  Image,
  Image,
  Image,
  Image,
];
type Image = ReturnType<typeof makeImage>;

/** An index: what is in it, and which manifests beside the images that are signed are. */
interface Plan {
  readonly name: string;
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly isSigned: boolean;
}

const entry = ({ bytes, digest }: Image, architecture: string, os = 'linux'): object => ({
  mediaType: OCI_MANIFEST,
  digest,
  size: bytes.length,
  platform: { os, architecture },
});

function plan(name: string, isSigned: boolean, ...manifests: readonly object[]): Plan {
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, annotations: { name } }),
  );
  return { name, bytes, digest: toDigest(bytes), isSigned };
}

/** The images for amd64 and arm64 are signed; that for s390x is not, nor is the attestation. */
const indexOnly = plan('the index alone is signed', true, entry(s390x, 'amd64'));
const imagesOnly = plan('the images alone are signed', false, entry(amd64, 'amd64'), entry(arm64, 'arm64'));
const oneOpen = plan(
  'one image of three is not signed',
  true,
  entry(amd64, 'amd64'),
  entry(arm64, 'arm64'),
  entry(s390x, 's390x'),
);
const attested = plan(
  'an attestation is not signed',
  false,
  entry(amd64, 'amd64'),
  entry(arm64, 'arm64'),
  entry(attestation, 'unknown', 'unknown'),
);
const PLANS = [indexOnly, imagesOnly, oneOpen, attested];
const SIGNED = [amd64, arm64, ...PLANS.filter(({ isSigned }) => isSigned)].map(({ digest }) => digest);

const OUTCOMES = ['accepted', 'rejected', 'usage', 'indeterminate'];

interface StartedRegistry {
  readonly host: string;
  stop(): Promise<void>;
}

function testIndexes(start: () => Promise<StartedRegistry>): void {
  const setup = createSetup();
  const closers: (() => void)[] = [];
  let work = '';
  let registry: StartedRegistry;
  const at = (name: string): string => path.join(work, name);

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-indexes-'));
    registry = await start();
    const releaseSigner = await makeBundleSigner();
    const imageSigner = makeImageSigner();
    const lookaside = new Map(
      SIGNED.map((digest) => [
        `/${PLACE}@${toStoreSegment(digest)}/signature-1`,
        imageSigner.sign({ digest, reference: `${RELEASE_REPOSITORY}:4.99.0` }),
      ]),
    );
    const server = await setup.serve((request, response) => {
      const found = lookaside.get(request.url ?? '');
      if (found === undefined) response.writeHead(404).end();
      else response.end(found);
    });

    for (const { bytes } of [amd64, arm64, s390x, attestation]) await pushImage(registry.host, bytes, PLACE);
    for (const { bytes } of PLANS) await pushImage(registry.host, bytes, PLACE, OCI_INDEX);
    // By the release key everything is signed: a mirror check wants it for the images of an index too.
    for (const { digest } of [...PLANS, amd64, arm64, s390x]) {
      await mkdir(at(`signatures/${toStoreSegment(digest)}`), { recursive: true });
      await writeFile(at(`signatures/${toStoreSegment(digest)}/signature-1`), releaseSigner.sign(digest));
    }
    for (const digest of SIGNED) {
      const made = makeAttachment(digest, [{ reference: `${RELEASE_REPOSITORY}@${digest}` }]);
      await pushAttachment(registry.host, digest, made, PLACE);
    }

    const pushSource = { source: 'distribution', registry: 'quay.io', repository: PLACE, mirrorOf: RELEASE_REPOSITORY };
    const spec = {
      canonicalRepositories: [RELEASE_REPOSITORY],
      registries: { allowed: ['quay.io'] },
      pushSources: [pushSource],
    };
    const keyring = releaseSigner.documents.filter(({ name }) => name === 'trust.json');
    const cluster = toImagePolicy(cosignKeys) as { spec: object };
    const sigstore = { ...cluster, spec: { ...cluster.spec, scopes: [RELEASE_REPOSITORY] } };
    const registriesD = `docker:\n  quay.io:\n    lookaside: ${server.origin}\n    use-sigstore-attachments: true\n`;
    const key = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/keys/images.gpg' };
    const { keyData } = toPublicKey(sigstore);
    const policyOf = (requirement: object): string =>
      JSON.stringify({
        default: [{ type: 'reject' }],
        transports: { docker: { [RELEASE_REPOSITORY]: [requirement] } },
      });
    const documents = {
      sigstore: [...keyring, file('profile.yaml', profile(spec, 'ocp')), file('policy.yaml', JSON.stringify(sigstore))],
      signedBy: [
        ...keyring,
        file('profile.yaml', profile(spec, 'ocp')),
        file('policy.json', policyOf(key)),
        file('registries.d/quay.yaml', registriesD),
        { name: 'keys/images.gpg', bytes: imageSigner.certificate },
      ],
    };
    for (const [name, files] of Object.entries(documents)) {
      for (const document of files) {
        const target = at(`${name}/trust/ocp/${document.name}`);
        await mkdir(path.dirname(target), { recursive: true });
        await writeFile(target, document.bytes);
      }
    }
    await mkdir(at('registries.d'));
    await mkdir(at('root/keys'), { recursive: true });
    await writeFile(at('registries.d/quay.yaml'), registriesD);
    await writeFile(at('root/keys/images.gpg'), imageSigner.certificate);
    await writeFile(at('signedBy/policy.json'), policyOf(key));
    await writeFile(
      at('sigstore/policy.json'),
      policyOf({ type: 'sigstoreSigned', keyData, signedIdentity: { type: 'matchRepository' } }),
    );
  });
  afterAll(async () => {
    for (const close of closers) close();
    await setup.close();
    await registry.stop();
    await rm(work, { recursive: true });
  });

  async function signet(...args: readonly string[]): Promise<{ readonly outcome: string; readonly stdout: string }> {
    const access = ['--registry', `quay.io=http://${registry.host}`, '--allow-private-stores'];
    const { status, stdout } = await runSignet([...args, ...access]);
    return { outcome: OUTCOMES[status] ?? String(status), stdout };
  }

  const pullspecOf = ({ digest }: Plan): string => `${RELEASE_REPOSITORY}@${digest}`;
  const trustOf = (kind: Kind): readonly string[] => ['--trust', at(`${kind}/trust`), '--store', at('signatures')];
  const policyOf = (kind: Kind): readonly string[] => [
    '--policy',
    at(`${kind}/policy.json`),
    '--registries-d',
    at('registries.d'),
    '--root',
    at('root'),
  ];

  const verify = (kind: Kind, asked: Plan, ...more: readonly string[]) =>
    signet('verify', pullspecOf(asked), ...trustOf(kind), ...more);
  const verifyImage = (kind: Kind, asked: Plan, ...more: readonly string[]) =>
    signet('image', 'verify', `docker://${pullspecOf(asked)}`, ...policyOf(kind), ...more);
  async function checkCatalog(asked: Plan, by: readonly string[]) {
    await writeFile(at('list'), pullspecOf(asked));
    return await signet('catalog', 'check', at('list'), '--verify', ...by);
  }

  /** The functions of the service over the same registry, lookaside and store. */
  async function openService(kind: Kind) {
    const [{ documents } = { documents: [] }] = await readTrustDirectory(at(`${kind}/trust`));
    const objects = createMemoryObjectStore();
    await publishTrust(objects, await prepareTrust('ocp', documents), documents);
    const now = (): Date => FIXTURE_TIME;
    const registries = createProfileRegistries({
      apiOrigins: new Map([['quay.io', `http://${registry.host}`]]),
      allowPrivateAddresses: true,
    });
    const upstream = createUpstreamStores({ registries, replacement: [at('signatures')], allowPrivateAddresses: true });
    closers.push(
      () => registries.close(),
      () => upstream.close(),
    );
    const shared = {
      trust: createTrustSource(objects, ['ocp'], now),
      objects,
      mirror: openMirror(objects),
      upstream,
      now,
    };
    return {
      ...shared,
      registries,
      acceptances: createAcceptances(objects),
      questions: createQuestions(),
      mirrorQueue: createMemoryQueue(),
    };
  }

  async function askApi(kind: Kind, asked: Plan, platforms?: readonly string[]): Promise<string> {
    const handler = createHandler({ ...(await openService(kind)), telemetry: createKeptTelemetry() });
    const body = { pullspec: pullspecOf(asked), ...(platforms === undefined ? {} : { platforms }) };
    const response = await handler(
      toHttpEvent({ method: 'POST', path: '/v1/verify', body }),
      createLocalContext('verify-image'),
    );
    return (JSON.parse(response.body ?? '') as { readonly outcome: string }).outcome;
  }

  async function push(kind: Kind, { digest }: Plan): Promise<string> {
    const pushed = { source: 'distribution', registry: 'quay.io', repository: PLACE, digest } as const;
    const dependencies = { ...(await openService(kind)), bus: createKeptBus() };
    const message = { schema: 1, profile: 'ocp', mirrorOf: parseRepository(RELEASE_REPOSITORY), push: pushed } as const;
    const result = await verifyPushed(message, dependencies, false, AbortSignal.timeout(60_000));
    return 'verdict' in result ? result.verdict.outcome : result.reason;
  }

  async function admit(kind: Kind, asked: Plan): Promise<string> {
    const { registries: _registries, mirrorQueue: _queue, ...dependencies } = await openService(kind);
    const { review } = setUpAdmission({ dependencies });
    const body = toReview('clusterimagesets', {
      operation: 'CREATE',
      object: { spec: { releaseImage: pullspecOf(asked) } },
    });
    return (await review({ resource: 'clusterimagesets', body })).allowed ? 'accepted' : 'rejected';
  }

  const ROWS = [
    [indexOnly, 'rejected'],
    [imagesOnly, 'accepted'],
    [oneOpen, 'rejected'],
    [attested, 'accepted'],
  ] as const;

  describe.each(ROWS)('$name: $1', (asked, expected) => {
    test.each(KINDS)('by %s: verify, image verify, catalog check, API, push and admission', async (kind) => {
      const answers = {
        verify: (await verify(kind, asked)).outcome,
        imageVerify: (await verifyImage(kind, asked)).outcome,
        catalogByPolicy: (await checkCatalog(asked, policyOf(kind))).outcome,
        catalogByTrust: (await checkCatalog(asked, trustOf(kind))).outcome,
        api: await askApi(kind, asked),
        push: await push(kind, asked),
        admission: await admit(kind, asked),
      };
      expect(answers).toEqual(Object.fromEntries(Object.keys(answers).map((name) => [name, expected])));
    });

    test('mirror check and report transition, which say what updates of the OS need', async () => {
      const wanted = [...trustOf('sigstore'), '--digest', asked.digest];
      for (const args of [
        ['mirror', 'check', RELEASE_REPOSITORY, ...wanted],
        ['report', 'transition', ...wanted],
      ]) {
        const { outcome, stdout } = await signet(...args);
        expect([outcome, stdout]).toEqual([expected, expect.stringContaining(asked.digest)]);
        expect(stdout.includes('skopeo 1.22.2')).toBe(expected === 'accepted');
      }
    });
  });

  test.each(KINDS)('by %s: one image of three is not signed, and nodes run another', async (kind) => {
    const platforms = ['linux/amd64', 'linux/arm64'];
    const options = platforms.flatMap((platform) => ['--platform', platform]);
    expect((await verify(kind, oneOpen, ...options)).outcome).toBe('accepted');
    expect((await verifyImage(kind, oneOpen, ...options)).outcome).toBe('accepted');
    expect(await askApi(kind, oneOpen, platforms)).toBe('accepted');
    expect((await verify(kind, oneOpen, '--platform', 'linux/s390x')).outcome).toBe('rejected');
    expect((await verifyImage(kind, oneOpen, '--platform', 'linux/s390x')).outcome).toBe('rejected');
    expect(await askApi(kind, oneOpen, ['linux/s390x'])).toBe('rejected');
  });
}

const KINDS = ['sigstore', 'signedBy'] as const;
type Kind = (typeof KINDS)[number];

/** The key of a ClusterImagePolicy. */
function toPublicKey(policy: object): { readonly keyData: string } {
  const { keyData } = /"keyData":"(?<keyData>[^"]+)"/.exec(JSON.stringify(policy))?.groups ?? {};
  return { keyData: keyData ?? '' };
}

const distribution = findTool('docker-registry');
const referrers = findTool('referrers-registry');

describe.skipIf(distribution === undefined)('indexes on the registry of the CNCF', () => {
  testIndexes(() => startRegistry(distribution ?? ''));
});

describe.skipIf(referrers === undefined)('indexes on a registry with referrers', () => {
  testIndexes(() => startReferrersRegistry(referrers ?? ''));
});
