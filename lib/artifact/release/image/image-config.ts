import { isJsonObject } from '../../../base/documents/json-value.ts';
import { type Digest, isDigest } from '../../../base/names/digest.ts';
import { readJsonObject } from './read-json-object.ts';
import { ReleaseError } from './release-error.ts';

export interface Platform {
  readonly architecture: string;
  readonly os: string;
}

export interface ImageConfig {
  readonly platform: Platform;
  /** The digest of each layer unpacked, from the bottom to the top. */
  readonly diffIds: readonly Digest[];
}

/** The configuration of an image with so many layers. @throws ReleaseError `ImageUnsupported` */
export function parseImageConfig(bytes: Uint8Array, layers: number): ImageConfig {
  const { architecture, os, rootfs } = readJsonObject(bytes, 'the configuration', 'ImageUnsupported');
  if (!isShortText(architecture) || !isShortText(os)) throw unsupported('it does not say for which platform it is');
  if (!isJsonObject(rootfs) || rootfs['type'] !== 'layers') throw unsupported('rootfs is not made of layers');
  const { diff_ids: diffIds } = rootfs;
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === 'string' && isDigest(id))) {
    throw unsupported('rootfs.diff_ids is not a list of digests');
  }
  if (diffIds.length !== layers) {
    throw unsupported(`it knows ${diffIds.length} layers, and the manifest has ${layers}`);
  }
  return { platform: { architecture, os }, diffIds };
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 64;
}

function unsupported(fault: string): ReleaseError {
  return new ReleaseError('ImageUnsupported', `the configuration is not one that is read: ${fault}`);
}
