import { ReleaseError } from './release-error.ts';

export type LayerPacking = 'gzip' | 'zstd' | 'none';

const PACKINGS: ReadonlyMap<string, LayerPacking> = new Map([
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
]);

/**
 * How a layer is packed, by its media type. Layers that lie elsewhere or are encrypted are not read.
 *
 * @throws ReleaseError `ImageUnsupported`
 */
export function toLayerPacking(mediaType: string): LayerPacking {
  const packing = PACKINGS.get(mediaType);
  if (packing !== undefined) return packing;
  throw new ReleaseError('ImageUnsupported', `a layer of type ${JSON.stringify(mediaType)} is not read`);
}
