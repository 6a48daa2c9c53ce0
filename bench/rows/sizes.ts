import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packNpmPackage } from '../../scripts/release/npm-package.ts';
import type { Row } from '../row.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const MB = 1000 * 1000;
/** As `du` counts: what a file takes of a disk. */
const BLOCK_BYTES = 512;
const run = promisify(execFile);

/**
 * What an installation takes on disk. Those of the repository are what is there, as `npm ci` left them, without what was
 * kept beside it since. The npm package is packed and installed into an empty folder, which needs no registry, for it
 * has no dependencies.
 */
export async function measureSizes(): Promise<readonly Row[]> {
  return [
    await toRow('npm-ci', '`npm ci` of the repository, on disk', path.join(ROOT, 'node_modules'), 400),
    await toRow('npm-ci-console', 'packages of the page, on disk', path.join(ROOT, 'console/node_modules'), 200),
    await measurePackager(),
    await measurePackage(),
  ];
}

async function measurePackage(): Promise<Row> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-sizes-'));
  try {
    const archive = path.join(scratch, 'signet.tgz');
    await packNpmPackage('0.0.0', archive, scratch);
    const folder = path.join(scratch, 'site');
    await mkdir(folder);
    await writeFile(path.join(folder, 'package.json'), '{}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], { cwd: folder });
    return await toRow('npm-package', 'the npm package installed, on disk', path.join(folder, 'node_modules'), 60);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function toRow(id: string, name: string, folder: string, goal: number): Promise<Row> {
  const theirs = { beside: 'the goal', theirs: goal, goal: { kind: 'at most', ratio: 1 } } as const;
  return { id: `size-${id}`, name, unit: 'MB', ours: await toMegabytes(folder), ...theirs };
}

/** Only who deploys installs it, so it has no goal. */
async function measurePackager(): Promise<Row> {
  return {
    id: 'size-npm-ci-packager',
    name: 'packages of the packager, which only a deployment needs, on disk',
    unit: 'MB',
    ours: await toMegabytes(path.join(ROOT, 'infra/packager/node_modules')),
    beside: '`npm ci` of the repository',
    theirs: await toMegabytes(path.join(ROOT, 'node_modules')),
  };
}

async function toMegabytes(folder: string): Promise<number> {
  const bytes = await measureFolder(folder);
  return bytes === undefined ? Number.NaN : bytes / MB;
}

/** What tests, builds and the command line keep beside packages for their next run: no installation brings it. */
const KEPT = /^\.(?:cache|vite|vite-temp|vitest-cache)$/;

/** Undefined where there is no such folder. A file with several names counts once. */
async function measureFolder(root: string): Promise<number | undefined> {
  const seen = new Set<number>();
  let bytes = 0;
  try {
    for (const { name, parentPath } of await readdir(root, { recursive: true, withFileTypes: true })) {
      const [top = ''] = path.relative(root, path.join(parentPath, name)).split(path.sep);
      if (KEPT.test(top)) continue;
      const { blocks, ino } = await lstat(path.join(parentPath, name));
      if (!seen.has(ino)) bytes += blocks * BLOCK_BYTES;
      seen.add(ino);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return bytes;
}
