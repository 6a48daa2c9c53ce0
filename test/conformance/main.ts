import { parseArgs } from 'node:util';
import { readVectors, type Vector } from './read-vectors.ts';
import { formatReport, isGood, toReport } from './report.ts';
import { runVectors } from './run-vectors.ts';

const HELP = `Runs conformance vectors: each DIR is a set, or one area of a set.

Usage: npm run conformance -- [options] DIR...

  --allow-unsupported   do not fail for kinds that this version cannot run yet
  -o, --output FORMAT   text (default) or json
  -h, --help            show this

Exit status: 0 when all ran and passed, 1 for any failure, for an unknown area or kind, for an unsupported kind
without --allow-unsupported, and when nothing ran; 2 for a wrong call.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'allow-unsupported': { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length === 0 || !['text', 'json'].includes(values.output)) {
    process.stderr.write(HELP);
    return 2;
  }
  const vectors: Vector[] = [];
  for (const directory of positionals) vectors.push(...(await readVectors(directory)));
  const report = toReport(await runVectors(vectors));
  process.stdout.write(`${values.output === 'json' ? JSON.stringify(report, null, 2) : formatReport(report)}\n`);
  if (report.passed === 0) process.stderr.write('no case ran\n');
  return isGood(report, values['allow-unsupported']) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
