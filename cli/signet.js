#!/usr/bin/env node
// Plain JavaScript for whatever Node is installed: TypeScript runs on Node 24, which `npm ci` brings along.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const OLDEST = 24;
/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const main = fileURLToPath(new URL('shell/main.ts', import.meta.url));
const clone = fileURLToPath(new URL('..', import.meta.url)).replace(/(?<=.)\/$/, '');
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const ownNode = `${modules}/.bin/node`;

if (Number.parseInt(process.versions.node, 10) >= OLDEST) await runHere();
else if (existsSync(ownNode)) runWithOwnNode();
else refuse();

async function runHere() {
  // What V8 compiled is kept beside the code, where only those can write who could as well change the code, and not in
  // the shared directory that is Node's default. Where it cannot be written, starting takes longer.
  if (existsSync(modules)) module.enableCompileCache(`${modules}/.cache/signet`);
  await import('./shell/main.ts');
}

function runWithOwnNode() {
  const child = spawn(ownNode, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  child.on('error', refuse);
  child.on('exit', (status, signal) => {
    process.exitCode = signal === null ? (status ?? 70) : 128 + constants.signals[signal];
  });
}

function refuse() {
  process.stderr.write(`Signet needs Node ${OLDEST}: run npm ci in ${clone}, or install Node ${OLDEST}\n`);
  process.exitCode = 70;
}
