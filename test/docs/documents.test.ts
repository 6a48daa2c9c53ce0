import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../cli/shell/build-program.ts';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { START_OPTIONS } from '../../local/options.ts';
import { listDocuments } from '../../scripts/format-documents.ts';
import { toRun } from '../support/run-signet.ts';

const ROOT = path.join(import.meta.dirname, '../..');
/** What people read to do something: whatever these name has to be there. */
const GUIDES = listDocuments().filter((file) => !/^(?:CHANGELOG\.md|test\/)/.test(file));
const SOURCES = /`((?:bench|cli|demo|docs|functions|infra|lib|local|scripts|test)\/[\w./-]+)`/g;

const { scripts } = v.parse(
  v.object({ scripts: v.record(v.string(), v.string()) }),
  JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')),
);

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** Command lines as a reader would copy them: a backslash joins lines, and what a shell adds after one is cut off. */
function findCommands(text: string, start: RegExp): readonly string[] {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  return [...joined.matchAll(new RegExp(`${start.source}([^\\n]*)`, 'g'))].map(
    ([, rest = '']) => rest.split(/[`;|>]|&&/, 1)[0]?.trim() ?? '',
  );
}

const program = buildProgram(toRun(), await loadNouns());

/** What is wrong with the words after `signet`; undefined when the program would know them all. */
function judgeCommand(words: readonly string[]): string | undefined {
  let command: Command = program;
  let index = 0;
  for (; index < words.length && command.commands.length > 0; index += 1) {
    const child = command.commands.find((candidate) => candidate.name() === words[index]);
    if (child === undefined) break;
    command = child;
  }
  if (command.commands.length > 0) return words[index] === undefined ? undefined : `no command ${words[index]}`;
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  return words
    .slice(index)
    .filter((word) => /^--?[a-z]/.test(word) && !known.includes(word))
    .map((flag) => `no flag ${flag}`)[0];
}

/** What blocks of commands redirect to, below a folder that none before has made. */
function findUnmade(text: string): readonly string[] {
  const made = new Set<string>();
  const unmade: string[] = [];
  for (const [, block = ''] of text.matchAll(/^ *```(?:sh|bash|console)\n([\s\S]*?)^ *```/gm)) {
    for (const line of block.split('\n')) {
      const [, folders = ''] = /\bmkdir -p ([^|;&]+)/.exec(line) ?? [];
      for (const folder of folders.split(/\s+/)) made.add(toFirstFolder(folder.replaceAll('"', '')));
      for (const [, target = ''] of line.matchAll(/(?<=\s)>{1,2} *"?([\w.$][^\s"|;&]*)/g)) {
        const folder = toFirstFolder(target);
        const isThere = made.has(folder) || existsSync(path.join(ROOT, folder));
        if (target.includes('/') && !isThere) unmade.push(target);
      }
    }
  }
  return unmade;
}

/** What the shell of whoever reads has, or the command before it sets. */
const GIVEN_VARIABLE = /^(?:HOME|PATH|PWD|USER|KUBECONFIG|AWS_\w+|CI_\w+|GITHUB_\w+)$/;

/** Variables of commands that no line up to theirs sets. */
function findUnset(text: string): readonly string[] {
  const set = new Set<string>();
  const unset: string[] = [];
  for (const [, kind, block = ''] of text.matchAll(/^ *```(sh|bash|console)\n([\s\S]*?)^ *```/gm)) {
    // A program in single quotes has variables of its own.
    for (const line of block.replaceAll(/'[^']*'/g, "''").split('\n')) {
      if (kind === 'console' && !line.trimStart().startsWith('$ ')) continue;
      const assignments = [...line.matchAll(/(?:^|[\s;&|(])(\w+)=|\bfor (\w+) in|\bread (?:-\w+ )?(\w+)/g)];
      for (const [, assigned, looped, filled] of assignments) set.add(assigned ?? looped ?? filled ?? '');
      for (const [, name = ''] of line.matchAll(/\$\{?([A-Za-z_]\w*)/g)) {
        if (!set.has(name) && !GIVEN_VARIABLE.test(name)) unset.push(name);
      }
    }
  }
  return unset;
}

function toFirstFolder(place: string): string {
  return place.split('/', 1)[0] ?? '';
}

/** As GitHub makes an anchor of a heading. */
function toAnchor(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function listAnchors(file: string): readonly string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => toAnchor(heading));
}

describe.each(GUIDES)('%s', (file) => {
  const text = read(file);

  test('every npm script is in package.json', () => {
    const named = [...text.matchAll(/\bnpm (?:run (?:--\S+ )?([\w:-]+)|(start|test))/g)].map(
      ([, run, short]) => run ?? short ?? '',
    );
    if (['README.md', 'CONTRIBUTING.md'].includes(file)) expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  test('every option of npm start is one', () => {
    const flags = findCommands(text, /npm start -- /).flatMap((rest) => rest.match(/--[a-z-]+/g) ?? []);
    expect(flags.filter((flag) => !Object.hasOwn(START_OPTIONS, flag.slice(2)))).toEqual([]);
  });

  test('every signet command and flag is known to the program', () => {
    const commands = [...findCommands(text, /npx signet /), ...findCommands(text, /`signet /)];
    const wrong = commands.flatMap((command) => {
      const fault = judgeCommand(command.split(/\s+/));
      return fault === undefined ? [] : [`${command}: ${fault}`];
    });
    expect(wrong).toEqual([]);
  });

  test('every folder that a command writes into is made before', () => {
    expect(findUnmade(text)).toEqual([]);
  });

  test('every variable that a command uses is set before', () => {
    expect(findUnset(text)).toEqual([]);
  });
});

test('the check of variables sees one that nobody set', () => {
  const block = (...lines: readonly string[]): string => ['```sh', ...lines, '```'].join('\n');
  expect(findUnset(block('aws s3 ls "s3://$bucket/$prefix/$key"', 'bucket=a'))).toEqual(['bucket', 'prefix', 'key']);
  const set = block(
    'a=1 b=$(pwd)',
    'for c in x; do',
    'ls | while read -r d; do',
    'echo "$a $b $c $d $HOME" | jq \'$e\'',
  );
  expect(findUnset(set)).toEqual([]);
  expect(findUnset('```console\n$ echo $a\nthis prints $b\n```')).toEqual(['a']);
});

test('the check of folders sees one that nobody made', () => {
  const block = (...lines: readonly string[]): string => ['```sh', ...lines, '```'].join('\n');
  expect(findUnmade(block('oc get nodes > site/nodes.yaml', 'oc get mcp >> "other/$name.yaml"'))).toEqual([
    'site/nodes.yaml',
    'other/$name.yaml',
  ]);
  const made = block('mkdir -p site "other"', 'oc get nodes > site/nodes.yaml', 'oc get mcp >> "other/$name.yaml"');
  expect(findUnmade(`${made}\n${block('cat x > plain.txt 2> /dev/null')}`)).toEqual([]);
});

describe('the check of commands sees', () => {
  test.each([
    ['a command that is not there', 'sign FILE', 'no command sign'],
    ['a sub-command that is not there', 'trust remove redhat', 'no command remove'],
    ['a flag that is not there', 'verify PULLSPEC --trust DIR --insecure', 'no flag --insecure'],
    ['a flag of another command', 'check PULLSPEC --store URL', 'no flag --store'],
    ['nothing wrong', 'signature verify FILE --keyring FILE -o json', undefined],
  ])('%s', (_, command, expected) => {
    expect(judgeCommand(command.split(' '))).toBe(expected);
  });
});

describe.each(listDocuments())('%s', (file) => {
  const text = read(file);

  test('every relative link leads somewhere', () => {
    const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      const [target = '', anchor] = link.split('#');
      const linked = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
      if (!existsSync(path.join(ROOT, linked))) return true;
      return anchor !== undefined && !listAnchors(linked).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('every file of ours that is named is there', () => {
    const named = [...text.matchAll(SOURCES)].map(([, name = '']) => name);
    expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });
});
