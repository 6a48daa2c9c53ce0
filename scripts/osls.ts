import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const FOLDER = path.join(import.meta.dirname, '../infra/packager');
const WANTED = path.join(FOLDER, 'package-lock.json');
/** A copy of the lock file that the packages are of. */
const INSTALLED = path.join(FOLDER, 'node_modules/.installed.json');

// What packages and deploys has packages of its own, a tenth of all there are: only who deploys needs them.
if (!existsSync(INSTALLED) || !readFileSync(INSTALLED).equals(readFileSync(WANTED))) {
  const install = ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund'];
  execFileSync('npm', install, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  copyFileSync(WANTED, INSTALLED);
}
const program = path.join(FOLDER, 'node_modules/osls/bin/serverless.js');
const { status, signal } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
if (signal !== null) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
