import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hashFile } from '../../lib/artifact/checksums/check-files.ts';
import { median, type Row } from '../row.ts';

const MEBIBYTE = 1024 * 1024;
const SIZE_MEBIBYTES = 2048;
const ROUNDS = 3;
const SPEED_RATIO = 0.9;
/** Memory that hashing may add, whatever the size: two buffers, and what Node keeps of them. */
const MEMORY_MEBIBYTES = 32;

/** A client tarball's size hashed as `signet checksums verify` does, beside `sha256sum`: speed, and memory. */
export async function measureChecksums(): Promise<readonly Row[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'signet-bench-'));
  try {
    const file = path.join(directory, 'client.tar.gz');
    // Sparse: the disk is not what is measured, and both read the same zeros.
    const handle = await open(file, 'w');
    await handle.truncate(SIZE_MEBIBYTES * MEBIBYTE);
    await handle.close();
    return await measure(file);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function measure(file: string): Promise<readonly Row[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const before = process.memoryUsage().rss;
  let peak = before;
  // Taken in turn, so that a machine that changes its speed changes it for both.
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await hashFile(file, 'sha256', () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    });
    ours.push(toRate(performance.now() - started));
    theirs.push(...sha256sumRate(file));
  }
  return [
    {
      name: `SHA-256 of a file of ${SIZE_MEBIBYTES} MiB`,
      unit: 'MiB/s',
      ours: median(ours),
      beside: 'sha256sum',
      theirs: theirs.length === 0 ? undefined : median(theirs),
      goal: { kind: 'at least', ratio: SPEED_RATIO },
    },
    {
      name: 'memory that it takes',
      unit: 'MiB',
      ours: (peak - before) / MEBIBYTE,
      beside: 'the goal',
      theirs: MEMORY_MEBIBYTES,
      goal: { kind: 'at most', ratio: 1 },
    },
  ];
}

/** Nothing where there is no sha256sum. */
function sha256sumRate(file: string): readonly number[] {
  const started = performance.now();
  const { status } = spawnSync('sha256sum', [file], { stdio: 'ignore' });
  return status === 0 ? [toRate(performance.now() - started)] : [];
}

function toRate(milliseconds: number): number {
  return SIZE_MEBIBYTES / (milliseconds / 1000);
}
