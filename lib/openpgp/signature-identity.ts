import { createHash } from 'node:crypto';
import { toSignedContent, type UntrustedSignedMessage } from './signed-message.ts';

/**
 * Names a signature by what is signed about it: signing key, signed bytes, signature value. Framing (file name, dates,
 * packet headers, compression) is anybody's to change, so two messages that differ only in it are one signature.
 *
 * @param signingKey fingerprint of the key that verified the message
 * @returns SHA-256, hex
 */
export function toSignatureIdentity(message: UntrustedSignedMessage, signingKey: string): string {
  const { trailer, value } = message.signature;
  const parts = value.kind === 'octets' ? [value.octets] : value.integers;
  const hash = createHash('sha256');
  for (const part of [Buffer.from(signingKey), toSignedContent(message), trailer, ...parts]) {
    // Lengths keep one part's end from being read as the next one's start.
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest('hex');
}
