import { InputError } from '../../../base/errors/input-error.ts';
import { parseDnsName } from '../dns-name.ts';
import { type NodeFile, parseNodePath } from './machine-config-files.ts';

/** The Ignition specification of a MachineConfig: 3.4 for current clusters, 2.2 for those before 4.6. */
export type IgnitionVersion = '3.4' | '2.2';

interface IgnitionFile {
  readonly path: string;
  readonly mode: number;
  readonly overwrite?: true;
  readonly filesystem?: 'root';
  readonly contents: { readonly source: string; readonly verification?: Record<string, never> };
}

/** A MachineConfig that writes files (`machineconfiguration.openshift.io/v1`). */
interface MachineConfigManifest {
  readonly apiVersion: 'machineconfiguration.openshift.io/v1';
  readonly kind: 'MachineConfig';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly config: {
      readonly ignition: { readonly version: string };
      readonly storage: { readonly files: readonly IgnitionFile[] };
    };
  };
}

export const ROLE_LABEL = 'machineconfiguration.openshift.io/role';
/** The placeholder of the pool in a name. */
const POOL_PLACEHOLDER = '{pool}';
/** Bytes of the encoded files of one MachineConfig; etcd accepts objects of at most 1.5 MiB. */
export const MAX_MACHINE_CONFIG_BYTES = 1024 * 1024;

/** Characters of a label value in Kubernetes. */
const MAX_LABEL_LENGTH = 63;
const MODE = 0o644;

/**
 * Renders one MachineConfig for each pool, all with the same files in the order of their paths.
 *
 * @param name with `{pool}` in it for several pools
 * @throws InputError `ArgumentInvalid` for a missing, repeated or invalid pool; a name that is invalid, reserved by the
 *   cluster or equal for two pools; no file, a repeated path, and more than {@link MAX_MACHINE_CONFIG_BYTES}
 */
export function toMachineConfigs(input: {
  readonly pools: readonly string[];
  readonly name: string;
  readonly ignition: IgnitionVersion;
  readonly files: readonly NodeFile[];
}): readonly MachineConfigManifest[] {
  const { pools, name, ignition } = input;
  if (pools.length === 0) throw invalid('no pool: give at least one');
  const twice = pools.find((pool, index) => pools.indexOf(pool) !== index);
  if (twice !== undefined) throw invalid(`the pool ${twice} is given twice`);
  if (pools.length > 1 && !name.includes(POOL_PLACEHOLDER)) {
    throw invalid(
      `the name ${JSON.stringify(name)} is the same for ${pools.length} pools: put ${POOL_PLACEHOLDER} in it`,
    );
  }
  const files = toIgnitionFiles(input.files, ignition);
  return pools.map((pool) => ({
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfig',
    metadata: { name: toMachineConfigName(name, pool), labels: { [ROLE_LABEL]: parsePoolName(pool) } },
    spec: { config: { ignition: { version: `${ignition}.0` }, storage: { files } } },
  }));
}

/** The name of a pool's MachineConfig. @throws InputError `ArgumentInvalid` */
export function toMachineConfigName(pattern: string, pool: string): string {
  const name = parseDnsName(pattern.replaceAll(POOL_PLACEHOLDER, parsePoolName(pool)));
  if (isClusterOwnedName(name, pool)) throw invalid(`the name ${name} is reserved by the cluster: use another one`);
  return name;
}

/** True for names of MachineConfigs that the operator renders itself: it would overwrite an applied one. */
function isClusterOwnedName(name: string, pool: string): boolean {
  const templates = [`00-${pool}`, `01-${pool}-container-runtime`, `01-${pool}-kubelet`];
  const isGenerated = /^[0-9]{2}-/.test(name) && name.slice(3).startsWith(`${pool}-generated-`);
  return templates.includes(name) || isGenerated || name.startsWith('rendered-');
}

/** Parses the name of a pool, which becomes the value of a label. */
function parsePoolName(pool: string): string {
  if (pool.length > MAX_LABEL_LENGTH) {
    throw invalid(`the pool ${JSON.stringify(pool.slice(0, 80))} is longer than ${MAX_LABEL_LENGTH} characters`);
  }
  return parseDnsName(pool);
}

function toIgnitionFiles(files: readonly NodeFile[], ignition: IgnitionVersion): readonly IgnitionFile[] {
  if (files.length === 0) throw invalid('no file: give at least one');
  const sorted = files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const twice = sorted.find(({ path }, index) => path === sorted[index + 1]?.path);
  if (twice !== undefined) throw invalid(`${twice.path} is given twice`);
  const written = sorted.map(({ path, bytes }) => toIgnitionFile(parseNodePath(path), toDataUrl(bytes), ignition));
  const total = written.reduce((sum, { contents }) => sum + contents.source.length, 0);
  if (total > MAX_MACHINE_CONFIG_BYTES) {
    throw invalid(`the files take ${total} bytes; a MachineConfig holds at most ${MAX_MACHINE_CONFIG_BYTES}`);
  }
  return written;
}

function toIgnitionFile(path: string, source: string, ignition: IgnitionVersion): IgnitionFile {
  switch (ignition) {
    case '3.4':
      return { path, mode: MODE, overwrite: true, contents: { source } };
    case '2.2':
      return { filesystem: 'root', path, mode: MODE, contents: { source, verification: {} } };
    default:
      throw new TypeError(`unknown Ignition version ${JSON.stringify(ignition satisfies never)}`);
  }
}

/** A data: URL as in the documentation, with the type of binary data for a binary key. */
function toDataUrl(bytes: Uint8Array): string {
  const type = isText(bytes) ? 'text/plain;charset=utf-8' : 'application/octet-stream';
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The MachineConfig that the cluster renders itself and that may hold policy.json. */
export function toGeneratedName(pool: string): string {
  return `99-${pool}-generated-registries`;
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
