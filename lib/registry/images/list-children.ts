import type { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Manifest } from '../client/registry-client.ts';
import { type IndexEntry, invalidIndex, isIndexType, readIndexEntries } from './read-index.ts';

/** A manifest that a list names. */
export interface ChildManifest {
  readonly digest: Digest;
  /** As the list says. A list may name another list, or something that is no image. */
  readonly mediaType: string;
  /** Undefined where the list names none. Builders write `unknown` for attestations. */
  readonly platform: { readonly architecture: string; readonly os: string } | undefined;
  /** The type of something that is no image; missing where the list names none. */
  readonly artifactType?: string;
}

/** The entries of a list, as nodes use them. */
export interface ListedImages {
  /** Never empty. A node may choose each of them. */
  readonly images: readonly ChildManifest[];
  /** Attestations and other artefacts, which no node chooses. */
  readonly others: readonly ChildManifest[];
}

const IMAGE_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

/**
 * The entries of an OCI index or a Docker manifest list, each digest once; none for the manifest of an image.
 *
 * @param manifest whose digest has been compared, as a registry client returns it
 * @throws StoreError `BodyInvalid`, `LimitExceeded`
 */
export function listChildren({ bytes, mediaType }: Pick<Manifest, 'bytes' | 'mediaType'>): readonly ChildManifest[] {
  if (IMAGE_TYPES.has(mediaType)) return [];
  if (!isIndexType(mediaType)) throw invalidIndex(`${mediaType} is not the media type of an index or an image`);
  const children = new Map<Digest, ChildManifest>();
  for (const [position, entry] of readIndexEntries({ bytes }).entries()) {
    const child = toChild(entry, `manifests[${position}]`);
    const known = children.get(child.digest);
    // Named twice, it is an image if either entry is one.
    if (known === undefined || (!isImage(known) && isImage(child))) children.set(child.digest, child);
  }
  return [...children.values()];
}

/**
 * The images that a list names, for all platforms; undefined for the manifest of an image. A list in a list is refused on
 * any platform, and so is a list without an image: otherwise a check of all images would check none.
 *
 * @throws StoreError as {@link listChildren}
 */
export function listImages(manifest: Pick<Manifest, 'bytes' | 'mediaType'>): ListedImages | undefined {
  if (IMAGE_TYPES.has(manifest.mediaType)) return undefined;
  const children = listChildren(manifest);
  const nested = children.find(({ mediaType }) => isIndexType(mediaType));
  if (nested !== undefined)
    throw invalidIndex(`it names ${nested.digest}, which is a list: lists in lists are refused`);
  const images = children.filter(isImage);
  if (images.length === 0) throw invalidIndex('it names no image');
  const unknown = images.find(({ mediaType }) => !IMAGE_TYPES.has(mediaType));
  if (unknown !== undefined) throw notAnImage(unknown);
  return { images, others: children.filter((child) => !isImage(child)) };
}

function notAnImage({ digest, mediaType }: ChildManifest): StoreError {
  return invalidIndex(`it names ${digest} for a platform, which is ${mediaType} and no image`);
}

function toChild({ digest, mediaType, platform, artifactType }: IndexEntry, path: string): ChildManifest {
  if (platform?.os === '' || platform?.architecture === '') {
    throw invalidIndex(`${path}.platform lacks the os or the architecture`);
  }
  return {
    digest,
    mediaType,
    platform: platform === undefined ? undefined : { architecture: platform.architecture, os: platform.os },
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

/** An entry for a platform is an image, whatever its type says. Builders write `unknown` for entries that are none. */
function isImage({ platform, artifactType }: ChildManifest): boolean {
  if (platform === undefined) return artifactType === undefined;
  return platform.os !== 'unknown' && platform.architecture !== 'unknown';
}
