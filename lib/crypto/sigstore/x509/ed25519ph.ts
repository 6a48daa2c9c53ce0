import type { KeyObject } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import { countKeyOperation } from '../../../base/errors/evaluate-candidate.ts';
import { toKeyBytes } from './public-key.ts';

const ED25519_BYTES = 32;

/** Ed25519ph (RFC 8032), which logs ask of Ed25519 keys: they know the digest alone. `node:crypto` lacks it. */
export function isSignedByEd25519ph(key: KeyObject, content: Uint8Array, signature: Uint8Array): boolean {
  if (key.asymmetricKeyType !== 'ed25519') return false;
  const point = toKeyBytes(key).subarray(-ED25519_BYTES);
  return attempt(() => ed25519ph.verify(signature, content, point, { zip215: false }));
}

/** The library throws for what it cannot read. */
export function attempt<T>(verify: () => T): T | false {
  countKeyOperation();
  try {
    return verify();
  } catch {
    return false;
  }
}
