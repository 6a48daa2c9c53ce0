import path from 'node:path';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import { readRegistriesD } from '../../trust/registries-d/read-registries-d.ts';

/** What nodes read signature settings from beside the files that were rendered, by path. */
type NodeFiles = ReadonlyMap<string, Uint8Array | undefined>;

/** Nodes of 5.0 may read both; of a name that both have, the one below `/etc` counts. */
const REGISTRIES_D = ['/etc/containers/registries.d', '/usr/share/containers/registries.d'];

const POLICY = '/etc/containers/policy.json';

/** Directories whose files can move the policy of CRI-O elsewhere, and what they set for that. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  // crio.conf(5)
  ['/etc/crio/crio.conf.d', 'signature_policy'],
  // go.podman.io/storage/pkg/configfile, which reads no drop-ins of policy.json
  ['/etc/systemd/system/crio.service.d', 'CONTAINERS_POLICY_JSON'],
  ['/etc/sysconfig', 'CONTAINERS_POLICY_JSON'],
]);

/** Directories of which every file may count. */
export const SETTING_DIRECTORIES: readonly string[] = [...REGISTRIES_D, ...SETTINGS.keys()];

/**
 * Files that take away from what was rendered although they are elsewhere: the same section of registries.d in two files
 * stops every pull, and a setting of CRI-O may name another policy.
 *
 * @param expected the rendered files
 * @param found all files that are known, the rendered ones among them
 */
export function findOtherPlaces(expected: NodeFiles, found: NodeFiles): readonly string[] {
  const others = [...found].filter(
    ([file]) => !expected.has(file) && !isHidden(file, [...expected.keys(), ...found.keys()]),
  );
  const ours = [...expected].filter(([file]) => isRegistriesD(file));
  return others.flatMap(([file, bytes]) => {
    if (bytes === undefined) return [];
    if (isRegistriesD(file)) return findSharedSections(ours, file, bytes);
    const setting = SETTINGS.get(path.posix.dirname(file));
    if (setting === undefined || !sets(setting, Buffer.from(bytes).toString('utf8'))) return [];
    return [`${file} sets ${setting}: CRI-O does not go by ${POLICY}`];
  });
}

/** Whether a line that is no comment sets it to another place: `x = "y"`, or `Environment="x=y"`. */
function sets(setting: string, text: string): boolean {
  return text.split('\n').some((line) => {
    const at = line.indexOf(setting);
    const before = at < 0 ? '#' : line.slice(0, at).trim();
    const [next = '', ...rest] = line.slice(at + setting.length).trim();
    const value = rest.join('').replaceAll('"', '').replaceAll("'", '').trim();
    const isName = before === '' || before === 'export' || before.startsWith('Environment=');
    return isName && next === '=' && value !== '' && value !== POLICY;
  });
}

function isRegistriesD(file: string): boolean {
  return REGISTRIES_D.includes(path.posix.dirname(file)) && file.endsWith('.yaml');
}

/** Whether a file of `/usr/share` is replaced by the one of its name below `/etc`. */
function isHidden(file: string, all: readonly string[]): boolean {
  const [etc = '', share = ''] = REGISTRIES_D;
  return path.posix.dirname(file) === share && all.includes(`${etc}/${path.posix.basename(file)}`);
}

function findSharedSections(
  ours: readonly (readonly [string, Uint8Array | undefined])[],
  file: string,
  bytes: Uint8Array,
): readonly string[] {
  const theirs = listSections(file, bytes);
  if (typeof theirs === 'string') return [theirs];
  return ours.flatMap(([ourFile, ourBytes]) => {
    const sections = ourBytes === undefined ? [] : listSections(ourFile, ourBytes);
    const shared = typeof sections === 'string' ? [] : sections.filter((section) => theirs.includes(section));
    return shared.map((section) => `${section} is in ${ourFile} and in ${file}: nodes pull nothing with both`);
  });
}

/** The sections of one file, or why nodes cannot read it, which stops every pull too. */
function listSections(file: string, bytes: Uint8Array): readonly string[] | string {
  try {
    const [document] = parseTrustFile({ name: file, bytes });
    if (document === undefined) return [];
    const { defaultDocker, docker } = readRegistriesD([{ document: file, content: document.content }]);
    return [
      ...(defaultDocker === undefined ? [] : ['default-docker']),
      ...[...docker.keys()].map((key) => `docker.${key}`),
    ];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return `${file} cannot be read: ${error.message}`;
  }
}
