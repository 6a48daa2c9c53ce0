import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { countLines, filesImportedBy, findCycles, fromRoot, ROOT } from '../../scripts/house/sources.ts';

const SOURCES = path.join(ROOT, 'console/src');
/** The folders of the page in import order: a file imports only files of its own folder and of those above it. */
const ORDER = ['text', 'api', 'state', 'parts', 'charts', 'views'];
const MAX_LINES = 220;
const MAX_FILES = 18;

const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name));
/** The folder of the page that a file is in; undefined for what starts it. */
const roomOf = (file: string): string | undefined => {
  const [room, ...rest] = path.relative(SOURCES, file).split(path.sep);
  return rest.length === 0 ? undefined : room;
};

describe('the page', () => {
  test('has no other folder than those in the order', () => {
    expect(new Set(files.map(roomOf).filter((room) => room !== undefined))).toEqual(new Set(ORDER));
  });

  test.each(ORDER)('%s imports nothing from below it', (room) => {
    const allowed = ORDER.slice(0, ORDER.indexOf(room) + 1);
    const imported = files
      .filter((file) => roomOf(file) === room)
      .flatMap((file) => filesImportedBy(file).map((other) => `${fromRoot(file)} imports ${fromRoot(other)}`));
    const named = imported.filter((line) => !allowed.some((above) => line.includes(` imports console/src/${above}/`)));
    expect(named).toEqual([]);
  });

  test('imports nothing of the service, and nothing but its own packages', () => {
    const foreign = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/from '([^'.][^']*)'|import\('([^']+)'\)/g)]
        .map(([, name = '', loaded = '']) => name + loaded)
        .filter((name) => name !== 'preact' && name !== 'preact/hooks')
        .map((name) => `${fromRoot(file)}: ${name}`),
    );
    const outside = files.flatMap((file) => filesImportedBy(file).filter((other) => !other.startsWith(SOURCES)));
    expect([...foreign, ...outside]).toEqual([]);
  });

  test('has no cycles, no long file and no full folder', () => {
    expect(findCycles(files, filesImportedBy)).toEqual([]);
    expect(files.filter((file) => countLines(file) > MAX_LINES).map(fromRoot)).toEqual([]);
    const full = [...Map.groupBy(files, (file) => path.dirname(file))].filter(
      ([, inside]) => inside.length > MAX_FILES,
    );
    expect(full.map(([folder]) => fromRoot(folder))).toEqual([]);
  });

  test.each([
    ['markup of a text', /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write/],
    ['a script of a text', /\beval\b|new Function|setTimeout\(['"`]/],
    ['a style that the content security policy refuses', /\sstyle=/],
    ['a link to elsewhere', /target=|href=["'{`]*https?:|window\.open/],
    ['force', /verify\/forced|force:/],
  ])('makes no %s', (_, pattern) => {
    expect(files.filter((file) => pattern.test(readFileSync(file, 'utf8'))).map(fromRoot)).toEqual([]);
  });

  test('reads no clock, no page and no network in text/', () => {
    const impure = /\b(?:Date\.now|new Date\(\)|document|window|location|fetch|localStorage)\b/;
    const found = files.filter((file) => roomOf(file) === 'text' && impure.test(readFileSync(file, 'utf8')));
    expect(found.map(fromRoot)).toEqual([]);
  });
});
