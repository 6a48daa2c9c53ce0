import { parseArgs } from 'node:util';
import { type Section, toReport } from './report.ts';
import { formatRows, isShort } from './row.ts';
import { SECTIONS } from './sections.ts';

const NAMES = [...SECTIONS.keys()];
const HELP = `Measures Signet beside its peers, as ratios within one run.

Usage: npm run bench -- [--only NAME]... [--check] [-o json]

  --only NAME           measure this alone (repeatable): ${NAMES.join(', ')}
  --quick               a few iterations of everything: shows that it runs, and its figures are noise
  --check               exit 1 when a row with a goal misses it, or did not run; on ratios alone
  -o, --output FORMAT   text (default) or json

Peers that are not installed are named as not run. A full run takes about ten minutes, on a quiet machine.
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: NAMES },
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

function refuse(reason: string): number {
  process.stderr.write(`${reason}\n`);
  return 2;
}

if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();
