import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import { type ChildManifest, listChildren } from '../../registry/images/list-children.ts';
import { MAX_IMAGES } from './image/limits.ts';
import { ReleaseError } from './image/release-error.ts';

const IMAGE_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

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
 * @throws ReleaseError `ImageUnsupported`, `LimitExceeded`; StoreError `BodyInvalid`; InputError `ArgumentInvalid`
 */
export function selectImages(manifest: Manifest, wanted: string | undefined): readonly Digest[] | undefined {
  if (IMAGE_TYPES.includes(manifest.mediaType)) return undefined;
  const children = listChildren(manifest).filter(isOfPlatform);
  const nested = children.find(({ mediaType }) => !IMAGE_TYPES.includes(mediaType));
  if (nested !== undefined) {
    throw new ReleaseError('ImageUnsupported', `the list names ${nested.digest}, which is ${nested.mediaType}`);
  }
  if (children.length === 0) throw new ReleaseError('ImageUnsupported', 'the list names no image');
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

function isOfPlatform({ platform }: ChildManifest): boolean {
  return platform?.os !== 'unknown' && platform?.architecture !== 'unknown';
}
