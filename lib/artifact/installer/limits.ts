/** Bytes of an installer, unpacked; one of 2026 has about 700 MB. */
export const MAX_INSTALLER_BYTES = 4 * 1024 * 1024 * 1024;
/** Entries of an archive with an installer. */
export const MAX_ARCHIVE_ENTRIES = 1000;
/** Different release images that are told apart before a file is given up. */
export const MAX_RELEASE_IMAGES = 4;
