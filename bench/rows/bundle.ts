import path from 'node:path';
import { buildCli } from '../../scripts/build-cli.ts';
import { type BundleFigures, measureBundle } from '../mirror/measure-bundle.ts';
import { makeSyncScene, type SyncScene } from '../mirror/sync-scene.ts';
import type { Row } from '../row.ts';

/** Of the time of tar and gzip, which verify nothing. */
const CREATE_RATIO = 8;
/** Of the time of gpg. */
const IMPORT_RATIO = 0.5;
const FLAT_RATIO = 1.2;
const GROWTH = 10;

/** Bundles of a mirror of so many signatures, made by the command line and imported by it. */
export async function measureBundles(bundled: number): Promise<readonly Row[]> {
  const scene = await makeSyncScene(bundled);
  try {
    return await measureIn(scene, bundled);
  } finally {
    await scene.close();
  }
}

/** Of so many signatures, and of a tenth of them. */
async function measureIn(scene: SyncScene, bundled: number): Promise<readonly Row[]> {
  const few = Math.max(1, Math.floor(bundled / GROWTH));
  const cli = await buildCli(path.join(scene.scratch, 'cli'));
  const small = await measureBundle(scene, cli, scene.digests.slice(0, few), 'small-bundle');
  const big = await measureBundle(scene, cli, scene.digests.slice(0, bundled), 'bundle');
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
  const { createSeconds, tarSeconds, importSeconds, gpgSeconds, isIdentical, bytes, verified } = figures;
  return [
    {
      name: `bundle of ${format(bundled)} signatures, made twice: bytes that are not the same`,
      unit: '',
      ours: isIdentical ? 0 : bytes,
      beside: 'its bytes',
      theirs: bytes,
      goal: { kind: 'at most', ratio: 0 },
    },
    {
      id: 'bundle-create',
      name: 'signet bundle create',
      unit: 's',
      ours: createSeconds,
      beside: 'tar and gzip',
      theirs: tarSeconds,
      goal: { kind: 'at most', ratio: CREATE_RATIO },
    },
    {
      id: 'bundle-import',
      name: 'signet bundle import',
      unit: 's',
      ours: importSeconds,
      beside: 'gpg --verify of each',
      theirs: gpgSeconds,
      missing: 'there is no gpg',
      goal: { kind: 'at most', ratio: IMPORT_RATIO },
      others: [{ beside: 'tar and gzip', theirs: tarSeconds }],
    },
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
