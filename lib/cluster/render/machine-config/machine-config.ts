import { InputError } from '../../../base/errors/input-error.ts';
import { isClusterOwnedName } from '../cluster-owned-name.ts';
import { parseDnsName } from '../dns-name.ts';
import { type NodeFile, parseNodePath } from './machine-config-files.ts';

/** What Ignition specification a MachineConfig is written in: 3.4 of current clusters, 2.2 of those before 4.6. */
export type IgnitionVersion = '3.4' | '2.2';

interface IgnitionFile {
  readonly path: string;
  readonly mode: number;
  readonly overwrite?: true;
  readonly filesystem?: 'root';
  readonly contents: { readonly source: string; readonly verification?: Record<string, never> };
}

/** A MachineConfig that writes files (`machineconfiguration.openshift.io/v1`). */
export interface MachineConfigManifest {
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
/** Stands for the pool in a name. */
export const POOL_PLACEHOLDER = '{pool}';
/** Before `99-<pool>-generated-…`, as in the documentation: what the cluster itself configures is not hidden. */
export const DEFAULT_MACHINE_CONFIG_NAME = `51-${POOL_PLACEHOLDER}-signet-policy`;
/** Bytes of files in one MachineConfig, encoded; an object that etcd takes is no longer than 1.5 MiB. */
export const MAX_MACHINE_CONFIG_BYTES = 1024 * 1024;

/** Of Kubernetes, for values of labels. */
const MAX_LABEL_LENGTH = 63;
/** 0644, as decimal: JSON knows no octal number. */
const MODE = 0o644;

/**
 * One MachineConfig for each pool, all with the same files, in the order of their paths.
 *
 * @param name with `{pool}` in it when there are several pools
 * @throws InputError `ArgumentInvalid` for no pool, one that occurs twice or cannot be, a name that is none, is the
 *   cluster's or is the same for two pools, no file, a path that occurs twice, and more bytes than an object can hold
 */
export function toMachineConfigs(input: {
  readonly pools: readonly string[];
  readonly name: string;
  readonly ignition: IgnitionVersion;
  readonly files: readonly NodeFile[];
}): readonly MachineConfigManifest[] {
  const { pools, name, ignition } = input;
  if (pools.length === 0) throw invalid('name at least one pool');
  const twice = pools.find((pool, index) => pools.indexOf(pool) !== index);
  if (twice !== undefined) throw invalid(`the pool ${twice} is named twice`);
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

/** @throws InputError `ArgumentInvalid` */
export function toMachineConfigName(pattern: string, pool: string): string {
  const name = parseDnsName(pattern.replaceAll(POOL_PLACEHOLDER, parsePoolName(pool)));
  if (isClusterOwnedName(name, pool)) throw invalid(`the name ${name} belongs to the cluster: use another one`);
  return name;
}

/** It becomes the value of a label. */
function parsePoolName(pool: string): string {
  if (pool.length > MAX_LABEL_LENGTH) {
    throw invalid(`the pool ${JSON.stringify(pool.slice(0, 80))} is longer than ${MAX_LABEL_LENGTH} characters`);
  }
  return parseDnsName(pool);
}

function toIgnitionFiles(files: readonly NodeFile[], ignition: IgnitionVersion): readonly IgnitionFile[] {
  if (files.length === 0) throw invalid('there is no file to write');
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

/** The encoding of the documentation; a binary key is not called text. */
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

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
