import path from 'node:path';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import { readRegistriesD } from '../../trust/registries-d/read-registries-d.ts';
import { type CheckName, type Finding, finding } from './rollout.ts';
import { type Comments, sets } from './set-values.ts';
import { followUnits, readUnitLines } from './unit-leads.ts';

/** Files of a node by path; undefined for what is there without anybody knowing what it holds. */
type NodeFiles = ReadonlyMap<string, Uint8Array | undefined>;

/** Nodes of 5.0 may read both; of a name that both have, the one below `/etc` counts. */
const REGISTRIES_D = ['/etc/containers/registries.d', '/usr/share/containers/registries.d'];

const POLICY = '/etc/containers/policy.json';
/** CRI-O's policies of namespaces. */
const NAMESPACES = '/etc/crio/policies';

/** What sets the place of the policy, and that of the policies of namespaces. */
interface SettingNames {
  readonly policy: readonly string[];
  readonly namespaces: readonly string[];
  readonly comments: Comments;
}

/** crio.conf(5) */
const CRIO: SettingNames = {
  policy: ['signature_policy'],
  namespaces: ['signature_policy_dir'],
  comments: 'anywhere',
};
/**
 * Variables and options of crio(8), and one of go.podman.io/storage/pkg/configfile, which reads no drop-ins of
 * policy.json.
 */
const UNITS: SettingNames = {
  policy: ['CONTAINERS_POLICY_JSON', 'CONTAINER_SIGNATURE_POLICY', '--signature-policy', '-signature-policy'],
  namespaces: ['CONTAINER_SIGNATURE_POLICY_DIR', '--signature-policy-dir', '-signature-policy-dir'],
  comments: 'line',
};

const SYSCONFIG = '/etc/sysconfig';

/** Files, and directories whose files, can move the policies of CRI-O elsewhere. */
const SETTINGS: ReadonlyMap<string, SettingNames> = new Map([
  ['/etc/crio/crio.conf', CRIO],
  ['/etc/crio/crio.conf.d', CRIO],
  ['/etc/systemd/system/crio.service', UNITS],
  ['/etc/systemd/system/crio.service.d', UNITS],
  ['/etc/systemd/system/service.d', UNITS],
  ['/etc/systemd/system.control/crio.service', UNITS],
  ['/etc/systemd/system.control/crio.service.d', UNITS],
  ['/usr/local/lib/systemd/system/crio.service', UNITS],
  ['/usr/local/lib/systemd/system/crio.service.d', UNITS],
  ['/usr/local/lib/systemd/system/service.d', UNITS],
  ['/etc/systemd/system.conf', UNITS],
  ['/etc/systemd/system.conf.d', UNITS],
  [SYSCONFIG, UNITS],
]);

/** The machine-config operator's own: what it writes there are proxies, and every unit of a node names it. */
const PROXIES = '/etc/mco/proxy.env';

/** What root has of its own counts before what is below `/etc` (containers-policy.json(5), containers-registries.d(5)). */
const ROOT_HOMES = ['/root/.config/containers', '/var/roothome/.config/containers'];

const SINGLE = [...SETTINGS.keys()].filter((place) => /\.(?:conf|service)$/.test(place));

/** Files that may count where they are. */
export const SETTING_FILES: readonly string[] = [...SINGLE, ...ROOT_HOMES.map((home) => `${home}/policy.json`)];
/** Directories of which every file may count. */
export const SETTING_DIRECTORIES: readonly string[] = [
  ...REGISTRIES_D,
  ...ROOT_HOMES.map((home) => `${home}/registries.d`),
  ...[...SETTINGS.keys()].filter((place) => !SINGLE.includes(place)),
];

interface OtherPlaces {
  readonly faults: readonly string[];
  /** Places that may take away from it, of which nothing is known. */
  readonly unknown: readonly string[];
}

/** What other places say of the expected files; undefined where they take nothing away. */
export function judgeOtherPlaces(
  check: CheckName,
  { faults, unknown }: OtherPlaces,
  checked = '',
): Finding | undefined {
  if (faults.length > 0) {
    return finding(check, 'no', `another file takes away from the expected ones${checked}`, [...faults, ...unknown]);
  }
  if (unknown.length > 0) {
    return finding(check, 'unknown', `another file may take away from the expected ones${checked}`, unknown);
  }
  return undefined;
}

/**
 * Files that take away from what was rendered although they are elsewhere: the same section of registries.d in two files
 * stops every pull, and a setting of CRI-O may name another policy.
 *
 * @param expected the rendered files
 * @param found all files that are known, the rendered ones among them
 */
export function findOtherPlaces(expected: NodeFiles, found: NodeFiles): OtherPlaces {
  const others = [...found].filter(
    ([file]) => !expected.has(file) && !isHidden(file, [...expected.keys(), ...found.keys()]),
  );
  const ours = [...expected].filter(([file]) => isRegistriesD(file));
  const hasNamespaces = [...expected.keys()].some((file) => path.posix.dirname(file) === NAMESPACES);
  // Of namespaces alone: the place of the cluster's policy is none of theirs.
  const moved = [
    ...(hasNamespaces ? [{ kind: 'namespaces' as const, place: NAMESPACES }] : []),
    ...(hasNamespaces && !expected.has(POLICY) ? [] : [{ kind: 'policy' as const, place: POLICY }]),
  ];
  const led = followUnits(new Map(others), others.map(([file]) => file).filter(isOfService), isQuiet);
  const faults = others.flatMap(([file, bytes]) => {
    const directory = path.posix.dirname(file);
    const home = ROOT_HOMES.find((one) => directory === one || directory === `${one}/registries.d`);
    if (home !== undefined)
      return describeHome(
        file,
        home,
        moved.map(({ place }) => place),
      );
    if (bytes === undefined) return [];
    if (isRegistriesD(file)) return findSharedSections(ours, file, bytes);
    const names = SETTINGS.get(file) ?? SETTINGS.get(directory) ?? (led.variables.has(file) ? UNITS : undefined);
    const written = Buffer.from(bytes).toString('utf8');
    const text = names === UNITS ? readUnitLines(written).join('\n') : written;
    return moved.flatMap(({ kind, place }) => {
      const setting = names?.[kind].find((name) => sets(name, place, text, names.comments));
      return setting === undefined ? [] : [`${file} sets ${setting}: CRI-O does not go by ${place}`];
    });
  });
  const unknown = others.flatMap(([file, bytes]) =>
    bytes === undefined && isPlace(file) ? [`${file} is unknown: it is a link, or its contents are elsewhere`] : [],
  );
  return { faults, unknown: moved.length === 0 ? unknown : [...unknown, ...led.unknown] };
}

/** Whether a file is of CRI-O's service, or of all services. */
function isOfService(file: string): boolean {
  const directory = path.posix.dirname(file);
  if (directory === SYSCONFIG) return path.posix.basename(file).startsWith('crio');
  return (SETTINGS.get(file) ?? SETTINGS.get(directory)) === UNITS;
}

/** Whether a file of variables that nobody knows takes nothing away: it is looked for, or holds proxies. */
function isQuiet(file: string): boolean {
  return file === PROXIES || (isOfService(file) && path.posix.dirname(file) === SYSCONFIG);
}

/** Whether something at this path may count, or everything below it. */
function isPlace(file: string): boolean {
  const directory = path.posix.dirname(file);
  const isCounted = isRegistriesD(file) || SETTINGS.has(file) || SETTINGS.has(directory);
  return isCounted || [...SETTING_DIRECTORIES, ...SETTING_FILES].some((one) => `${one}/`.startsWith(`${file}/`));
}

function describeHome(file: string, home: string, places: readonly string[]): readonly string[] {
  if (file !== `${home}/policy.json`) return [`${file}: nodes read nothing of ${REGISTRIES_D.join(', ')}`];
  return places.includes(POLICY) ? [`${file} is root’s own: CRI-O does not go by ${POLICY}`] : [];
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
