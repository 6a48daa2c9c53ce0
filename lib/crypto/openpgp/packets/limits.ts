/** Bytes of a signed message as fetched; longer ones are not looked at. */
export const MAX_MESSAGE_BYTES = 50 * 1024;
/** Bytes of a signed message after decompression. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024;
/** Seconds that a signature may be dated ahead of now. */
export const MAX_CLOCK_SKEW_SECONDS = 24 * 60 * 60;
