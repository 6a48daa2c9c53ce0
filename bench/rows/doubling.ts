import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Effort } from '../effort.ts';
import type { Doubled } from '../process/time-doubled.ts';
import type { Row } from '../row.ts';

const SIZES: Readonly<Record<Effort, number>> = { full: 262_144, quick: 65_536 };
/** Twice the text takes twice the time; the square of it would be four. */
const MAX_RATIO = 2.8;
/** Milliseconds below which a ratio says more of the clock than of the reader. */
const SHORTEST_MS = 4;

const TIMER = path.join(import.meta.dirname, '../process/time-doubled.ts');
/** Mebibytes for what is new: no call is interrupted because they are full. */
const ROOM = 256;
const FLAGS = ['--expose-gc', `--min-semi-space-size=${ROOM}`, `--max-semi-space-size=${ROOM}`];

/** The reader whose time of the processor grows most when its text is doubled, of those whose time can be measured. */
export async function measureDoubling(effort: Effort): Promise<readonly Row[]> {
  const size = SIZES[effort];
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, TIMER, `${size}`, `${MAX_RATIO}`]);
  const timed = JSON.parse(stdout) as readonly Doubled[];
  const [worst] = timed
    .filter(({ single }) => single >= SHORTEST_MS)
    .toSorted((one, other) => other.double / other.single - one.double / one.single);
  return [
    {
      id: 'doubling',
      name: `untrusted text of twice ${size / 1024} KiB, the slowest of ${timed.length} (${worst?.name ?? 'none'})`,
      unit: 'ms',
      ours: worst?.double ?? Number.NaN,
      beside: 'the text once',
      theirs: worst?.single,
      goal: { kind: 'at most', ratio: MAX_RATIO },
    },
  ];
}
