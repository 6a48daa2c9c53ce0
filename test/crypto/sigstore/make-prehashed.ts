import { createPrivateKey, createPublicKey } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import type { KeyPair } from './make-certificate.ts';

/** A key of Ed25519 that signs as Ed25519ph, as cosign does images and logs do files; `node:crypto` has no such operation. */
export function makePrehashed(): { readonly keys: KeyPair; readonly sign: (content: Uint8Array) => Uint8Array } {
  const secret = ed25519ph.utils.randomSecretKey();
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), ed25519ph.getPublicKey(secret)]);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  return {
    keys: {
      publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
      privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    },
    sign: (content) => ed25519ph.sign(content, secret),
  };
}
