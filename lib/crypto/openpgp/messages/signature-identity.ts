import { hash } from 'node:crypto';
import { PublicKeyAlgorithm } from '../packets/algorithms.ts';
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
  // Lengths keep one part's end from being read as the next one's start.
  const framed = [Buffer.from(signingKey), toSignedContent(message), trailer, ...parts].flatMap((part) => [
    Buffer.from(`${part.length}:`),
    part,
  ]);
  return hash('sha256', Buffer.concat(framed), 'hex');
}
