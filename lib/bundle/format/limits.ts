/** Bytes of all files of a bundle together, unpacked. A full mirror of OpenShift 4 with its ConfigMaps has about 25 MB. */
export const MAX_BUNDLE_BYTES = 256 * 1024 * 1024;
/** Files of a bundle, the manifest included. */
export const MAX_BUNDLE_FILES = 200_000;
/** Bytes of a path in a bundle, as the format allows it: a longer one would need an extension, and none is read. */
export const MAX_PATH_BYTES = 255;
/** Bytes of the last segment of a path, likewise. */
export const MAX_NAME_BYTES = 100;
/** Bytes of the manifest. */
export const MAX_MANIFEST_BYTES = 48 * 1024 * 1024;
/**
 * Commas and opening brackets in the manifest. One of {@link MAX_BUNDLE_FILES} has at most 7 for each file, and each
 * that is more would be a value in memory.
 */
export const MAX_MANIFEST_VALUES = 8 * MAX_BUNDLE_FILES;
/** Bytes of a ConfigMap, a trust document or the README. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** Bytes of the index of the OCI layout: about 300 for each manifest. */
export const MAX_SIGSTORE_INDEX_BYTES = 16 * 1024 * 1024;
/** Unpacked bytes for each packed one. Signatures are compressed already: a real bundle has less than 10. */
export const MAX_COMPRESSION_RATIO = 100;
/** Unpacked bytes up to which the ratio says nothing. */
export const RATIO_GRACE_BYTES = 4 * 1024 * 1024;
/** Files and folders that are looked at in a directory of another tool. */
export const MAX_FOREIGN_ENTRIES = 1_000_000;
/** Folders inside each other in such a directory. */
export const MAX_FOREIGN_DEPTH = 32;
/** Bytes of a name, or of an extended header, in a tar of another tool. */
export const MAX_TAR_NAME_BYTES = 64 * 1024;
/** Earlier bundles that an incremental one may follow. */
export const MAX_EARLIER = 1000;
/** Bytes of the program in an archive to carry in: a single file of Signet has about 110 MB. */
export const MAX_TOOL_BYTES = 256 * 1024 * 1024;
/** Files of an archive to carry in: the bundle in it is one. */
export const MAX_CARRIED_FILES = 5000;
