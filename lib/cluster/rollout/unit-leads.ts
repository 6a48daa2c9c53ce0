/** What CRI-O is told to read or start elsewhere: a file of variables, its own settings, another program. */
export interface Lead {
  readonly kind: 'variables' | 'settings' | 'program';
  /** A path, as it is written. */
  readonly place: string;
}

const PROGRAM = '/usr/bin/crio';
/** Options of crio(8), with one dash too, as Go's flags have it, and its variables for the same, by what they hold at first. */
const DEFAULTS: ReadonlyMap<string, string> = new Map(
  [
    { place: '/etc/crio/crio.conf', names: ['--config', '-config', '--c', '-c', 'CONTAINER_CONFIG'] },
    { place: '/etc/crio/crio.conf.d', names: ['--config-dir', '-config-dir', '--d', '-d', 'CONTAINER_CONFIG_DIR'] },
  ].flatMap(({ place, names }) => names.map((name) => [name, place] as const)),
);
/** In lines that say what CRI-O is called with: of other programs, `-c` is something else. */
const OF_CALLS = ['CRIO_', 'CONTAINER_CONFIG'];

/**
 * What a unit of systemd, or a file of variables for one, leads CRI-O to.
 *
 * @param text of a unit of CRI-O, of a drop-in, or of variables
 */
export function listLeads(text: string): readonly Lead[] {
  const lines = text.replaceAll(/\\\r?\n/g, ' ').split('\n');
  return lines.map((line) => line.trim()).flatMap((line) => (/^[#;]/.test(line) ? [] : readLine(line)));
}

function readLine(line: string): readonly Lead[] {
  const leads: Lead[] = [];
  const [key = '', ...values] = line.split('=');
  const setting = key.trim();
  // Without a value, what was named before is forgotten.
  const named = values.join('=').replaceAll(/["']/g, '').trim();
  if (setting === 'EnvironmentFile' && named !== '') leads.push({ kind: 'variables', place: named.replace(/^-/, '') });
  if (setting === 'ExecStart' && named !== '') {
    // Marks before the path say how it is run (systemd.service(5)).
    const program = named.replace(/^[@:+!|-]+/, '').split(/\s/, 1)[0] ?? '';
    if (program !== PROGRAM) leads.push({ kind: 'program', place: program });
  }
  if (setting !== 'ExecStart' && !OF_CALLS.some((word) => line.includes(word))) return leads;
  const words = line.split(/[\s"'=]+/);
  for (const [at, word] of words.entries()) {
    const place = words[at + 1] ?? '';
    if (DEFAULTS.has(word) && place !== '' && place !== DEFAULTS.get(word)) leads.push({ kind: 'settings', place });
  }
  return leads;
}
