import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { parsePullspec, parseRepository } from '../../../lib/base/names/reference.ts';
import type { PreparedKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createHttpReleaseStore } from '../../../lib/stores/numbered-stores.ts';
import { openStore } from '../../../lib/stores/open/open-stores.ts';
import { createParallelStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { decideImage } from '../../../lib/verdict/decide/decide-image.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';
import type { KindRunner } from '../kinds.ts';
import { VectorRejected } from '../vector-rejected.ts';
import { startServer } from '../vector-server.ts';
import { VECTOR_TIME } from '../vector-time.ts';

const REPOSITORY = 'example.com/vectors/release';

/** A release's manifests are documents of a profile that takes its keys and stores from the ConfigMap among them. */
export const configMap: KindRunner = async ({ inputs, root }) => {
  const { manifests } = v.parse(v.looseObject({ manifests: v.string() }), inputs);
  const file = { name: path.basename(manifests), bytes: await readFile(path.join(root, manifests)) };
  const kinds = parseTrustFile(file).flatMap(({ content: { kind } }) => (typeof kind === 'string' ? [kind] : []));
  const { keyrings, stores } = await prepareTrust('vectors', [file, toProfile([...kinds, 'ConfigMap'])]);
  if (keyrings.length === 0) return { verifier: false };
  const verifiers = keyrings.map(({ name, certificates }) => [
    name,
    certificates.map(({ fingerprint }) => fingerprint),
  ]);
  return { verifier: true, verifiers: Object.fromEntries(verifiers), stores: stores.map(({ url }) => url) };
};

/** `disabled`, so that manifests without a ConfigMap of trust come to no keyring and not to an error. */
function toProfile(ignoreKinds: readonly string[]): TrustDocument {
  const spec = { verification: 'disabled', canonicalRepositories: [REPOSITORY], ignoreKinds };
  const content = { apiVersion: 'signet/v1', kind: 'Profile', metadata: { name: 'vectors' }, spec };
  return { name: 'profile.json', bytes: Buffer.from(JSON.stringify(content)) };
}

export const releaseDigest: KindRunner = ({ inputs }) => {
  const { releaseDigest: text } = v.parse(v.looseObject({ releaseDigest: v.string() }), inputs);
  return { storePathSegment: toStoreSegment(parseDigest(text)) };
};

const Walk = v.looseObject({
  store: v.string(),
  releaseDigest: v.string(),
  responses: v.record(v.string(), v.string()),
  stopAfter: v.nullable(v.string()),
});

/** Walks a real server in place of the address of the case; what it was asked is told in the case's addresses. */
export const httpStoreWalk: KindRunner = async ({ inputs }) => {
  const { store, releaseDigest: digest, responses, stopAfter } = v.parse(Walk, inputs);
  const { origin } = new URL(store);
  const bodies = new Map(Object.entries(responses).map(([url, body]) => [new URL(url).pathname, Buffer.from(body)]));
  return await withServer(bodies, async (local, requests) => {
    const client = createHttpClient({ allowPrivateAddresses: true });
    const walked = createHttpReleaseStore(client, new URL(store.replace(origin, local)));
    const signatures: string[] = [];
    for await (const entry of walked.fetchSignatures({ digest: parseDigest(digest) }, new AbortController().signal)) {
      if (entry.kind !== 'signature') continue;
      const body = Buffer.from(entry.untrustedBytes).toString();
      signatures.push(body);
      if (body === stopAfter) break;
    }
    client.close();
    return { requests: requests.map((request) => origin + request), signatures };
  });
};

const Release = v.looseObject({
  releaseDigest: v.string(),
  stores: v.array(
    v.object({ kind: v.picklist(['http', 'file', 'memory']), signatures: v.record(v.string(), v.array(v.string())) }),
  ),
  verifiers: v.record(v.string(), v.string()),
});

/** The whole decision, with `signedRepository: off` as the cluster-version operator has it. */
export const releaseVerify: KindRunner = async ({ inputs, root }) => {
  const { releaseDigest: text, stores, verifiers } = v.parse(Release, inputs);
  const digest = parseDigest(text);
  const keyrings: PreparedKeyring[] = [];
  for (const [name, file] of Object.entries(verifiers)) {
    keyrings.push((await prepareKeyring(name, await readFile(path.join(root, file)))).keyring);
  }
  const opened = await Promise.all(stores.map((store) => openVectorStore(store, root)));
  try {
    const { verdict } = await decideImage(
      { pullspec: parsePullspec(`${REPOSITORY}@${digest}`) },
      toReadyTrust(toTrust(keyrings), new Date(VECTOR_TIME * 1000)),
      {
        lookaside: untouchedStore,
        manifests: untouchedManifests,
        store: createParallelStore(opened.map(({ store }) => store)),
        now: () => new Date(VECTOR_TIME * 1000),
        signal: new AbortController().signal,
      },
    );
    if (verdict.outcome !== 'accepted') throw new VectorRejected(JSON.stringify(verdict.reasons));
    return { ...verdict };
  } finally {
    await Promise.all(opened.map(({ close }) => close()));
  }
};

function toTrust(keyrings: readonly PreparedKeyring[]): PreparedTrust {
  return {
    schema: 1,
    profile: 'vectors',
    revision: '0'.repeat(64),
    verification: 'enabled',
    canonicalRepositories: [parseRepository(REPOSITORY)],
    signedRepositories: [],
    signedRepository: 'off',
    mode: 'enforce',
    force: 'deny',
    require: 'configured',
    bundleIdentity: 'refuse',
    graphAliases: {},
    pushSources: [],
    keyrings,
    stores: [],
    storeAccess: { allowPrivateAddresses: true, allowLocal: true },
    registries: { allowed: [] },
    imagePolicies: [],
    registriesD: [],
    policyKeyrings: [],
    policyFiles: [],
    mirrorRules: [],
    documents: [],
    warnings: [],
  };
}

interface OpenedStore {
  readonly store: SignatureStore;
  readonly close: () => Promise<void>;
}

/** A `memory` store has no limit of its own to test, and is read from a directory like a `file` store. */
async function openVectorStore(
  { kind, signatures }: v.InferOutput<typeof Release>['stores'][number],
  root: string,
): Promise<OpenedStore> {
  const directory = await mkdtemp(path.join(tmpdir(), 'signet-vectors-'));
  const bodies = new Map<string, Buffer>();
  for (const [digest, files] of Object.entries(signatures)) {
    const segment = toStoreSegment(parseDigest(digest));
    await mkdir(path.join(directory, segment));
    for (const [index, file] of files.entries()) {
      const bytes = await readFile(path.join(root, file));
      await writeFile(path.join(directory, segment, `signature-${index + 1}`), bytes);
      bodies.set(`/${segment}/signature-${index + 1}`, bytes);
    }
  }
  const client = createHttpClient({ allowPrivateAddresses: true });
  const server = kind === 'http' ? await startServer((url) => bodies.get(url)) : undefined;
  return {
    store: openStore(server?.origin ?? directory, { allowLocal: true }, client),
    close: async () => {
      client.close();
      await server?.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function withServer<T>(
  bodies: ReadonlyMap<string, Buffer>,
  use: (origin: string, requests: readonly string[]) => Promise<T>,
): Promise<T> {
  const requests: string[] = [];
  const { origin, close } = await startServer((url) => bodies.get(url), requests);
  try {
    return await use(origin, requests);
  } finally {
    await close();
  }
}
