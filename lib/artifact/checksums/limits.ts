/** Bytes of a checksum list or of a file with its signature. An inline-signed list is read within the limits of OpenPGP. */
export const MAX_LIST_BYTES = 1024 * 1024;
/** Lists that lists name, all together. */
export const MAX_NESTED_LISTS = 64;
/** Lists inside each other, the signed one not counted. */
export const MAX_NESTED_DEPTH = 4;
