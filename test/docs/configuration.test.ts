import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NOUNS } from '../../cli/shell/nouns.ts';
import { buildProgram } from '../../cli/shell/program.ts';
import { parseTrustFile } from '../../lib/trust/documents/parse-trust-file.ts';
import { defaultProfileSpec, type ProfileSpec, parseProfile } from '../../lib/trust/documents/profile.ts';
import { START_OPTIONS } from '../../local/options.ts';

const ROOT = path.join(import.meta.dirname, '../..');

interface Row {
  /** A variable, a flag in its long form, or a parameter. */
  readonly name: string;
  readonly of: string;
  readonly fallback: string;
  readonly meaning: string;
}

const [settings = '', profileFields = ''] = readText('docs/configuration.md').split('## The Profile document');

/** The cells of a table's rows, as they are written. */
function readTable(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll(String.raw`\|`, '|')),
  );
}

/** The table of settings, with one row for each thing that a name is of. */
const rows: readonly Row[] = readTable(settings).flatMap(([written = '', owners = '', fallback = '', meaning = '']) => {
  const name = /--[a-z][a-z-]*/.exec(written)?.[0] ?? written.replaceAll('`', '');
  return [...owners.matchAll(/`([^`]+)`/g)].map(([, of = '']) => ({ name, of, fallback, meaning }));
});

const isVariable = ({ name }: Row): boolean => /^[A-Z][A-Z0-9_]+$/.test(name);

function readText(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

/** Names of environment variables that a source reads. */
function findVariables(source: string): readonly string[] {
  return [...source.matchAll(/'([A-Z][A-Z0-9]*_[A-Z0-9_]+)'/g)].map(([, name = '']) => name);
}

function listSources(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

const Service = v.object({
  params: v.record(v.string(), v.record(v.string(), v.union([v.string(), v.number()]))),
  provider: v.object({ environment: v.record(v.string(), v.unknown()) }),
  functions: v.record(v.string(), v.object({ environment: v.optional(v.record(v.string(), v.unknown()), {}) })),
});
// CloudFormation's short forms (`!Ref`) are read as plain values: only names matter here.
const service = v.parse(Service, parse(readText('serverless.yml'), { logLevel: 'silent' }));

const program = buildProgram(() => undefined, Object.values(NOUNS));

describe('docs/configuration.md', () => {
  test('has the environment variables that the code reads, and no other', () => {
    const read = [
      ...['lib/platform/lambda/read-configuration.ts', 'lib/platform/lambda/environment.ts'].flatMap((file) =>
        findVariables(readText(file)),
      ),
      ...['cli', 'functions', 'lib', 'local', 'test']
        .flatMap(listSources)
        .flatMap((file) =>
          [...readText(file).matchAll(/process\.env\['([A-Z0-9_]+)'\]/g)].map(([, name = '']) => name),
        ),
      ...Object.keys(service.provider.environment),
      ...Object.values(service.functions).flatMap(({ environment }) => Object.keys(environment)),
    ];
    // Handed on to processes that tests start.
    const expected = new Set(read.filter((name) => name !== 'PATH'));
    expect(sort(new Set(rows.filter(isVariable).map(({ name }) => name)))).toEqual(sort(expected));
  });

  test.each(Object.entries(service.functions))(
    'has the variables of its own that %s is given',
    (name, { environment }) => {
      const documented = rows.filter((row) => isVariable(row) && row.of === name).map((row) => row.name);
      expect(sort(documented)).toEqual(sort(Object.keys(environment)));
    },
  );

  test('has the flags of npm start, with their defaults', () => {
    const documented = rows.filter(({ of, name }) => of === 'npm start' && name.startsWith('--'));
    expect(sort(documented.map(({ name }) => name))).toEqual(
      sort(Object.keys(START_OPTIONS).map((name) => `--${name}`)),
    );
    for (const [name, option] of Object.entries(START_OPTIONS)) {
      const row = documented.find((one) => one.name === `--${name}`);
      if ('default' in option) expectDefault(row, option.default);
    }
  });

  const flags = listFlags(program, 'signet');
  test('has the flags of every signet command, and no other', () => {
    const documented = rows.filter(({ of, name }) => /^signet\b/.test(of) && name.startsWith('--'));
    expect(sort(documented.map(({ of, name }) => `${of} ${name}`))).toEqual(
      sort(flags.map(({ of, name }) => `${of} ${name}`)),
    );
  });

  test.each(flags)('has the default of $of $name', ({ of, name, isMandatory, fallback }) => {
    const row = rows.find((one) => one.of === of && one.name === name);
    expect(row?.fallback === 'required').toBe(isMandatory);
    expectDefault(row, fallback);
  });

  test('has the parameters of a deployment, with their defaults by stage', () => {
    const { default: defaults = {}, ...stages } = service.params;
    const documented = rows.filter(({ of }) => of === 'deployment');
    expect(sort(documented.map(({ name }) => name))).toEqual(sort(Object.keys(defaults)));
    for (const { name, fallback } of documented) {
      const others = Object.entries(stages).flatMap(([stage, values]) =>
        values[name] === undefined ? [] : [`; stage ${stage}: \`${values[name]}\``],
      );
      expect(fallback).toBe(`\`${defaults[name]}\`${others.join('')}`);
    }
  });

  test('has the fields of a Profile, with their defaults', () => {
    const fields = readTable(profileFields);
    expect(fields.map(([name = '']) => name.replaceAll('`', ''))).toEqual(Object.keys(PROFILE_FIELDS));
    const defaults = new Map<string, unknown>(Object.entries(defaultProfileSpec()));
    for (const [name = '', fallback] of fields) {
      const value = defaults.get(name.replaceAll('`', ''));
      const written = typeof value === 'string' ? value : JSON.stringify(value);
      if (value !== undefined) expect(fallback).toBe(`\`${written}\``);
    }
  });

  test('shows a Profile that loads', () => {
    const [, text = ''] = /```yaml\n([^`]*)```/.exec(profileFields) ?? [];
    const documents = parseTrustFile({ name: 'profile.yaml', bytes: Buffer.from(text) }).map(parseProfile);
    expect(documents.map(({ name }) => name)).toEqual(['okd']);
  });

  test('says what each is for', () => {
    expect(rows.filter(({ fallback, meaning }) => fallback === '' || meaning === '')).toEqual([]);
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
  require: true,
  bundleIdentity: true,
  platforms: true,
  graphAliases: true,
  pushSources: true,
  stores: true,
  registries: true,
  ignoreKinds: true,
};

interface Flag {
  readonly of: string;
  readonly name: string;
  readonly isMandatory: boolean;
  readonly fallback: unknown;
}

function listFlags(command: Command, of: string): readonly Flag[] {
  const own = command.options.map(({ long, mandatory, defaultValue }) => ({
    of,
    name: long ?? '',
    isMandatory: mandatory,
    fallback: defaultValue as unknown,
  }));
  return [...own, ...command.commands.flatMap((child) => listFlags(child, `${of} ${child.name()}`))];
}

function expectDefault(row: Row | undefined, fallback: unknown): void {
  if (typeof fallback === 'string') expect(row?.fallback).toBe(`\`${fallback}\``);
  if (fallback === false) expect(row?.fallback).toBe('off');
}

function sort(names: Iterable<string>): readonly string[] {
  return [...names].toSorted((one, other) => (one < other ? -1 : 1));
}
