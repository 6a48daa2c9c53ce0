import path from 'node:path';
import { InputError } from '../../../base/errors/input-error.ts';

/** One file of a node, as it will be. */
export interface NodeFile {
  /** Absolute, on the node. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export const POLICY_PATH = '/etc/containers/policy.json';
export const REGISTRIES_D_PATH = '/etc/containers/registries.d';
/** The cluster writes it itself wherever there is an image policy object. */
const GENERATED_REGISTRIES_D = 'sigstore-registries.yaml';

/** All else of a node is part of its image, and writing there degrades the pool. */
const WRITABLE = ['/etc/', '/var/', '/opt/', '/root/', '/home/', '/srv/', '/usr/local/'];

/**
 * Where the files of a policy lie on a node: policy.json, registries.d files by their names, keys where the policy
 * says.
 *
 * @throws InputError `ArgumentInvalid` for a registries.d name that nodes do not read or that the cluster owns, and for
 *   a key path that cannot be
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

/** An absolute path that is written in one way only, where a MachineConfig can write. @throws InputError */
export function parseNodePath(text: string): string {
  if (
    !path.posix.isAbsolute(text) ||
    path.posix.normalize(text) !== text ||
    text.endsWith('/') ||
    /\p{Cc}/u.test(text)
  ) {
    throw invalid(
      `${JSON.stringify(text)} is no file of a node: write an absolute path without "..", "//" and final "/"`,
    );
  }
  if (!WRITABLE.some((directory) => text.startsWith(directory))) {
    throw invalid(`${text} cannot be written on a node: put it under /etc`);
  }
  return text;
}

function parseKeyPath(text: string): string {
  const keyPath = parseNodePath(text);
  if (keyPath === POLICY_PATH || keyPath.startsWith(`${REGISTRIES_D_PATH}/`)) {
    throw invalid(`${keyPath} is not a place for a key`);
  }
  return keyPath;
}

function parseRegistriesDName(name: string): string {
  if (name !== path.posix.basename(name) || !name.endsWith('.yaml') || name.startsWith('.')) {
    throw invalid(`${JSON.stringify(name)}: nodes read only files of registries.d that are named <name>.yaml`);
  }
  if (name === GENERATED_REGISTRIES_D) {
    throw invalid(`${name} belongs to the cluster, which writes it for image policies: use another name`);
  }
  return name;
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
