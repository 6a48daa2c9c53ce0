/** Bytes of one Sigstore signature with its annotations, or of one bundle; real ones have 600 to 12,000. */
export const MAX_SIGSTORE_SIGNATURE_BYTES = 64 * 1024;

/** Levels of a value that is brought into canonical form. */
export const MAX_CANONICAL_DEPTH = 32;
