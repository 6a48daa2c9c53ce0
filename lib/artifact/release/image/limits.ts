/** Bytes of an image's layers that are read, as they are kept; the same number holds for them unpacked. */
export const MAX_PACKED_BYTES = 512 * 1024 * 1024;
export const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
/** Layers of an image: more than container runtimes stack. */
export const MAX_LAYERS = 256;
/** Entries of one layer. */
export const MAX_LAYER_ENTRIES = 1_000_000;
/** Bytes of an image's configuration. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** Bytes of `image-references` and of `release-metadata`; a real one has about 100 KB. */
export const MAX_RELEASE_FILE_BYTES = 4 * 1024 * 1024;
/** Components of a release; a real one has about 190. */
export const MAX_COMPONENTS = 4096;
/** Images of a list that are read. */
export const MAX_IMAGES = 16;
