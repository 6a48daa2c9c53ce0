import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseDigest, toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { createS3Client } from '../../../../lib/platform/objects/s3/s3-client.ts';
import { MAX_SIGNATURE_BYTES } from '../../../../lib/stores/port/signature-store.ts';
import { type ReadyTrust, toReadyTrust } from '../../../../lib/trust/source/trust-source.ts';
import { evaluateSignature } from '../../../../lib/verdict/judge/keyring-requirement.ts';
import { toDigest } from '../../../fixtures/make/payload.ts';
import { openObjects } from '../../../mirror/processes/open-objects.ts';
import { startWorker, waitForExit } from '../../../mirror/processes/start-worker.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../../support/fixture-releases.ts';
import { makeSigner, type Signer } from '../../../support/make-signer.ts';
import { reframeMessage } from '../../../support/reframe-message.ts';
import { createTestBuckets } from '../../../support/s3-server/make-bucket.ts';
import { hasS3Server, startS3Server } from '../../../support/s3-server/start-s3-server.ts';

const DIGESTS = Array.from({ length: 50 }, (_, index) => parseDigest(toDigest(`stress ${index}`)));
const PROCESSES = 20;
const KILLED = 8;
/** A kill comes at most this long after the worker has started: before it can have mirrored all digests. */
const KILL_WITHIN_MS = 200;
/** Ten seconds where nothing else runs; a busy machine takes several times that. */
const TIMEOUT_MS = 180_000;

let scratch = '';
let trust: ReadyTrust;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'mirror-stress-'));
  const signers = await Promise.all(['a', 'b'].map((name) => makeSigner(name, { kind: 'rsa2048' })));
  const { prepared } = await readFixtureTrust();
  trust = toReadyTrust({ ...prepared, keyrings: signers.map(({ keyring }) => keyring) }, FIXTURE_TIME);
  await writeFile(path.join(scratch, 'prepared.json'), JSON.stringify(trust.prepared));
  await writeFile(path.join(scratch, 'digests'), DIGESTS.join('\n'));
  for (const digest of DIGESTS) await writeUpstreams(digest, signers);
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Two stores that hold the same signatures in other framings and another order, and junk before them. */
async function writeUpstreams(digest: (typeof DIGESTS)[number], signers: readonly Signer[]): Promise<void> {
  const [a1, b1] = signers.map((signer) => signer.sign(digest));
  const a2 = signers[0]?.sign(digest, undefined, { hash: 'sha512' });
  if (a1 === undefined || b1 === undefined || a2 === undefined) throw new Error('there are two signers');
  const junk = Buffer.from('junk');
  const contents = {
    one: [junk, a1, reframeMessage(a1, 1), a2, reframeMessage(a1, 2), b1],
    two: [reframeMessage(a2, 3), junk, reframeMessage(a1, 4), reframeMessage(a2, 5), reframeMessage(b1, 6)],
  };
  for (const [name, signatures] of Object.entries(contents)) {
    const directory = path.join(scratch, name, toStoreSegment(digest));
    await mkdir(directory, { recursive: true });
    for (const [index, bytes] of signatures.entries()) {
      await writeFile(path.join(directory, `signature-${index + 1}`), bytes);
    }
  }
}

/** Resolves with the signal that ended the worker, if one did before it was through; then it was run once more. */
async function runWorker(
  location: string,
  number: number,
  killAfterMs: number | undefined,
): Promise<NodeJS.Signals | null> {
  const upstreams = number % 2 === 0 ? ['one', 'two'] : ['two', 'one'];
  const files = ['prepared.json', 'digests'].map((name) => path.join(scratch, name));
  const stores = upstreams.map((name) => path.join(scratch, name));
  const child = startWorker([location, ...files, FIXTURE_TIME.toISOString(), ...stores]);
  if (killAfterMs !== undefined) {
    await once(child.stdout, 'data');
    await delay(killAfterMs);
    child.kill('SIGKILL');
    await waitForExit(child);
    await runWorker(location, number, undefined);
    return child.signalCode;
  }
  expect(await waitForExit(child)).toBe(0);
  return null;
}

const TITLE = 'twenty processes, some of them killed while they write, leave one whole, gapless, verified set';

test(`${TITLE}: in a directory`, { timeout: TIMEOUT_MS }, () => mirrorAtOnce(path.join(scratch, 'mirror')));

test.skipIf(!hasS3Server())(`${TITLE}: on an S3 server`, { timeout: TIMEOUT_MS }, async () => {
  const server = await startS3Server();
  if (server === undefined) throw new Error('the S3 server is gone');
  const { accessKeyId, secretAccessKey } = server.credentials;
  vi.stubEnv('SIGNET_TEST_S3', server.endpoint);
  vi.stubEnv('AWS_REGION', server.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  const client = createS3Client({ endpoint: server.endpoint });
  const buckets = createTestBuckets(client);
  try {
    await mirrorAtOnce(`s3://${await buckets.makeBucket()}/mirror`);
  } finally {
    await buckets.removeBuckets();
    client.destroy();
    vi.unstubAllEnvs();
    await server.stop();
  }
});

async function mirrorAtOnce(location: string): Promise<void> {
  const workers = Array.from({ length: PROCESSES }, (_, number) =>
    runWorker(location, number, number < KILLED ? (KILL_WITHIN_MS * number) / KILLED : undefined),
  );
  const signals = await Promise.all(workers);
  // Otherwise nothing was killed while it wrote, and what follows would prove less than it says.
  expect(signals.filter((signal) => signal === 'SIGKILL').length).toBeGreaterThan(0);
  const objects = await openObjects(location);
  const listed = await Array.fromAsync(objects.listObjects(''));
  let total = 0;
  for (const digest of DIGESTS) {
    const prefix = `signatures/${toStoreSegment(digest)}/signature-`;
    const keys = listed.map(({ key }) => key).filter((key) => key.startsWith(prefix));
    expect(keys).toEqual(keys.map((_, index) => `${prefix}${index + 1}`));
    const stored = await Promise.all(keys.map((key) => objects.readObject(key, MAX_SIGNATURE_BYTES)));
    const verified = stored.map((object) => verify(digest, object?.bytes ?? new Uint8Array()));
    total += keys.length;
    // Each holds, none is there twice, and both keyrings are satisfied.
    expect(verified.map((signatures) => signatures.length)).toEqual(keys.map(() => 1));
    const identities = verified.flat().map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(keys.length);
    expect(new Set(verified.flat().map(({ keyring }) => keyring)).size).toBe(2);
  }
  expect(total).toBe(listed.length);
}

function verify(digest: (typeof DIGESTS)[number], bytes: Uint8Array) {
  const signature = { store: 'mirror', location: 'mirror', untrustedBytes: bytes };
  return evaluateSignature(signature, digest, trust, FIXTURE_TIME.getTime() / 1000).verified;
}
