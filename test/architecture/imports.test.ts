import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

/** A folder of lib/ imports only folders before it, and the utilities. */
const ORDER = [
  'pullspec',
  'openpgp',
  'sigstore',
  'verification',
  'verdict-words',
  'image-policy',
  'registries-d',
  'image-verification',
  'trust',
  'policy',
  'registry',
  'signatures',
  'attachments',
  'images',
  'release',
  'decide',
  'records',
  'graph',
  'render',
  'rollout',
  'explain',
  'fleet',
  'catalog',
  'mirror-check',
  'attachment-mirror',
  'transition',
  'mirror',
  'bundle',
  'export',
  'events',
  'pushes',
  'reverify',
  'cluster',
  'checksums',
  'installer',
];
const UTILITIES = ['errors', 'json', 'runtime', 'http', 'aws', 'objects', 'queue', 'bus', 'secrets'];
const PURE = [
  'pullspec',
  'openpgp',
  'verification',
  'policy',
  'image-policy',
  'registries-d',
  'image-verification',
  'events',
];

/** All that a pure folder may import from outside: computation, no network, file, clock or environment. */
const PURE_IMPORTS = [
  'node:crypto',
  'node:zlib',
  'openpgp',
  'seek-bzip',
  'valibot',
  '@sigstore/bundle',
  '@sigstore/verify',
];
/** Words that read a clock, an environment or the world without an import. */
const IMPURE_WORDS =
  /\b(?:Date\.now|new Date\(\)|performance\.|process\.|globalThis|fetch\(|setTimeout|setInterval|Math\.random|randomBytes|randomUUID|require\(|import\()/;

function listSources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** What a file imports: all of it, or what is left at run time (type imports are erased). */
function importsOf(file: string, kinds: 'all' | 'run time'): readonly string[] {
  const source = readFileSync(file, 'utf8');
  const statements = source.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';|^import\s+'([^']+)';/gm);
  return [...statements].flatMap(([, isType, named, bare]) => {
    const imported = named ?? bare;
    return imported === undefined || (kinds === 'run time' && isType !== undefined) ? [] : [imported];
  });
}

/** Everything that a folder reaches at run time: files of ours, and names of modules. */
function reachFrom(folder: string): { files: ReadonlySet<string>; modules: ReadonlySet<string> } {
  const files = new Set<string>();
  const modules = new Set<string>();
  const waiting = [...listSources(path.join(ROOT, 'lib', folder))];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const imported of importsOf(file, 'run time')) {
      if (imported.startsWith('.')) waiting.push(path.resolve(path.dirname(file), imported));
      else modules.add(imported);
    }
  }
  return { files, modules };
}

describe('pure folders reach no network, file system, clock or environment', () => {
  test.each(PURE.filter((folder) => existsSync(path.join(ROOT, 'lib', folder))))('lib/%s', (folder) => {
    const { files, modules } = reachFrom(folder);
    expect(files.size).toBeGreaterThan(0);
    expect([...modules].filter((name) => !PURE_IMPORTS.includes(name))).toEqual([]);
    const impure = [...files].filter((file) => IMPURE_WORDS.test(stripComments(readFileSync(file, 'utf8'))));
    expect(impure.map((file) => path.relative(ROOT, file))).toEqual([]);
  });

  test('the walk would see an impure import', () => {
    expect([...reachFrom('signatures').modules].some((name) => name.startsWith('node:fs'))).toBe(true);
  });
});

describe('folders of lib/ import one way', () => {
  const folders = readdirSync(path.join(ROOT, 'lib'));
  test('every folder has its place', () => {
    expect(folders.filter((folder) => !ORDER.includes(folder) && !UTILITIES.includes(folder))).toEqual([]);
  });

  test.each(folders)('lib/%s', (folder) => {
    const allowed = UTILITIES.includes(folder)
      ? [...UTILITIES, 'pullspec']
      : [...UTILITIES, ...ORDER.slice(0, ORDER.indexOf(folder) + 1)];
    const wrong = listSources(path.join(ROOT, 'lib', folder)).flatMap((file) =>
      importsOf(file, 'all')
        .filter((imported) => imported.startsWith('.'))
        .map((imported) => path.relative(path.join(ROOT, 'lib'), path.resolve(path.dirname(file), imported)))
        .filter((target) => !allowed.includes(target.split(path.sep)[0] ?? ''))
        .map((target) => `${path.relative(ROOT, file)} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

test('the environment is read in one module of lib/', () => {
  const readers = listSources(path.join(ROOT, 'lib')).filter((file) =>
    /process\.env/.test(stripComments(readFileSync(file, 'utf8'))),
  );
  expect(
    readers.map((file) => path.relative(ROOT, file)).filter((file) => file !== 'lib/platform/lambda/environment.ts'),
  ).toEqual([]);
});

function stripComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
