import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { bundleScript } from '../../scripts/release/bundle-script.ts';
import { fillObjects } from '../../test/stack/package/sample-events.ts';
import type { Row } from '../row.ts';

const SWEEP = `import { sweepFolder } from './bench/sweep/sweep-folder.ts';
sweepFolder(process.argv[2] ?? '', process.argv[3] ?? '').catch((error) => {
  console.error(error);
  process.exitCode = 1;
});`;
/** Of the design, for a million records as for any number. */
const MAX_MEGABYTES = 200;
/** A record of many may take so much more than one of a quarter: the listing is sorted. */
const MAX_GROWTH = 1.25;
/** Weeks over which the records are spread; a sweep looks back 90 days. */
const WEEKS = 12;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

const Figures = v.object({ queued: v.number(), milliseconds: v.number(), megabytes: v.number() });

/**
 * A sweep of what was accepted lately, from a folder, up to the queue: what a record costs among so many, beside what it
 * costs among a quarter of them, and what the process holds.
 */
export async function measureSweep(count: number): Promise<readonly Row[]> {
  const now = new Date();
  const few = await measureRecords(count / 4, now);
  const many = await measureRecords(count, now);
  const size = count.toLocaleString('en');
  return [
    {
      id: 'sweep-record',
      name: `one record in a sweep of ${size} accepted, processor`,
      unit: 'µs',
      ours: (many.milliseconds * 1000) / many.queued,
      beside: `in a sweep of ${(count / 4).toLocaleString('en')}`,
      theirs: (few.milliseconds * 1000) / few.queued,
      goal: { kind: 'at most', ratio: MAX_GROWTH },
    },
    {
      id: 'sweep-memory',
      name: `memory of a sweep of ${size} accepted, at most`,
      unit: 'MB',
      ours: many.megabytes,
      beside: 'the goal',
      theirs: MAX_MEGABYTES,
      goal: { kind: 'at most', ratio: 1 },
    },
  ];
}

async function measureRecords(count: number, now: Date): Promise<v.InferOutput<typeof Figures>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'signet-bench-sweep-'));
  try {
    await fillObjects(folder);
    await writeAccepted(folder, count, now);
    const script = path.join(folder, 'sweep.cjs');
    await writeFile(script, (await bundleScript('node24', { contents: SWEEP })).bytes);
    const { stdout } = await promisify(execFile)(process.execPath, [script, folder, now.toISOString()]);
    const figures = v.parse(Figures, JSON.parse(stdout));
    if (figures.queued < count) throw new Error(`${figures.queued} of ${count} records were queued`);
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The notes of what was accepted, spread over weeks. Each first one is made as the service does, the others beside it. */
async function writeAccepted(folder: string, count: number, now: Date): Promise<void> {
  const objects = createDirectoryObjectStore(folder);
  for (let week = 0; week < WEEKS; week += 1) {
    await createAcceptances(objects).note('ocp', toId(week), new Date(now.getTime() - week * WEEK_MS));
  }
  const weeks: string[] = [];
  for await (const { key } of objects.listObjects('accepted/ocp/')) weeks.push(path.join(folder, path.dirname(key)));
  for (let index = WEEKS; index < count; index += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - index) }, (_, at) => index + at);
    await Promise.all(batch.map((at) => writeFile(path.join(weeks[at % WEEKS] ?? '', toId(at)), '')));
  }
}

const BATCH = 64;

function toId(index: number): string {
  return hash('sha256', `record ${index}`);
}
