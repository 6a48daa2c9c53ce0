import { parseArgs } from 'node:util';
import type { Effort } from './effort.ts';
import { describeRun, type Section, toReport } from './report.ts';
import { formatRows, isShort } from './row.ts';
import { ON_REQUEST, SECTIONS } from './sections.ts';

const NAMES = [...SECTIONS.keys()];
const USUAL = NAMES.filter((name) => !ON_REQUEST.has(name));
const HELP = `Measures Signet beside its peers, as ratios within one run.

Usage: npm run bench -- [--only NAME]... [--check] [-o json]
       npm run bench -- --against COMMIT [-o json]

  --only NAME           measure this alone (repeatable): ${USUAL.join(', ')};
                        and what takes many minutes, only where it is named: ${[...ON_REQUEST].join(', ')}
  --against COMMIT      build that commit and this checkout, measure both in turn, and exit 1 when something is worse:
                        a median by more than a twentieth with intervals apart, or a bundle by more than a hundredth
  --quick               a few iterations of everything: shows that it runs, and its figures are noise
  --check               exit 1 when a row with a goal misses it, or did not run; on ratios alone
  -o, --output FORMAT   text (default) or json

Peers that are not installed are named as not run. A full run takes about twenty minutes, on a quiet machine.
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: USUAL },
    against: { type: 'string' },
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

async function main(): Promise<number> {
  const unknown = values.only.find((name) => !SECTIONS.has(name));
  if (unknown !== undefined) return refuse(`--only takes ${NAMES.join(', ')}, not ${JSON.stringify(unknown)}`);
  if (!['text', 'json'].includes(values.output)) return refuse(`--output takes text or json`);
  const effort = values.quick ? 'quick' : 'full';
  if (values.against !== undefined && (values.check || values.only !== USUAL)) {
    return refuse('--against takes neither --only nor --check: it measures its own rows, and always judges them');
  }
  if (values.against !== undefined) return await compare(values.against, effort);
  const sections: Section[] = [];
  let isBroken = false;
  for (const [name, measure] of SECTIONS) {
    if (!values.only.includes(name)) continue;
    process.stderr.write(`measuring: ${name} …\n`);
    try {
      const rows = await measure(effort);
      sections.push({ name, rows });
      if (values.output === 'text') process.stdout.write(`${name}\n${formatRows(rows)}\n\n`);
    } catch (error) {
      // What broke is no reason to lose what was measured, and no success either.
      isBroken = true;
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  if (values.output === 'json') {
    process.stdout.write(`${JSON.stringify(toReport(sections, effort, new Date()), null, 2)}\n`);
  }
  return isBroken || (values.check && sections.flatMap(({ rows }) => rows).some(isShort)) ? 1 : 0;
}

/** @returns the exit status */
async function compare(name: string, effort: Effort): Promise<number> {
  const { resolveCommit } = await import('./against/side.ts');
  const commit = await resolveCommit(name).catch(() => undefined);
  if (commit === undefined) return refuse(`--against takes a commit of this repository, not ${JSON.stringify(name)}`);
  const { measureAgainst } = await import('./against/measure.ts');
  const rows = await measureAgainst(commit, effort);
  if (values.output === 'json') {
    const report = { ...describeRun(effort, new Date()), against: commit, rows };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    const { formatChanges } = await import('./against/comparison.ts');
    process.stdout.write(`against ${commit}\n${formatChanges(rows)}\n`);
  }
  return rows.some(({ change }) => change === 'worse') ? 1 : 0;
}

function refuse(reason: string): number {
  process.stderr.write(`${reason}\n`);
  return 2;
}

if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();
