#!/usr/bin/env node
// Plain JavaScript for whatever Node is installed: TypeScript runs on Node 24, which `npm ci` brings along.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const OLDEST = 24;
/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const main = fileURLToPath(new URL('main.ts', import.meta.url));
const clone = fileURLToPath(new URL('..', import.meta.url)).replace(/(?<=.)\/$/, '');
const ownNode = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (Number.parseInt(process.versions.node, 10) >= OLDEST) await import('./main.ts');
else if (existsSync(ownNode)) runWithOwnNode();
else refuse();

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
