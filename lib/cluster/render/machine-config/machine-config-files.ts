import path from 'node:path';
import { InputError } from '../../../base/errors/input-error.ts';

/** A file to write on a node. */
export interface NodeFile {
  /** Absolute, on the node. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const POLICY_PATH = '/etc/containers/policy.json';
const REGISTRIES_D_PATH = '/etc/containers/registries.d';
/** The file that the cluster writes itself when an image policy object exists. */
const GENERATED_REGISTRIES_D = 'sigstore-registries.yaml';

/** Directories that a MachineConfig may write to. The rest is part of the node's image: writing there degrades the pool. */
const WRITABLE = ['/etc/', '/var/', '/opt/', '/root/', '/home/', '/srv/', '/usr/local/'];

/**
 * The files of a policy on a node: policy.json, registries.d files under their names, and keys at the policy's paths.
 *
 * @throws InputError `ArgumentInvalid` for a registries.d name that nodes ignore or that the cluster owns, and for an
 *   invalid key path
 */
export function toNodeFiles(input: {
  readonly policy: Uint8Array;
  readonly registriesD: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly keys: ReadonlyMap<string, Uint8Array>;
}): readonly NodeFile[] {
  return [
    { path: POLICY_PATH, bytes: input.policy },
    ...input.registriesD.map(({ name, bytes }) => ({
      path: `${REGISTRIES_D_PATH}/${parseRegistriesDName(name)}`,
      bytes,
    })),
    ...[...input.keys].map(([keyPath, bytes]) => ({ path: parseKeyPath(keyPath), bytes })),
  ];
}

/** Parses a path on a node: absolute, normalised, in a directory that a MachineConfig may write to. @throws InputError */
export function parseNodePath(text: string): string {
  if (
    !path.posix.isAbsolute(text) ||
    path.posix.normalize(text) !== text ||
    text.endsWith('/') ||
    /\p{Cc}/u.test(text)
  ) {
    throw invalid(
      `${JSON.stringify(text)} is not a path on a node: write an absolute path without "..", "//" and a final "/"`,
    );
  }
  if (!WRITABLE.some((directory) => text.startsWith(directory))) {
    throw invalid(`a MachineConfig cannot write ${text}: put it under /etc`);
  }
  return text;
}

function parseKeyPath(text: string): string {
  const keyPath = parseNodePath(text);
  if (keyPath === POLICY_PATH || keyPath.startsWith(`${REGISTRIES_D_PATH}/`)) {
    throw invalid(`${keyPath} is reserved: put the key elsewhere`);
  }
  return keyPath;
}

function parseRegistriesDName(name: string): string {
  if (name !== path.posix.basename(name) || !name.endsWith('.yaml') || name.startsWith('.')) {
    throw invalid(`${JSON.stringify(name)}: nodes read only registries.d files named <name>.yaml`);
  }
  if (name === GENERATED_REGISTRIES_D) {
    throw invalid(`${name} is reserved by the cluster, which writes it for image policies: use another name`);
  }
  return name;
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
