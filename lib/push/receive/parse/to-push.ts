import { InputError } from '../../../base/errors/input-error.ts';
import { parseRepository } from '../../../base/names/reference.ts';
import { repositoryHost, repositoryPath } from '../../../base/names/repository.ts';
import type { Push } from './push.ts';
import { toFieldError } from './read-event.ts';

/** A push whose registry is parsed already, and whose repository is the sender's text. */
export interface PushParts extends Omit<Push, 'repository'> {
  readonly untrustedRepository: string;
}

/**
 * The only maker of pushes: registry and repository come out of the pullspec parser, never straight from the event.
 *
 * @param field the member that named the repository
 * @throws InputError `BodyInvalid`
 */
export function toPush({ untrustedRepository, ...parts }: PushParts, field: string): Push {
  if (parts.digest === undefined && parts.tag === undefined) {
    throw toFieldError(field, 'neither a digest nor a tag was pushed to it');
  }
  try {
    const repository = parseRepository(`${parts.registry}/${untrustedRepository}`);
    return { ...parts, registry: repositoryHost(repository), repository: repositoryPath(repository) };
  } catch (error) {
    if (error instanceof InputError) throw toFieldError(field, error.message, error);
    throw error;
  }
}
