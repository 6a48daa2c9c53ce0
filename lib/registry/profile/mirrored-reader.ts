import { StoreError } from '../../base/errors/store-error.ts';
import { isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import type { ManifestReader } from './profile-registries.ts';
import { resolveMirrors } from './resolve-mirrors.ts';

/** Opens what reads from a repository's registry. @throws StoreError */
export type OpenReader = (repository: Repository) => Promise<ManifestReader>;

/**
 * Reads manifests as a node with these mirror sets does: from each mirror in order, and from the source last. Whichever
 * answers, the content is held against the digest that was asked for, and each registry gets its own credential alone.
 *
 * A mirror that fails, lacks the image or serves other bytes is passed over. When none is left the error is the first
 * that is not `NotFound`, since a place that did not answer could have held it; `NotFound` says that all were asked.
 */
export function createMirroredReader(open: OpenReader, rules: readonly MirrorRule[]): ManifestReader {
  return {
    async resolveTag(repository, tag, signal) {
      const places = resolveMirrors(repository, rules, 'tag');
      return await readFirst(places, signal, async (place) => (await open(place)).resolveTag(place, tag, signal));
    },
    async readManifest(repository, reference, signal) {
      const places = resolveMirrors(repository, rules, isDigest(reference) ? 'digest' : 'tag');
      return await readFirst(places, signal, async (place) =>
        (await open(place)).readManifest(place, reference, signal),
      );
    },
  };
}

/** The first answer of several repositories. @throws StoreError, or the signal's reason */
export async function readFirst<T>(
  places: readonly Repository[],
  signal: AbortSignal,
  read: (place: Repository) => Promise<T>,
): Promise<T> {
  const failures: { readonly place: Repository; readonly error: StoreError }[] = [];
  for (const place of places) {
    try {
      return await read(place);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      failures.push({ place, error });
    }
  }
  throw toError(failures);
}

function toError(failures: readonly { readonly place: Repository; readonly error: StoreError }[]): StoreError {
  const { error } = failures.find(({ error: { code } }) => code !== 'NotFound') ?? failures[0] ?? {};
  if (error === undefined) return new StoreError('NotAllowed', 'the mirror sets name no mirror and forbid the source');
  if (failures.length === 1) return error;
  const told = failures.map(({ place, error: { message } }) => `${place}: ${message}`).join('; ');
  const waits = failures.flatMap(({ error: { retryAfterSeconds } }) => retryAfterSeconds ?? []);
  const retryAfterSeconds = waits.length === 0 ? undefined : Math.max(...waits);
  return new StoreError(error.code, told, { cause: error, retryAfterSeconds });
}
