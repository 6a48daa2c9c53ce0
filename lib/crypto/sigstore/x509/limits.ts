/** Certificates that a signature may bring along. */
export const MAX_SENT_CERTIFICATES = 16;

/** Certificates between a leaf and a trusted one. */
export const MAX_INTERMEDIATES = 8;

/** Signatures of certificates that are checked in search of one path: names can be made to match without end. */
export const MAX_PATH_CHECKS = 64;

/** Bits of an RSA key that may verify; a larger one is slow without being of use. */
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 8192;
