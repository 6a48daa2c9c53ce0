import { InputError } from '../../base/errors/input-error.ts';
import {
  type DockerReference,
  formatDockerReference,
  parseDockerReference,
} from '../../base/names/docker-reference.ts';

/** Two prefixes of `remapIdentity`: hosts, namespaces or repositories in full. */
export interface Remapping {
  readonly prefix: string;
  readonly signedPrefix: string;
}

/** Whether a prefix is the reference's name or ends at one of its slashes. */
export function hasPrefix(prefix: string, { name }: DockerReference): boolean {
  return name === prefix || name.startsWith(`${prefix}/`);
}

/**
 * The reference as it was signed: its prefix exchanged, or as it is when it has another one.
 * @throws InputError `PullspecInvalid` when what comes out is not a reference in full.
 */
export function remapReference({ prefix, signedPrefix }: Remapping, reference: DockerReference): DockerReference {
  if (!hasPrefix(prefix, reference)) return reference;
  const text = `${signedPrefix}${formatDockerReference(reference).slice(prefix.length)}`;
  const remapped = parseDockerReference(text);
  // A signed prefix that is a short name would become another repository on Docker Hub.
  if (formatDockerReference(remapped) !== text) {
    throw new InputError(
      'PullspecInvalid',
      `${JSON.stringify(text)}, which an identity is remapped to, is a short name`,
    );
  }
  return remapped;
}
