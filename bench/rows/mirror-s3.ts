import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { createS3Client } from '../../lib/platform/objects/s3/s3-client.ts';
import { buildCli } from '../../scripts/build-cli.ts';
import { createTestBuckets } from '../../test/support/s3-server/make-bucket.ts';
import { startS3Server, type TestS3Server } from '../../test/support/s3-server/start-s3-server.ts';
import { CONCURRENCY, makeSyncScene, type SyncScene } from '../mirror/sync-scene.ts';
import { median, medianOf, type Row } from '../row.ts';

const RATIO = 1.2;
const ROUNDS = 3;
const run = promisify(execFile);

/** Copies a folder into a bucket, without looking at what it copies. */
interface Copier {
  readonly name: string;
  readonly toArgs: (folder: string, place: string, endpoint: string) => readonly string[];
}

/** The first that is installed is the peer. */
const COPIERS: readonly Copier[] = [
  {
    name: 's5cmd',
    toArgs: (folder, place, endpoint) => [
      '--endpoint-url',
      endpoint,
      '--log',
      'error',
      'cp',
      `${folder}/`,
      `${place}/`,
    ],
  },
  {
    name: 'aws',
    toArgs: (folder, place, endpoint) => {
      return ['--endpoint-url', endpoint, 's3', 'cp', '--recursive', '--only-show-errors', folder, place];
    },
  },
];

/** `mirror sync` into a bucket as the command line is built, beside a program that copies the same from a folder. */
export async function measureMirrorIntoS3(digests: number): Promise<readonly Row[]> {
  const server = await startS3Server();
  if (server === undefined) return [toRow(digests, { ours: [], theirs: [], missing: 'there is no versitygw' })];
  const scene = await makeSyncScene(digests);
  try {
    return [toRow(digests, await measureRounds(server, scene))];
  } finally {
    await scene.close();
    await server.stop();
  }
}

interface Rounds {
  readonly copier?: Copier | undefined;
  readonly missing?: string | undefined;
  /** Seconds of each round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

/** Taken in turn, each into a prefix of its own. */
async function measureRounds(server: TestS3Server, scene: SyncScene): Promise<Rounds> {
  const cli = await buildCli(path.join(scene.scratch, 'cli'));
  const client = createS3Client(server);
  const bucket = await createTestBuckets(client).makeBucket();
  client.destroy();
  await scene.sync({ from: 0, count: scene.digests.length, to: 'folder' });
  const folder = path.join(scene.scratch, 'folder/signatures');
  const env = toEnvironment(server);
  const copier = await findCopier();
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const sync = ['mirror', 'sync', '--trust', scene.trust, '--to', `s3://${bucket}/ours-${round}`];
    const stores = scene.stores.flatMap((url) => ['--store', url]);
    const wanted = scene.digests.flatMap((digest) => ['--digest', digest]);
    const options = ['--allow-private-stores', '--concurrency', String(CONCURRENCY)];
    ours.push(await timeOf(process.execPath, [cli, ...sync, ...stores, ...options, ...wanted], env));
    if (copier === undefined) continue;
    const args = copier.toArgs(folder, `s3://${bucket}/theirs-${round}`, server.endpoint);
    theirs.push(await timeOf(copier.name, args, env));
  }
  return { copier, missing: copier === undefined ? 'there is neither s5cmd nor aws' : undefined, ours, theirs };
}

function toEnvironment({ endpoint, region, credentials }: TestS3Server): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

async function findCopier(): Promise<Copier | undefined> {
  for (const copier of COPIERS) {
    const isThere = await run(copier.name, [copier.name === 'aws' ? '--version' : 'version']).then(
      () => true,
      () => false,
    );
    if (isThere) return copier;
  }
  return undefined;
}

/** @throws Error when the program fails: half of the objects are no measurement */
async function timeOf(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  await run(program, args, { env });
  return (performance.now() - started) / 1000;
}

function toRow(digests: number, { copier, missing, ours, theirs }: Rounds): Row {
  return {
    id: 'mirror-s3',
    name: `signet mirror sync of ${digests.toLocaleString('en')} digests into S3, whole process`,
    unit: 's',
    ours: ours.length === 0 ? Number.NaN : median(ours),
    beside: `${copier?.name ?? 's5cmd'} cp of the same from a folder`,
    theirs: medianOf(theirs),
    missing,
    goal: { kind: 'at most', ratio: RATIO },
  };
}
