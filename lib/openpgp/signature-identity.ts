import { createHash } from 'node:crypto';
import { PublicKeyAlgorithm } from './algorithms.ts';
import { toSignedContent, type UntrustedSignedMessage } from './signed-message.ts';

/**
 * Names a signature by what is signed about it: signing key, signed bytes, signature value. Framing (file name, dates,
 * packet headers, compression) is anybody's to change, so two messages that differ only in it are one signature.
 *
 * @param signingKey fingerprint of the key that verified the message
 * @returns SHA-256, hex
 */
export function toSignatureIdentity(message: UntrustedSignedMessage, signingKey: string): string {
  const { publicKeyAlgorithm, trailer, value } = message.signature;
  // Of an ECDSA pair (r, s) anybody can make the equally valid (r, n−s): the first integer alone names it.
  const integers = value.kind === 'integers' && publicKeyAlgorithm === PublicKeyAlgorithm.ecdsa ? 1 : Infinity;
  const parts = value.kind === 'octets' ? [value.octets] : value.integers.slice(0, integers);
  const hash = createHash('sha256');
  for (const part of [Buffer.from(signingKey), toSignedContent(message), trailer, ...parts]) {
    // Lengths keep one part's end from being read as the next one's start.
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest('hex');
}
