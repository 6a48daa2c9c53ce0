import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Failure, FaultKind } from './target.ts';

/** Where failures are kept: fixtures that a unit test replays from then on. */
export const FOUND = path.join(import.meta.dirname, '../fixtures/fuzz/found');

/** A failure as its file has it. */
interface SavedFailure extends Omit<Failure, 'input'> {
  /** Base64. */
  readonly input: string;
}

/** Writes a failure as a fixture and returns its file. The name says target, seed and iteration. */
export function saveFailure(failure: Failure, folder = FOUND): string {
  mkdirSync(folder, { recursive: true });
  const { target, seed, iteration, input } = failure;
  const file = path.join(folder, `${target}-${seed}-${iteration}.json`);
  const saved: SavedFailure = { ...failure, input: Buffer.from(input).toString('base64') };
  writeFileSync(file, `${JSON.stringify(saved, undefined, 2)}\n`);
  return file;
}

const KINDS: readonly FaultKind[] = ['wrong accept', 'exception', 'out of bounds', 'hang'];

/** All failures of a folder by their file names. */
export function readFailures(folder = FOUND): ReadonlyMap<string, Failure> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(names.toSorted().map((name) => [name, readFailure(path.join(folder, name))]));
}

function readFailure(file: string): Failure {
  const saved = JSON.parse(readFileSync(file, 'utf8')) as SavedFailure;
  if (!KINDS.includes(saved.kind)) throw new TypeError(`${file}: unknown kind ${JSON.stringify(saved.kind)}`);
  return { ...saved, input: Buffer.from(saved.input, 'base64') };
}
