import type { ImageSource } from '../../lib/registry/images/image-source.ts';
import { openDirectoryImage } from '../../lib/registry/images/open-directory-image.ts';
import { openLayoutImage } from '../../lib/registry/images/open-layout-image.ts';
import { type ImageName, parseImageName } from '../../lib/registry/images/parse-image-name.ts';
import { openRegistryImages, type RegistryImageOptions } from '../open/open-registry-images.ts';

/** `close` lets go of every connection. */
export interface OpenedImage {
  readonly source: ImageSource;
  readonly close: () => void;
}

/** The image that the user named, not read yet. @throws InputError, ConfigurationError, StoreError for a pull secret */
export async function openImage(text: string, options: RegistryImageOptions): Promise<OpenedImage> {
  const name = parseImageName(text);
  switch (name.transport) {
    case 'dir':
      return { source: await openDirectoryImage(name.path), close: () => undefined };
    case 'oci':
      return { source: await openLayoutImage(name.path, name.name), close: () => undefined };
    case 'docker':
      return await openDocker(name, options);
    default:
      return name satisfies never;
  }
}

async function openDocker(
  { reference }: Extract<ImageName, { transport: 'docker' }>,
  options: RegistryImageOptions,
): Promise<OpenedImage> {
  const { open, close } = await openRegistryImages(options);
  try {
    return { source: await open(reference), close };
  } catch (error) {
    close();
    throw error;
  }
}
