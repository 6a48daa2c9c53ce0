import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Effort } from '../effort.ts';
import { findGpgv, findSkopeo, findSqv } from '../peers/signature-programs.ts';
import { type Contender, listOurPrograms, writeSignedRelease } from '../process/verifying-programs.ts';
import { type Comparison, type Goal, median, medianOf, type Row } from '../row.ts';

const ROUNDS = { full: 41, quick: 3 } as const;
/** Starts that are not counted: files are read from the disk, and what V8 compiled is kept. */
const WARM_UPS = 2;
const CERTIFICATE_GOAL: Goal = { kind: 'at most', ratio: 3 };
const PREPARED_GOAL: Goal = { kind: 'at most', ratio: 1.5 };
const SINGLE_CERTIFICATE_GOAL: Goal = { kind: 'at most', ratio: 1.8 };
const SINGLE_PREPARED_GOAL: Goal = { kind: 'at most', ratio: 1.3 };

/** One signature verified by a process of its own, start to exit: wall time. */
export async function measureProcess(effort: Effort): Promise<readonly Row[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-process-'));
  try {
    const release = await writeSignedRelease(scratch);
    const { built, prepared, single, singlePrepared, launcher, source } = await listOurPrograms(release);
    const skopeo = await findSkopeo(release);
    const gpgv = findGpgv(release);
    const sqv = findSqv(release);
    const bare: Contender = { kind: 'program', program: process.execPath, args: ['-e', '0'] };
    const all = [built, prepared, single, singlePrepared, launcher, source, skopeo, gpgv, sqv, bare];
    const times = measureInTurn(all, ROUNDS[effort]);
    const beside = (name: string, contender: Contender, goal?: Goal): Comparison => ({
      beside: name,
      theirs: medianOf(times.get(contender) ?? []),
      missing: contender.kind === 'missing' ? contender.reason : undefined,
      goal,
    });
    const others = [beside('gpgv', gpgv), beside('sqv', sqv), beside('bare Node, start to exit (limit)', bare)];
    const toRow = (id: string, name: string, ours: Contender, goal?: Goal): Row => ({
      id,
      name: `signet signature verify, ${name}`,
      unit: 'ms',
      ours: median(times.get(ours) ?? []),
      ...beside('skopeo standalone-verify', skopeo, goal),
      others,
    });
    return [
      toRow('process-certificate', 'built, with a certificate file', built, CERTIFICATE_GOAL),
      toRow('process-prepared', 'built, with prepared trust', prepared, PREPARED_GOAL),
      toRow('process-single-certificate', 'the single file, with a certificate file', single, SINGLE_CERTIFICATE_GOAL),
      toRow('process-single-prepared', 'the single file, with prepared trust', singlePrepared, SINGLE_PREPARED_GOAL),
      toRow('process-launcher', 'cli/signet.js of a clone, with a certificate file', launcher),
      toRow('process-source', 'cli/shell/main.ts of a clone, with a certificate file', source),
    ];
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Each in turn, so that a machine that changes its speed changes it for all. @throws Error when one does not verify */
function measureInTurn(contenders: readonly Contender[], rounds: number): ReadonlyMap<Contender, readonly number[]> {
  const times = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const contender of contenders) {
      if (contender.kind === 'missing') continue;
      const { program, args, env = process.env } = contender;
      const started = performance.now();
      const { status, stderr } = spawnSync(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
      const taken = performance.now() - started;
      if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${String(stderr)}`);
      if (round >= 0) times.get(contender)?.push(taken);
    }
  }
  return times;
}
