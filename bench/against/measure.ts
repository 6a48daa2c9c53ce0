import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../test/support/fixture-releases.ts';
import type { Effort } from '../effort.ts';
import { startFunction } from '../start/start-function.ts';
import { type ChangeRow, toBytesRow, toTimeRow } from './comparison.ts';
import { openNew, openOld, type Side } from './side.ts';

/** Starts of each function and of each command on either side, and warm answers after each start. */
const EFFORTS = { full: { rounds: 31, warm: 300 }, quick: { rounds: 3, warm: 20 } } as const;
/** Runs of a command that are not counted: what V8 compiled is kept. */
const WARM_UPS = 2;
/** Functions whose warm answers are measured too. */
const WARM: ReadonlySet<string> = new Set(['check-pullspec', 'serve-signature', 'verify-image']);

const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const SIGNATURE = path.join(FIXTURE_STORE, (PULLSPEC.split('@')[1] ?? '').replace(':', '='), 'signature-1');
const KEYRING = path.join(import.meta.dirname, '../../test/fixtures/openpgp/keys/rsa4096.asc');

/** Command lines that have to end with 0. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  verify: ['verify', PULLSPEC, '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE],
  'signature verify': ['signature', 'verify', SIGNATURE, '--keyring', KEYRING],
};

interface Sides {
  readonly old: Side;
  readonly new: Side;
}

interface Times {
  readonly old: number[];
  readonly new: number[];
}

/** How this checkout does beside a commit: both are built, and measured in turn. @param commit its full name */
export async function measureAgainst(commit: string, effort: Effort): Promise<readonly ChangeRow[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-against-'));
  const closers: (() => Promise<void>)[] = [];
  try {
    const open = async (name: string, opening: (directory: string) => Promise<Side>): Promise<Side> => {
      process.stderr.write(`building: ${name} …\n`);
      const directory = path.join(scratch, name);
      await mkdir(directory);
      const side = await opening(directory);
      closers.push(side.close);
      return side;
    };
    const old = await open('old', (directory) => openOld(commit, directory));
    const sides = { old, new: await open('new', openNew) };
    const names = [...sides.new.functions.keys()].filter((name) => old.functions.has(name));
    return [
      ...names.map((name) => toSizeRow(name, sides)),
      ...(await measureFunctions(names, sides, effort)),
      ...measureCommands(sides, effort),
    ];
  } finally {
    for (const close of closers) await close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function toSizeRow(name: string, sides: Sides): ChangeRow {
  const bytes = ({ functions }: Side): number => functions.get(name)?.bytes ?? Number.NaN;
  return toBytesRow({ id: `size-${name}`, name: `bundle of ${name}` }, bytes(sides.old), bytes(sides.new));
}

/** The old and the new one, each first in every other round: a machine that changes its speed changes it for both. */
function inTurn(round: number): readonly (keyof Sides)[] {
  return round % 2 === 0 ? ['old', 'new'] : ['new', 'old'];
}

async function measureFunctions(names: readonly string[], sides: Sides, effort: Effort): Promise<readonly ChangeRow[]> {
  const { rounds, warm } = EFFORTS[effort];
  const rows: ChangeRow[] = [];
  for (const name of names) {
    process.stderr.write(`measuring: ${name} …\n`);
    const cold: Times = { old: [], new: [] };
    const warmed: Times = { old: [], new: [] };
    for (let round = 0; round < rounds; round++) {
      for (const side of inTurn(round)) {
        const packaged = sides[side].functions.get(name);
        const started = await startFunction(packaged, WARM.has(name) ? warm : 0);
        cold[side].push(started.coldMilliseconds);
        warmed[side].push(started.warmMilliseconds);
      }
    }
    rows.push(toTimeRow({ id: `start-${name}`, name: `cold start of ${name}` }, cold.old, cold.new));
    if (!WARM.has(name)) continue;
    rows.push(toTimeRow({ id: `warm-${name}`, name: `one warm answer of ${name}, processor` }, warmed.old, warmed.new));
  }
  return rows;
}

function measureCommands(sides: Sides, effort: Effort): readonly ChangeRow[] {
  const { rounds } = EFFORTS[effort];
  return Object.entries(COMMANDS).map(([name, args]) => {
    process.stderr.write(`measuring: signet ${name} …\n`);
    const times: Times = { old: [], new: [] };
    for (let round = -WARM_UPS; round < rounds; round++) {
      for (const side of inTurn(round)) {
        const taken = runCommand(sides[side].program, args);
        if (round >= 0) times[side].push(taken);
      }
    }
    const id = `process-${name.replaceAll(' ', '-')}`;
    return toTimeRow({ id, name: `signet ${name}, built, start to exit` }, times.old, times.new);
  });
}

/** @returns milliseconds @throws Error when it does not end with 0 */
function runCommand(program: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const taken = performance.now() - started;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${String(stderr)}`);
  return taken;
}
