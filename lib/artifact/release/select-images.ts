import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import { type ListedImages, listImages } from '../../registry/images/list-children.ts';
import { MAX_IMAGES } from './image/limits.ts';
import { ReleaseError } from './image/release-error.ts';

/** What OpenShift's version names call an architecture, by the name that images give it. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
]);

export function toArchitecture(name: string): string {
  return OTHER_NAMES.get(name) ?? name;
}

/**
 * The images that a list names, those of one architecture where it is given; undefined for what is no list. What is
 * no image of a platform, an attestation for one, is passed over. A list in a list is refused: nothing pulls it.
 *
 * @throws ReleaseError `ImageUnsupported`, `LimitExceeded`; StoreError `LimitExceeded`; InputError `ArgumentInvalid`
 */
export function selectImages(manifest: Manifest, wanted: string | undefined): readonly Digest[] | undefined {
  const children = list(manifest);
  if (children === undefined) return undefined;
  const selected = children.filter(({ platform }) => wanted === undefined || platform?.architecture === wanted);
  if (selected.length === 0) {
    const there = children.map(({ platform }) => platform?.architecture ?? 'unknown').join(', ');
    throw new InputError('ArgumentInvalid', `the list has no image for ${JSON.stringify(wanted)}: it has ${there}`);
  }
  if (selected.length > MAX_IMAGES) {
    throw new ReleaseError('LimitExceeded', `the list names more than ${MAX_IMAGES} images: choose an architecture`);
  }
  return selected.map(({ digest }) => digest);
}

function list(manifest: Manifest): ListedImages['images'] | undefined {
  try {
    return listImages(manifest)?.images;
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'BodyInvalid') throw cause;
    throw new ReleaseError('ImageUnsupported', cause.message, { cause });
  }
}
