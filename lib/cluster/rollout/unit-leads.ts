import { readEscapes } from './set-values.ts';

interface UnitLeads {
  /** Files of variables that units name, and whose contents are known. */
  readonly variables: ReadonlySet<string>;
  /** Where units lead without anybody knowing what is there. */
  readonly unknown: readonly string[];
}

const PROGRAM = '/usr/bin/crio';
/**
 * What says where CRI-O has its settings and root its home, by what it is where nobody sets it: options of crio(8), with
 * one dash too, as Go's flags have it, and variables.
 */
const DEFAULTS: ReadonlyMap<string, readonly string[]> = new Map([
  ...toDefaults(['/etc/crio/crio.conf'], ['--config', '-config', '--c', '-c', 'CONTAINER_CONFIG']),
  ...toDefaults(['/etc/crio/crio.conf.d'], ['--config-dir', '-config-dir', '--d', '-d', 'CONTAINER_CONFIG_DIR']),
  ...toDefaults(['/root', '/var/roothome'], ['HOME']),
  ...toDefaults(['/root/.config', '/var/roothome/.config'], ['XDG_CONFIG_HOME']),
]);
/** Settings by which a program sees other files than those of the node, or another home (systemd.exec(5)). */
const VIEWS: ReadonlySet<string> = new Set([
  'BindPaths',
  'BindReadOnlyPaths',
  'DynamicUser',
  'ExtensionDirectories',
  'ExtensionImages',
  'MountImages',
  'RootDirectory',
  'RootImage',
  'TemporaryFileSystem',
  'User',
]);

function toDefaults(places: readonly string[], names: readonly string[]) {
  return names.map((name) => [name, places] as const);
}

/**
 * Follows what units of CRI-O lead to: files of variables, its own settings, another program, another view of files.
 *
 * @param files all that is known
 * @param units those among them that systemd reads for CRI-O, with their drop-ins and their usual variables
 * @param isQuiet whether a file of variables that is not known takes nothing away
 */
export function followUnits(
  files: ReadonlyMap<string, Uint8Array | undefined>,
  units: readonly string[],
  isQuiet: (variables: string) => boolean,
): UnitLeads {
  const variables = new Set<string>();
  const unknown = new Set<string>();
  // The list grows while it is gone through: variables may name other settings.
  const open = [...units];
  for (const file of open) {
    for (const lead of listLeads(Buffer.from(files.get(file) ?? '').toString('utf8'))) {
      if (lead.kind !== 'variables') unknown.add(`${file} ${lead.fault}`);
      else if (variables.has(lead.place)) continue;
      else if (files.get(lead.place) !== undefined) {
        variables.add(lead.place);
        open.push(lead.place);
      } else if (!isQuiet(lead.place)) {
        unknown.add(`${file} has CRI-O read the variables of ${lead.place}, which are not looked at`);
      }
    }
  }
  return { variables, unknown: [...unknown] };
}

type Lead =
  | { readonly kind: 'variables'; readonly place: string }
  | { readonly kind: 'elsewhere'; readonly fault: string };

function listLeads(text: string): readonly Lead[] {
  const lines = [text, readEscapes(text)].flatMap((one) => [...readRawLines(one), ...readUnitLines(one)]);
  return [...new Set(lines)].flatMap(readLine);
}

/**
 * The lines of a unit or of variables, as systemd joins them: a comment is none, even between two that belong together or
 * with a backslash at its end, and two backslashes join nothing (systemd.syntax(7)).
 */
export function readUnitLines(text: string): readonly string[] {
  const lines: string[] = [];
  let begun = '';
  for (const raw of listLines(text)) {
    begun += isContinued(raw) ? `${raw.slice(0, -1)} ` : raw;
    if (isContinued(raw)) continue;
    lines.push(begun);
    begun = '';
  }
  return begun === '' ? lines : [...lines, begun];
}

/** Each line by itself: releases of systemd differ in what joins two, such as a backslash with a space behind it. */
function readRawLines(text: string): readonly string[] {
  return listLines(text).map((line) => (isContinued(line) ? line.slice(0, -1) : line));
}

function listLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => !line.startsWith('#') && !line.startsWith(';'));
}

function isContinued(line: string): boolean {
  let backslashes = 0;
  while (line.at(-1 - backslashes) === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function readLine(line: string): readonly Lead[] {
  const [key = '', ...values] = line.split('=');
  const setting = key.trim();
  // Without a value, what was named before is forgotten. A line without a setting belongs to the one before it.
  const named = values.join('=').replaceAll(/["']/g, '').trim();
  if (named === '' || !/^\w+$/.test(setting)) return [];
  if (setting === 'EnvironmentFile') return [{ kind: 'variables', place: named.replace(/^-/, '') }];
  if (VIEWS.has(setting)) {
    return named === 'root' || named === 'no' || named === 'false' ? [] : [elsewhere(`sets ${setting} to ${named}`)];
  }
  // What runs beside CRI-O has options of its own.
  if (setting.startsWith('Exec') && setting !== 'ExecStart') return [];
  const leads: Lead[] = [];
  if (setting === 'ExecStart') {
    // Marks before the path say how it is run (systemd.service(5)).
    const program = named.replace(/^[@:+!|-]+/, '').split(/\s/, 1)[0] ?? '';
    if (program !== PROGRAM) leads.push(elsewhere(`starts ${program}, of which nothing is known`));
  }
  const words = line.split(/[\s"'=]+/);
  for (const [at, word] of words.entries()) {
    const place = words[at + 1] ?? '';
    const isOther = place !== '' && DEFAULTS.get(word)?.includes(place) === false;
    if (isOther) leads.push(elsewhere(`has CRI-O read ${place}, which is not looked at`));
  }
  return leads;
}

function elsewhere(fault: string): Lead {
  return { kind: 'elsewhere', fault };
}
