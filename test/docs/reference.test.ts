import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram, isCommonOption } from '../../cli/shell/build-program.ts';
import { EXIT_CODES } from '../../cli/shell/exit-codes.ts';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { REASON_CODES } from '../../lib/base/errors/reason-code.ts';
import { parseTrustFile } from '../../lib/trust/documents/parse-trust-file.ts';
import { defaultProfileSpec, type ProfileSpec, parseProfile } from '../../lib/trust/documents/profile.ts';
import { START_OPTIONS } from '../../local/options.ts';
import { makeReference } from '../../scripts/reference.ts';
import { toRun } from '../support/run-signet.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const FOLDER = 'docs/reference';

const pages = Object.entries(await makeReference());
const program = buildProgram(toRun(), await loadNouns());

const Service = v.object({
  provider: v.object({ environment: v.record(v.string(), v.unknown()) }),
  functions: v.record(v.string(), v.object({ environment: v.optional(v.record(v.string(), v.unknown()), {}) })),
});
// CloudFormation's short forms (`!Ref`) are read as plain values: only names matter here.
const service = v.parse(Service, parse(readText('serverless.yml'), { logLevel: 'silent' }));

function readText(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

function listSources(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

/** The cells of a table's rows, as they are written. */
function readTable(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** A section of a page of the reference, without its sub-sections. */
function readSection(page: string, heading: string): string {
  const [, rest = ''] = readText(`${FOLDER}/${page}`).split(`\n## ${heading}\n`);
  return rest.split(/\n##? /, 1)[0] ?? '';
}

function listNames(section: string): readonly string[] {
  return readTable(section).map(([name = '']) => name.replaceAll('`', ''));
}

function sort(names: Iterable<string>): readonly string[] {
  return [...names].toSorted((one, other) => (one < other ? -1 : 1));
}

describe('docs/reference', () => {
  test.each(pages)('%s is current: npm run reference', (name, text) => {
    expect(readText(`${FOLDER}/${name}`)).toBe(text);
  });

  test('has no page that nothing makes', () => {
    expect(sort(readdirSync(path.join(ROOT, FOLDER)))).toEqual(sort(pages.map(([name]) => name)));
  });

  test('has no empty cell but that of a condition', () => {
    const rows = pages.flatMap(([name, text]) =>
      readTable(text).map((cells) => (name === 'functions.md' ? cells.slice(0, 2) : cells)),
    );
    expect(rows.length).toBeGreaterThan(300);
    expect(rows.filter((cells) => cells.includes(''))).toEqual([]);
  });
});

describe('docs/reference/configuration.md', () => {
  const ofFunctions = listNames(readSection('configuration.md', 'The environment of a function'));
  const ofAll = listNames(readSection('configuration.md', 'The environment of every process'));

  const ofCommands = listNames(readSection('configuration.md', 'The environment of the command line'));

  test('has the environment variables that functions are given, and that sources name, and no other', () => {
    const named = ['cli', 'functions', 'lib', 'local']
      .flatMap(listSources)
      .flatMap((file) => [...readText(file).matchAll(/'((?:SIGNET|AWS)_[A-Z0-9_]+|(?:HTTPS?|NO)_PROXY)'/g)])
      .map(([, name = '']) => name);
    const given = [
      ...Object.keys(service.provider.environment),
      ...Object.values(service.functions).flatMap(({ environment }) => Object.keys(environment)),
    ];
    expect(sort([...ofFunctions, ...ofAll, ...ofCommands])).toEqual(sort(new Set([...named, ...given])));
  });

  test('says which function is given a variable', () => {
    const rows = readTable(readSection('configuration.md', 'The environment of a function'));
    for (const [name, { environment }] of Object.entries(service.functions)) {
      const documented = rows.filter(([, , meaning = '']) => new RegExp(`given to .*\\b${name}\\b`).test(meaning));
      expect(sort(documented.map(([variable = '']) => variable.replaceAll('`', '')))).toEqual(
        sort(Object.keys(environment)),
      );
    }
  });

  test('has the flags of npm start, with their defaults', () => {
    const rows = readTable(readSection('configuration.md', 'The flags of the service on one machine'));
    expect(rows.map(([flag = '']) => flag.replaceAll('`', '').split(' ')[0])).toEqual(
      Object.keys(START_OPTIONS).map((name) => `--${name}`),
    );
    expect(rows.find(([flag]) => flag === '`--port N`')?.[1]).toBe('`8080`');
  });

  test('has the parameters of a deployment, in the order of infra/parameters.yml, with their defaults by stage', () => {
    const rows = readTable(readSection('configuration.md', 'The parameters of a deployment'));
    const Stages = v.record(v.string(), v.record(v.string(), v.unknown()));
    const { default: defaults = {} } = v.parse(Stages, parse(readText('infra/parameters.yml')));
    expect(rows.map(([name = '']) => name.replaceAll('`', ''))).toEqual(Object.keys(defaults));
    expect(rows.find(([name]) => name === '`logRetentionDays`')?.[1]).toBe('`30`; stage prod: `365`');
  });
});

describe('docs/reference/functions.md', () => {
  test('has every function, with what calls it and what it may do', () => {
    for (const name of readdirSync(path.join(ROOT, 'functions'))) {
      const section = readSection('functions.md', name);
      const isGrantless = section.includes('It has no grant of its own.');
      const rows = isGrantless ? 0 : readTable(section).length;
      expect([name, section.includes('\n- '), rows > 0]).toEqual([name, true, name !== 'serve-page']);
    }
  });

  test('has every route', () => {
    const routes = [...readText('serverless.yml').matchAll(/httpApi: \{ method: (\w+), path: "?([^",]+?)"?[ ,]/g)];
    const page = readText(`${FOLDER}/functions.md`);
    expect(routes.length).toBeGreaterThan(15);
    expect(
      routes.map(([, method, route]) => `\`${method} ${route}\``).filter((route) => !page.includes(route)),
    ).toEqual([]);
  });
});

describe('docs/reference/commands.md', () => {
  const commands = program.commands.flatMap((noun) =>
    noun.commands.length === 0
      ? [{ name: noun.name(), command: noun }]
      : noun.commands.map((verb) => ({ name: `${noun.name()} ${verb.name()}`, command: verb })),
  );

  test('no command is below a verb', () => {
    expect(commands.flatMap(({ command }) => command.commands)).toEqual([]);
  });

  test.each(commands)('has signet $name, its flags and its exit status', ({ name, command }) => {
    const section = readSection('commands.md', `signet ${name}`);
    const documented = readTable(section).flatMap(([flag = '']) => /--[a-z][a-z-]*/.exec(flag)?.[0] ?? []);
    expect(sort(documented)).toEqual(
      sort(command.options.filter((one) => !isCommonOption(one)).map(({ long }) => long ?? '')),
    );
    expect(section).toMatch(/\nExit status: 0 /);
  });

  test('has no exit status of a command that is not there', () => {
    expect(sort(Object.keys(EXIT_CODES))).toEqual(sort(commands.map(({ name }) => name)));
  });
});

test('docs/reference/reason-codes.md explains every reason code, and no other', () => {
  expect(readTable(readText(`${FOLDER}/reason-codes.md`)).map(([code = '']) => code.replaceAll('`', ''))).toEqual([
    ...REASON_CODES,
  ]);
});

describe('docs/guides/trust.md', () => {
  const [, section = ''] = readText('docs/guides/trust.md').split('\n## The Profile document\n');

  test('has the fields of a Profile, with their defaults', () => {
    const fields = readTable(section.split('\nThe members of ', 1)[0] ?? '');
    expect(fields.map(([name = '']) => name.replaceAll('`', ''))).toEqual(Object.keys(PROFILE_FIELDS));
    const defaults = new Map<string, unknown>(Object.entries(defaultProfileSpec()));
    for (const [name = '', fallback] of fields) {
      const value = defaults.get(name.replaceAll('`', ''));
      const written = typeof value === 'string' ? value : JSON.stringify(value);
      if (value !== undefined) expect(fallback).toBe(`\`${written}\``);
    }
  });

  test('shows a Profile that loads', () => {
    const [, text = ''] = /```yaml\n([^`]*)```/.exec(section) ?? [];
    const documents = parseTrustFile({ name: 'profile.yaml', bytes: Buffer.from(text) }).map(parseProfile);
    expect(documents.map(({ name }) => name)).toEqual(['okd']);
  });
});

/** A field that is added to the schema and not here does not compile. */
const PROFILE_FIELDS: Readonly<Record<keyof ProfileSpec, true>> = {
  verification: true,
  canonicalRepositories: true,
  signedRepositories: true,
  signedRepository: true,
  mode: true,
  force: true,
  componentImages: true,
  require: true,
  bundleIdentity: true,
  platforms: true,
  graphAliases: true,
  pushSources: true,
  stores: true,
  registries: true,
  ignoreKinds: true,
};
