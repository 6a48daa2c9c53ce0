import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

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

const Outcome = z.enum(['accept', 'reject']);
const Case = z
  .looseObject({
    name: z.string(),
    area: z.string(),
    kind: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    expected: Outcome,
    output: z.record(z.string(), z.unknown()).optional(),
    strength: z.enum(['normative', 'advisory']).optional(),
    ours: Outcome.optional(),
  })
  .refine((vector) => vector.strength !== 'advisory' || vector.ours !== undefined, 'an advisory case needs `ours`');
const File = z.looseObject({ format: z.literal(1), area: z.string(), cases: z.array(Case) });

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
  const parsed = File.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const root = path.dirname(path.dirname(file));
  return parsed.data.cases.map(({ name, area, kind, inputs, expected, output, strength, ours }) => ({
    name,
    area,
    kind,
    inputs,
    expected: strength === 'advisory' && ours !== undefined ? ours : expected,
    output: output ?? {},
    root,
  }));
}
