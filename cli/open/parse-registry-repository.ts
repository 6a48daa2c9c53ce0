import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import type { Repository } from '../../lib/base/names/repository.ts';

/**
 * `HOST[:PORT]/PATH`, the host written out: what has none would be a repository of Docker Hub.
 *
 * @throws InputError `PullspecInvalid`
 */
export function parseRegistryRepository(text: string): Repository {
  const repository = parseRepository(text);
  const [host = ''] = text.split('/', 1);
  if (text.includes('/') && /[.:]|^localhost$/.test(host)) return repository;
  throw new InputError('PullspecInvalid', `${JSON.stringify(text)} names no registry and path: write HOST[:PORT]/PATH`);
}
