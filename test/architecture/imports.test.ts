import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { countFigures } from '../../scripts/house/figures.ts';
import { filesImportedBy, findCycles, fromRoot, LIB, listSources, stripComments } from '../../scripts/house/sources.ts';

/**
 * The folders of lib/ in import order: a file imports only files of its own folder and of those above it. A pure folder
 * reaches no network, file system, clock or environment at run time.
 */
const ORDER: readonly (readonly [folder: string, purity?: 'pure'])[] = [
  ['base/errors', 'pure'],
  ['base/names', 'pure'],
  ['base/documents', 'pure'],
  ['crypto/openpgp/packets', 'pure'],
  ['crypto/openpgp/keys', 'pure'],
  ['crypto/openpgp/messages', 'pure'],
  ['crypto', 'pure'],
  ['crypto/sigstore/x509', 'pure'],
  ['crypto/sigstore', 'pure'],
  ['crypto/attestation', 'pure'],
  ['platform/time'],
  ['platform/http'],
  ['platform/aws'],
  ['platform/files'],
  ['platform/objects/port'],
  ['platform/objects/directory'],
  ['platform/objects/s3'],
  ['platform/objects'],
  ['platform/queues'],
  ['platform/bus'],
  ['platform/secrets'],
  ['platform/lambda'],
  ['platform/signing'],
  ['trust/registries-d', 'pure'],
  ['trust/policy', 'pure'],
  ['trust/prepared', 'pure'],
  ['trust/documents', 'pure'],
  ['trust/prepare'],
  ['trust/publish'],
  ['trust/source'],
  // The port and its composites stand before the registry, which implements it.
  ['stores/port'],
  ['registry/client'],
  ['registry/profile'],
  ['registry/images'],
  ['registry/attachments'],
  ['stores'],
  ['stores/open'],
  ['verdict/judge', 'pure'],
  ['verdict/words', 'pure'],
  ['verdict/decide'],
  ['verdict/records'],
  ['verdict/attest'],
  ['verdict/seals'],
  ['artifact/release/image'],
  ['artifact/release'],
  ['artifact/installer'],
  ['artifact/checksums'],
  ['artifact/documents', 'pure'],
  ['artifact/boot-images'],
  ['artifact/catalog'],
  ['mirror/graph'],
  ['mirror/slots'],
  ['mirror/check'],
  ['mirror/sync'],
  ['mirror/audit'],
  ['mirror/sigstore'],
  ['cluster/objects', 'pure'],
  ['cluster/render'],
  ['cluster/render/machine-config'],
  ['cluster/render/admission'],
  ['cluster/admission'],
  ['cluster/rollout'],
  ['cluster/fleet'],
  ['cluster/explain/patterns'],
  ['cluster/explain'],
  ['cluster/explain/fixes'],
  ['cluster/readiness'],
  ['cluster/trial'],
  ['cluster/api'],
  ['cluster/sync'],
  ['cluster/releases'],
  ['push/receive/parse', 'pure'],
  ['push/receive'],
  ['push/verify'],
  ['push/reverify'],
  ['bundle/format'],
  ['bundle/create'],
  ['bundle/import'],
  ['bundle/service/config-maps'],
  ['bundle/service'],
];

const ROOMS = [
  'artifact',
  'base',
  'bundle',
  'cluster',
  'crypto',
  'mirror',
  'platform',
  'push',
  'registry',
  'stores',
  'trust',
  'verdict',
];

/** All that a pure folder may import from outside: computation, no network, file, clock or environment. */
const PURE_IMPORTS = [
  'node:crypto',
  'node:util',
  'node:zlib',
  'ipaddr.js',
  'openpgp',
  'seek-bzip',
  'valibot',
  'yaml',
  '@noble/curves/ed25519.js',
  '@noble/curves/nist.js',
  '@sigstore/bundle',
  '@sigstore/verify/dist/bundle/index.js',
  '@sigstore/verify/dist/tlog/index.js',
  '@sigstore/verify/dist/tlog/merkle.js',
  '@sigstore/verify/dist/tlog/set.js',
];
/** Words that read a clock, an environment or the world without an import. */
const IMPURE_WORDS =
  /\b(?:Date\.now|new Date\(\)|performance\.|process\.|globalThis|fetch\(|setTimeout|setInterval|Math\.random|randomBytes|randomUUID|require\(|import\()/;

/** What a file imports at run time: files of ours and modules, but no type, which is erased. */
function importedAtRunTime(file: string): readonly string[] {
  const statements = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';|^import\s+'([^']+)';|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].flatMap(([, isType, named, bare, dynamic]) => {
    const imported = named ?? bare ?? dynamic;
    return imported === undefined || isType !== undefined ? [] : [imported];
  });
}

const inLib = (file: string): string => path.relative(LIB, file);
const folderOf = (file: string): string => path.dirname(inLib(file));

const all = listSources();
const sources = all.filter((file) => !inLib(file).startsWith('..'));

/** Everything that a folder reaches at run time: files of ours, and names of modules. */
function reachFrom(folder: string): { files: ReadonlySet<string>; modules: ReadonlySet<string> } {
  const files = new Set<string>();
  const modules = new Set<string>();
  const waiting = sources.filter((file) => folderOf(file) === folder);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const imported of importedAtRunTime(file)) {
      if (imported.startsWith('.')) waiting.push(path.resolve(path.dirname(file), imported));
      else modules.add(imported);
    }
  }
  return { files, modules };
}

describe('lib/ has twelve rooms, and one order', () => {
  test('no other room', () => {
    expect(readdirSync(LIB).toSorted()).toEqual(ROOMS);
  });

  test('every folder with a source has its place, and every place a folder', () => {
    const folders = new Set(sources.map(folderOf));
    expect([...folders].toSorted()).toEqual(ORDER.map(([folder]) => folder).toSorted());
  });

  test.each(ORDER.map(([folder]) => folder))('lib/%s imports only what is above it', (folder) => {
    const allowed = ORDER.slice(0, ORDER.findIndex(([name]) => name === folder) + 1).map(([name]) => name);
    const wrong = sources
      .filter((file) => folderOf(file) === folder)
      .flatMap((file) =>
        filesImportedBy(file)
          .filter((target) => !allowed.includes(folderOf(target)))
          .map((target) => `${inLib(file)} imports ${inLib(target)}`),
      );
    expect(wrong).toEqual([]);
  });
});

describe('pure folders reach no network, file system, clock or environment', () => {
  test.each(ORDER.filter(([, purity]) => purity === 'pure').map(([folder]) => folder))('lib/%s', (folder) => {
    const { files, modules } = reachFrom(folder);
    expect(files.size).toBeGreaterThan(0);
    expect([...modules].filter((name) => !PURE_IMPORTS.includes(name))).toEqual([]);
    const impure = [...files].filter((file) => IMPURE_WORDS.test(stripComments(readFileSync(file, 'utf8'))));
    expect(impure.map(inLib)).toEqual([]);
  });

  test('the walk would see an impure import', () => {
    expect([...reachFrom('stores').modules].some((name) => name.startsWith('node:fs'))).toBe(true);
  });
});

describe('sources of lib/, functions/, cli/ and local/', () => {
  const figures = new Map(countFigures().map((figure) => [figure.id, figure]));

  test.each([
    ['cycle of imports, types included', 'cycles'],
    ['folder has more than 18 sources', 'full-folders'],
    ['source has more than 220 lines', 'long-sources'],
  ])('no %s', (_, id) => {
    expect(figures.get(id)?.found).toEqual([]);
  });

  test('the search would see a cycle', () => {
    const imported = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
    ]);
    expect(findCycles(['a', 'd'], (file) => imported.get(file) ?? [])).toEqual([['a', 'b', 'c', 'a']]);
  });
});

test('the environment is read in one module of lib/', () => {
  const readers = sources.filter((file) => /process\.env/.test(stripComments(readFileSync(file, 'utf8'))));
  expect(readers.map(inLib).filter((file) => file !== 'platform/lambda/environment.ts')).toEqual([]);
});

test('seconds become text in one module, which cannot throw', () => {
  const writers = all.filter((file) => /new Date\([^;]*\* ?1000\b/.test(stripComments(readFileSync(file, 'utf8'))));
  expect(writers.map(fromRoot)).toEqual(['lib/base/documents/unix-time.ts']);
});
