import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { checkMirror, type MirrorCheckRequest } from '../../lib/mirror/check/check-mirror.ts';
import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import { toSignatureTag } from '../../lib/registry/attachments/attachment.ts';
import { createKeptReader } from '../../lib/registry/attachments/kept-reader.ts';
import { createNodeAttachmentStore } from '../../lib/registry/attachments/node-store.ts';
import { createRegistryClient } from '../../lib/registry/client/registry-client.ts';
import {
  MIRROR,
  makeAttachment,
  makeImage,
  openpgpSigner,
  RELEASES,
  readMirrorTrust,
} from '../../test/mirror/check/mirror-setup.ts';
import { toDigest } from '../../test/registry/client/registry-setup.ts';
import { createMemorySignatureStore } from '../../test/support/memory-signature-store.ts';
import { median, type Row } from '../row.ts';

const DIGESTS = 200;
const CONCURRENCY = 32;
const LATENCY_MS = 20;
/** Manifest, `.sig` manifest, payload. */
const REQUESTS_EACH = 3;
const ROUNDS = 3;
const RATIO = 1.5;

/**
 * `signet mirror check` of releases that are complete, against a registry in a process of its own that answers each
 * request after 20 ms; beside the time that so many requests take, 32 at a time, and nothing else.
 */
export async function measureMirrorCheck(): Promise<readonly Row[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'signet-bench-'));
  try {
    const images = Array.from({ length: DIGESTS }, (_, at) => makeImage(`release ${at}`));
    for (const image of images) await writeRelease(folder, image);
    const seconds: number[] = [];
    // Warmed up, so that what Node compiles first does not weigh on the first round.
    await measure(
      folder,
      images.map(({ digest }) => digest),
    );
    for (let round = 0; round < ROUNDS; round++)
      seconds.push(
        await measure(
          folder,
          images.map(({ digest }) => digest),
        ),
      );
    return [
      {
        name: `mirror check of ${DIGESTS} releases, ${CONCURRENCY} at a time`,
        unit: 's',
        ours: median(seconds),
        beside: `${DIGESTS * REQUESTS_EACH} requests of ${LATENCY_MS} ms`,
        theirs: (DIGESTS * REQUESTS_EACH * LATENCY_MS) / CONCURRENCY / 1000,
        goal: { kind: 'at most', ratio: RATIO },
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Image = ReturnType<typeof makeImage>;

async function writeRelease(folder: string, { bytes, digest }: Image): Promise<void> {
  const { bytes: attachment, blobs } = makeAttachment(digest);
  const write = async (below: string, content: Uint8Array): Promise<void> =>
    await writeFile(path.join(folder, encodeURIComponent(`/v2/${MIRROR}/${below}`)), content);
  await write(`manifests/${digest}`, bytes);
  await write(`manifests/${toSignatureTag(digest)}`, attachment);
  for (const blob of blobs) await write(`blobs/${toDigest(blob)}`, blob);
}

/** Seconds, connections included. */
async function measure(folder: string, digests: readonly Image['digest'][]): Promise<number> {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, '../mirror/serve-slowly.ts'), folder, String(LATENCY_MS)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).once('line', resolve);
  child.once('exit', () => reject(new Error('the registry ended as it started')));
  const host = await promise;
  const http = createHttpClient({ allowPrivateAddresses: true });
  try {
    const registry = createRegistryClient({ http, allowedHosts: [host], plainHttpHosts: [host] });
    const beside = createKeptReader(registry);
    const request: MirrorCheckRequest = {
      mirror: parseRepository(`${host}/${MIRROR}`),
      releases: digests.map((digest) => ({ digest, versions: [], repository: parseRepository(RELEASES) })),
      trust: await readMirrorTrust(),
      registry,
      attachments: createAttachmentStore(async () => beside),
      nodeAttachments: createNodeAttachmentStore(async () => beside),
      signatures: createMemorySignatureStore(
        new Map(digests.map((digest) => [digest, [openpgpSigner.sign(digest, RELEASES)]])),
      ),
      concurrency: CONCURRENCY,
      now: () => new Date(),
      signal: new AbortController().signal,
    };
    const started = performance.now();
    const { outcome } = await checkMirror(request);
    const seconds = (performance.now() - started) / 1000;
    if (outcome !== 'complete') throw new Error(`the mirror is ${outcome}`);
    return seconds;
  } finally {
    http.close();
    child.stdin.end();
    await ended;
  }
}
