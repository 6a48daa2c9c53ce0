import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { openSyncStores } from '../../cli/open/stores.ts';
import { type Digest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { runBounded } from '../../lib/platform/queues/run-bounded.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { collectRelease } from '../../lib/verdict/decide/collect-evidence.ts';
import { serveDirectory } from '../../test/cluster-reader/serve-directory.ts';
import type { SyncScene } from './sync-scene.ts';

export interface BundleFigures {
  readonly bytes: number;
  /** Whether two runs gave the same bytes. */
  readonly isIdentical: boolean;
  readonly createSeconds: number;
  /** Undefined where there is no tar or gzip. */
  readonly tarSeconds: number | undefined;
  readonly importSeconds: number;
  /** Of `gpg --verify` for each signature, one after the other; undefined where there is no gpg. */
  readonly gpgSeconds: number | undefined;
  /** Digests whose signature verifies, read from a web server over the imported directory. */
  readonly verified: number;
}

const CONCURRENCY = 16;
/** Signatures that gpg is timed with; its time for all is that many times as long. */
const GPG_SAMPLE = 200;
const run = promisify(execFile);

/**
 * Makes a bundle of a mirror, twice, imports it, and reads every signature as a cluster would.
 *
 * @param cli the command line as it is built
 * @param folder of the scene, for this bundle alone
 */
export async function measureBundle(
  scene: SyncScene,
  cli: string,
  digests: readonly Digest[],
  folder: string,
): Promise<BundleFigures> {
  const at = (name: string): string => path.join(scene.scratch, folder, name);
  await writeMirror(scene, digests, at('mirror'));
  const create = ['bundle', 'create', '--from', at('mirror'), '--trust', scene.trust];
  const createSeconds = await timeOf(process.execPath, [cli, ...create, at('one.tar.gz')]);
  await timeOf(process.execPath, [cli, ...create, at('two.tar.gz')]);
  const [one, two] = await Promise.all(['one', 'two'].map((name) => readFile(at(`${name}.tar.gz`))));
  const script = 'tar -C "$0" -c signatures | gzip > "$1"';
  const tarSeconds = await timeOf('sh', ['-c', script, at('mirror'), at('tar.tar.gz')]).catch(() => undefined);
  const from = ['bundle', 'import', at('one.tar.gz'), '--to', at('imported'), '--trust', scene.trust];
  const importSeconds = await timeOf(process.execPath, [cli, ...from]);
  return {
    bytes: one?.length ?? 0,
    isIdentical: hashOf(one) === hashOf(two),
    createSeconds,
    tarSeconds,
    importSeconds,
    gpgSeconds: await timeGpg(scene, digests, at).catch(() => undefined),
    verified: await countVerified(scene, digests, at('imported')),
  };
}

async function writeMirror({ profile }: SyncScene, digests: readonly Digest[], mirror: string): Promise<void> {
  for (const [index, digest] of digests.entries()) {
    const directory = path.join(mirror, 'signatures', toStoreSegment(digest));
    await mkdir(directory, { recursive: true });
    for (const sign of profile.signers) {
      await writeFile(path.join(directory, 'signature-1'), sign(digest, `4.${index % 20}.${Math.floor(index / 20)}`));
    }
  }
}

/** Keys as gpg has them, then a process for each signature, as everything has to start one that asks gpg. */
async function timeGpg(
  { profile }: SyncScene,
  digests: readonly Digest[],
  at: (name: string) => string,
): Promise<number> {
  const { data } = JSON.parse(profile.toConfigMap()) as { readonly data: Readonly<Record<string, string>> };
  await mkdir(at('gnupg'), { mode: 0o700 });
  await writeFile(at('keys.asc'), data['verifier-public-key-0'] ?? '');
  const gpg = ['--homedir', at('gnupg'), '--batch', '--quiet'];
  await run('gpg', [...gpg, '--import', at('keys.asc')]);
  const sample = digests.slice(0, GPG_SAMPLE);
  let seconds = 0;
  for (const digest of sample) {
    const file = path.join(at('mirror'), 'signatures', toStoreSegment(digest), 'signature-1');
    seconds += await timeOf('gpg', [...gpg, '--verify', file]);
  }
  return (seconds * digests.length) / sample.length;
}

async function timeOf(program: string, args: readonly string[]): Promise<number> {
  const started = performance.now();
  await run(program, args, { maxBuffer: 2 ** 26 });
  return (performance.now() - started) / 1000;
}

async function countVerified(scene: SyncScene, digests: readonly Digest[], directory: string): Promise<number> {
  const bytes = await readFile(path.join(scene.trust, 'ocp', 'release-verification.json'));
  const prepared = await prepareTrust('ocp', [{ name: 'release-verification.json', bytes }]);
  const trust = toReadyTrust(prepared, new Date());
  const server = await serveDirectory(directory);
  const options = { store: [`${server.origin}/signatures`], allowPrivateStores: true };
  const { store, close } = await openSyncStores(options, prepared);
  const { signal } = new AbortController();
  try {
    const counts = await runBounded(digests, CONCURRENCY, async (digest) => {
      return (await collectRelease(digest, trust, store, new Date(), signal)).collected.verified.length;
    });
    return counts.filter((count) => count === 1).length;
  } finally {
    close();
    await server.close();
  }
}

function hashOf(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
}
