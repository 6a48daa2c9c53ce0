import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '../..');
export const LIB = path.join(ROOT, 'lib');

/** The folders whose sources make Signet; what is beside them builds, tests or shows it. */
const FOLDERS = ['lib', 'functions', 'cli', 'local'] as const;

/** The sources below a folder, and the declarations of what others wrote in JavaScript. */
export function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|js)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The sources of lib/, functions/, cli/ and local/, declarations left out. */
export function listSources(): readonly string[] {
  return FOLDERS.flatMap((folder) => listFiles(path.join(ROOT, folder))).filter((file) => !file.endsWith('.d.ts'));
}

/** A path as it is below the root of the repository. */
export function fromRoot(file: string): string {
  return path.relative(ROOT, file);
}

export function countLines(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1;
}

/** The files of ours that a file imports, types included. */
export function filesImportedBy(file: string): readonly string[] {
  const statements = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\s[^;]*?from\s+'(\.[^']+)';|^import\s+'(\.[^']+)';|\bimport\('(\.[^']+)'\)/gm,
  );
  return [...statements].flatMap(([, named, bare, dynamic]) => {
    const imported = named ?? bare ?? dynamic;
    return imported === undefined ? [] : [path.resolve(path.dirname(file), imported)];
  });
}

/** Each cycle among what files import, as the way around it. */
export function findCycles(
  files: readonly string[],
  toImported: (file: string) => readonly string[],
): readonly (readonly string[])[] {
  const done = new Set<string>();
  const cycles: (readonly string[])[] = [];
  const visit = (file: string, above: readonly string[]): void => {
    const start = above.indexOf(file);
    if (start >= 0) cycles.push([...above.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const imported of toImported(file)) visit(imported, [...above, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return cycles;
}

/** A source without its comments; its lines keep their numbers. */
export function stripComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/^[ \t]*\/\/.*$/gm, '');
}
