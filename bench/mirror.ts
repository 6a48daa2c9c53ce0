import { parseArgs } from 'node:util';
import { formatRows, isShort } from './row.ts';
import { measureBundles } from './rows/bundle.ts';
import { measureMirror } from './rows/mirror.ts';

const HELP = `Measures the mirror and the bundle at scale, as ratios within one run.

Usage: npm run bench:mirror -- [--digests N] [--large N] [--bundled N] [--check] [-o json]

  --digests N           digests whose sync is timed (default 10000)
  --large N             digests of the sync whose memory is measured (default 50000)
  --bundled N           signatures in the bundle (default 9000)
  --check               exit 1 when a row with a goal misses it, or did not run
  -o, --output FORMAT   text (default) or json

The mirror is a directory below TMPDIR; what its file system costs is in the figures.
`;

const { values } = parseArgs({
  options: {
    digests: { type: 'string', default: '10000' },
    large: { type: 'string', default: '50000' },
    bundled: { type: 'string', default: '9000' },
    check: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function parseCount(name: string, text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new TypeError(`--${name} takes a number from 1, not ${JSON.stringify(text)}`);
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  process.stderr.write('signing, then measuring for some minutes …\n');
  const rows = [
    ...(await measureMirror({
      digests: parseCount('digests', values.digests),
      large: parseCount('large', values.large),
    })),
    ...(await measureBundles(parseCount('bundled', values.bundled))),
  ];
  process.stdout.write(`${values.output === 'json' ? JSON.stringify(rows, null, 2) : formatRows(rows)}\n`);

  if (values.check && rows.some(isShort)) process.exitCode = 1;
}
