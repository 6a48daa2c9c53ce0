// Everything that a release takes, up to the upload: see HELP. It publishes nothing and changes nothing but --output.
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type Check, runChecklist } from './release/checklist.ts';

const HELP = `Carries out what a release takes, up to the upload, and ends at the first thing that is wrong.

Usage: npm run release:check -- --key FILE --keyring FILE [options]

  --key FILE      the OpenPGP private key that signs sha256sum.txt, armored and without a passphrase
  --keyring FILE  the public key that the readers of the release have
  --output DIR    where the two builds go (default: dist/checked; what is there is replaced)
  --gate COMMAND  what the commit has to pass (default: .ci/run)

1. The checkout is clean, and the tag of this version is not taken.
2. package.json, the lock file, the sources and the changelog name one version, and nothing is left under Unreleased.
3. The gate passes, and leaves the checkout clean.
4. Two builds are identical, and of this commit.
5. The sums are signed, and Signet verifies them, by the program that it built where it runs here.

Then it prints what to upload. Exit status: 0 everything holds, 1 something does not, 2 a wrong call.
`;

function print(check: Check): void {
  process.stdout.write(`${check.fault === undefined ? 'holds ' : 'FAILS '} ${check.name}\n`);
  if (check.fault !== undefined) process.stdout.write(`       ${check.fault.replaceAll('\n', '\n       ')}\n`);
}

async function main(): Promise<number> {
  const root = process.cwd();
  const { values } = parseArgs({
    options: {
      key: { type: 'string' },
      keyring: { type: 'string' },
      output: { type: 'string', default: path.join(root, 'dist/checked') },
      gate: { type: 'string', default: '.ci/run' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { key, keyring, output, gate } = values;
  if (key === undefined || keyring === undefined) throw new TypeError('name --key and --keyring (--help says more)');
  const [keyFile, keyringFile, outputFolder] = [key, keyring, output].map((file) => path.resolve(file));
  const paths = { key: keyFile ?? key, keyring: keyringFile ?? keyring, output: outputFolder ?? output };
  const toUpload = await runChecklist({ root, gate, ...paths }, print);
  if (toUpload === undefined) return 1;
  process.stdout.write(`\n${toUpload}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
