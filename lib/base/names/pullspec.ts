import { InputError } from '../errors/input-error.ts';
import { isDigest } from './digest.ts';
import { parseReference, type Reference } from './reference.ts';

declare const pullspecBrand: unique symbol;

/** What a user asked for: the reference and the text it was written as. Made by {@link parsePullspec} alone. */
export interface Pullspec extends Reference {
  readonly [pullspecBrand]: true;
  /** As the user wrote it, at most {@link MAX_PULLSPEC_LENGTH} characters. */
  readonly text: string;
}

export const MAX_PULLSPEC_LENGTH = 1024;

/** @throws InputError `PullspecInvalid` or `DigestInvalid`. */
export function parsePullspec(text: string): Pullspec {
  if (text.length > MAX_PULLSPEC_LENGTH) {
    throw new InputError(
      'PullspecInvalid',
      `the pullspec has ${text.length} characters; at most ${MAX_PULLSPEC_LENGTH} are read`,
    );
  }
  const transport = /^([a-z][a-z-]*):\/\//.exec(text)?.[1];
  if (transport !== undefined) {
    throw new InputError('PullspecInvalid', `write the pullspec without ${transport}://: registry/repository@sha256:…`);
  }
  if (isDigest(text)) {
    throw new InputError('PullspecInvalid', 'a digest alone names no repository: write registry/repository@sha256:…');
  }
  return { ...parseReference(text), text } as Pullspec;
}

/** `host/repository@digest` in canonical spelling, the tag dropped; undefined without a digest. */
export function toCanonicalPullspec({ repository, digest }: Reference): string | undefined {
  return digest === undefined ? undefined : `${repository}@${digest}`;
}
