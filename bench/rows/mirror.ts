import { CONCURRENCY, LATENCY_MS, makeSyncScene, type Synced, type SyncScene } from '../mirror/sync-scene.ts';
import { buildGoProgram, type GoProgram } from '../peers/build-go.ts';
import { median, medianOf, type Row } from '../row.ts';

/** How many digests are mirrored: for the times, and for the memory. */
export interface MirrorSizes {
  readonly digests: number;
  readonly large: number;
}

/** Goals of the design, Performance goals. */
const IDEAL_RATIO = 1.6;
const MEMORY_MEGABYTES = 200;
const FLAT_RATIO = 1.2;
const GROWTH = 10;
const WARM = 500;
const ROUNDS = 3;

/** A mirror at scale: the sync from two stores of another process. */
export async function measureMirror(sizes: MirrorSizes): Promise<readonly Row[]> {
  const { digests, large } = sizes;
  const scene = await makeSyncScene(Math.max(digests + WARM, large));
  const peer = await buildGoProgram('sync');
  try {
    const rounds = await measureRounds(scene, digests, peer);
    const second = await scene.sync({ from: 0, count: digests, to: 'mirror-0' });
    return [
      ...toSyncRows(rounds, second, peer),
      await measureGrowth(scene, digests),
      await measureMemory(scene, large),
    ];
  } finally {
    if (peer.kind === 'built') await peer.remove();
    await scene.close();
  }
}

interface Rounds {
  readonly ours: readonly Synced[];
  readonly theirs: readonly Pick<Synced, 'seconds' | 'cpuSeconds'>[];
}

/** Taken in turn, each into a folder of its own. */
async function measureRounds(scene: SyncScene, count: number, peer: GoProgram): Promise<Rounds> {
  const ours: Synced[] = [];
  const theirs: Rounds['theirs'][number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await scene.sync({ from: 0, count, to: `mirror-${round}` }));
    if (peer.kind === 'built') theirs.push(await scene.syncBy(peer.program, { from: 0, count, to: `peer-${round}` }));
  }
  return { ours, theirs };
}

function toSyncRows({ ours, theirs }: Rounds, second: Synced, peer: GoProgram): readonly Row[] {
  const { wanted } = second.result;
  const requests = ours[0]?.requests ?? Number.NaN;
  const ideal = (requests * LATENCY_MS) / 1000 / CONCURRENCY;
  const missing = peer.kind === 'missing' ? peer.reason : undefined;
  const beside = 'a Go program over library-go’s core, as durable';
  const seconds = median(ours.map((round) => round.seconds));
  return [
    {
      id: 'mirror-sync',
      name: `sync of ${format(wanted)} digests`,
      unit: 's',
      ours: seconds,
      beside: `${format(requests)} requests × ${LATENCY_MS} ms ÷ ${CONCURRENCY}`,
      theirs: ideal,
      goal: { kind: 'at most', ratio: IDEAL_RATIO },
      others: [
        {
          beside,
          theirs: medianOf(theirs.map((round) => round.seconds)),
          missing,
          goal: { kind: 'at most', ratio: 1 },
        },
      ],
    },
    {
      id: 'mirror-processor',
      name: 'its processor time',
      unit: 's',
      ours: median(ours.map(({ cpuSeconds }) => cpuSeconds)),
      beside,
      theirs: medianOf(theirs.map(({ cpuSeconds }) => cpuSeconds)),
      missing,
    },
    {
      name: 'second sync with nothing new, signature requests and PUTs',
      unit: '',
      ours: second.requests + second.puts,
      beside: 'digests',
      theirs: wanted,
      goal: { kind: 'at most', ratio: 0 },
    },
    { name: 'its time', unit: 's', ours: second.seconds, beside: 'the first', theirs: seconds },
  ];
}

/** Warmed up, so that what Node compiles first does not weigh on the short run alone. */
async function measureGrowth(scene: SyncScene, digests: number): Promise<Row> {
  const few = Math.max(1, Math.floor(digests / GROWTH));
  const small = await scene.sync({ from: 0, count: few, to: 'few', warm: WARM });
  const big = await scene.sync({ from: 0, count: digests, to: 'many', warm: WARM });
  return {
    id: 'mirror-growth',
    name: `sync time for each of ${format(digests)} digests`,
    unit: 'ms',
    ours: (big.seconds * 1000) / digests,
    beside: `for each of ${format(few)}`,
    theirs: (small.seconds * 1000) / few,
    goal: { kind: 'at most', ratio: FLAT_RATIO },
  };
}

async function measureMemory(scene: SyncScene, large: number): Promise<Row> {
  const { peakMegabytes } = await scene.sync({ from: 0, count: large, to: 'large' });
  return {
    id: 'mirror-memory',
    name: `peak memory of a sync of ${format(large)} digests`,
    unit: 'MB',
    ours: peakMegabytes,
    beside: 'the goal',
    theirs: Number.isNaN(peakMegabytes) ? undefined : MEMORY_MEGABYTES,
    goal: { kind: 'at most', ratio: 1 },
  };
}

function format(count: number): string {
  return count.toLocaleString('en');
}
