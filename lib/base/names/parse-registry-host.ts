import { InputError } from '../errors/input-error.ts';
import { parseRepository } from './reference.ts';
import { repositoryHost, repositoryPath } from './repository.ts';

// Two components, so that Docker Hub's short names play no part.
const PROBE_PATH = 'a/b';

/** `host[:port]` in the spelling that repositories have. @throws InputError `ArgumentInvalid`. */
export function parseRegistryHost(text: string): string {
  try {
    const probe = parseRepository(`${text}/${PROBE_PATH}`);
    // A first component without dot or port is no host: the whole text became a path on Docker Hub.
    if (repositoryPath(probe) === PROBE_PATH) return repositoryHost(probe);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a registry host`, { cause });
  }
  throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a registry host`);
}
