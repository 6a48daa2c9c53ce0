import { parseArgs } from 'node:util';
import { formatRows, stateOf } from './row.ts';
import { measureChecksums } from './rows/checksums.ts';
import { measureService } from './rows/service.ts';
import { measureVerification } from './rows/verification.ts';

const HELP = `Measures Signet beside its peers, as ratios within one run.

Usage: npm run bench -- [--check] [-o json]

  --check               exit 1 when a row with a goal misses it, or did not run
  -o, --output FORMAT   text (default) or json
`;

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  process.stderr.write('measuring for a minute or two …\n');
  const rows = [...(await measureVerification()), ...(await measureService()), ...(await measureChecksums())];
  process.stdout.write(`${values.output === 'json' ? JSON.stringify(rows, null, 2) : formatRows(rows)}\n`);
  const isShort = rows.some((row) => row.goal !== undefined && stateOf(row) !== 'reached');
  if (values.check && isShort) process.exitCode = 1;
}
