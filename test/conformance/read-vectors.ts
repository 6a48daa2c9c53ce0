import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { type SchemaFault, toFaults } from '../../lib/base/documents/schema.ts';

/** One case of a set of vectors: what goes in, and what an operation has to make of it. */
export interface Vector {
  readonly name: string;
  readonly area: string;
  readonly kind: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly expected: 'accept' | 'reject';
  readonly output: Readonly<Record<string, unknown>>;
  /** The directory that file paths in the case are relative to. */
  readonly root: string;
}

const Outcome = v.picklist(['accept', 'reject']);
const Case = v.pipe(
  v.looseObject({
    name: v.string(),
    area: v.string(),
    kind: v.string(),
    inputs: v.record(v.string(), v.unknown()),
    expected: Outcome,
    output: v.optional(v.record(v.string(), v.unknown())),
    strength: v.optional(v.picklist(['normative', 'advisory'])),
    ours: v.optional(Outcome),
  }),
  v.check((vector) => vector.strength !== 'advisory' || vector.ours !== undefined, 'an advisory case needs `ours`'),
);
const File = v.looseObject({ format: v.literal(1), area: v.string(), cases: v.array(Case) });

/** Reads a set of vectors, or one area of a set. @throws Error that names the directory */
export async function readVectors(directory: string): Promise<readonly Vector[]> {
  const files = await findVectorFiles(path.resolve(directory));
  if (files.length === 0) throw new Error(`${directory}: there is no vectors.json in it or one level below`);
  return (await Promise.all(files.map(readVectorFile))).flat();
}

async function findVectorFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  if (entries.some(({ name }) => name === 'vectors.json')) return [path.join(directory, 'vectors.json')];
  const found: string[] = [];
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const names = await readdir(path.join(directory, entry.name));
    if (names.includes('vectors.json')) found.push(path.join(directory, entry.name, 'vectors.json'));
  }
  return found.toSorted();
}

async function readVectorFile(file: string): Promise<readonly Vector[]> {
  const parsed = v.safeParse(File, JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${toFaults(parsed.issues).map(toLine).join('; ')}`);
  const root = path.dirname(path.dirname(file));
  return parsed.output.cases.map(({ name, area, kind, inputs, expected, output, strength, ours }) => ({
    name,
    area,
    kind,
    inputs,
    expected: strength === 'advisory' && ours !== undefined ? ours : expected,
    output: output ?? {},
    root,
  }));
}

function toLine({ path: place, message }: SchemaFault): string {
  return `${place.join('.') || 'the whole'}: ${message}`;
}
