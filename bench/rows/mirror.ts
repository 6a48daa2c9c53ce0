import { type BundleFigures, measureBundle } from '../mirror/measure-bundle.ts';
import { CONCURRENCY, LATENCY_MS, makeSyncScene, type Synced, type SyncScene } from '../mirror/sync-scene.ts';
import type { Row } from '../row.ts';

/** How many digests are mirrored: for the times, and for the memory. */
export interface MirrorSizes {
  readonly digests: number;
  readonly large: number;
  /** Signatures in the bundle. */
  readonly bundled: number;
}

/** Goals of the design, Performance goals. */
const IDEAL_RATIO = 1.3;
const MEMORY_MEGABYTES = 200;
const FLAT_RATIO = 1.2;
const GROWTH = 10;
const WARM = 500;

/** A mirror at scale: the sync from two stores of another process, and a bundle of what it holds. */
export async function measureMirror(sizes: MirrorSizes): Promise<readonly Row[]> {
  const { digests, large, bundled } = sizes;
  const scene = await makeSyncScene(Math.max(digests + WARM, large, bundled));
  try {
    const first = await scene.sync({ from: 0, count: digests, to: 'mirror' });
    const second = await scene.sync({ from: 0, count: digests, to: 'mirror' });
    return [
      ...toSyncRows(first, second),
      await measureGrowth(scene, digests),
      await measureMemory(scene, large),
      ...(await measureBundles(scene, bundled)),
    ];
  } finally {
    await scene.close();
  }
}

function toSyncRows(first: Synced, second: Synced): readonly Row[] {
  const { wanted } = first.result;
  const ideal = (first.requests * LATENCY_MS) / 1000 / CONCURRENCY;
  return [
    {
      id: 'mirror-sync',
      name: `sync of ${format(wanted)} digests`,
      unit: 's',
      ours: first.seconds,
      beside: `${format(first.requests)} requests × ${LATENCY_MS} ms ÷ ${CONCURRENCY}`,
      theirs: ideal,
      goal: { kind: 'at most', ratio: IDEAL_RATIO },
    },
    {
      id: 'mirror-processor',
      name: 'its processor time',
      unit: 's',
      ours: first.cpuSeconds,
      beside: 'the same',
      theirs: ideal,
    },
    {
      name: 'second sync with nothing new, signature requests and PUTs',
      unit: '',
      ours: second.requests + second.puts,
      beside: 'digests',
      theirs: wanted,
      goal: { kind: 'at most', ratio: 0 },
    },
    { name: 'its time', unit: 's', ours: second.seconds, beside: 'the first', theirs: first.seconds },
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

/** Of so many signatures, and of a tenth of them. */
async function measureBundles(scene: SyncScene, bundled: number): Promise<readonly Row[]> {
  const few = Math.max(1, Math.floor(bundled / GROWTH));
  const small = await measureBundle(scene, scene.digests.slice(0, few), 'small-bundle');
  const big = await measureBundle(scene, scene.digests.slice(0, bundled), 'bundle');
  return [
    ...toBundleRows(big, bundled),
    {
      id: 'bundle-growth',
      name: `bundle create and import, for each of ${format(bundled)} signatures`,
      unit: 'ms',
      ours: ((big.createSeconds + big.importSeconds) * 1000) / bundled,
      beside: `for each of ${format(few)}`,
      theirs: ((small.createSeconds + small.importSeconds) * 1000) / few,
      goal: { kind: 'at most', ratio: FLAT_RATIO },
    },
  ];
}

function toBundleRows(figures: BundleFigures, bundled: number): readonly Row[] {
  const { createSeconds, tarSeconds, importSeconds, isIdentical, bytes, verified } = figures;
  return [
    {
      name: `bundle of ${format(bundled)} signatures, made twice: bytes that are not the same`,
      unit: '',
      ours: isIdentical ? 0 : bytes,
      beside: 'its bytes',
      theirs: bytes,
      goal: { kind: 'at most', ratio: 0 },
    },
    { name: 'signet bundle create', unit: 's', ours: createSeconds, beside: 'tar and gzip', theirs: tarSeconds },
    { name: 'signet bundle import', unit: 's', ours: importSeconds, beside: 'tar and gzip', theirs: tarSeconds },
    {
      name: 'imported, served and verified',
      unit: '',
      ours: verified,
      beside: 'signatures',
      theirs: bundled,
      goal: { kind: 'at least', ratio: 1 },
    },
  ];
}

function format(count: number): string {
  return count.toLocaleString('en');
}
