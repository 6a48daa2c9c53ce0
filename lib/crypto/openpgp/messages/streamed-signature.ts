import type { IndexedKey, IndexedKeyring } from '../keys/keyring.ts';
import { type ContentCheck, startContentCheck } from '../keys/verification-key.ts';
import { toAcceptedHash } from '../packets/algorithms.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';
import { requireKeyId } from './detached-signature.ts';
import { findCandidates, findSigner, requireValidSigner } from './signer.ts';

/** A signature of a document that one key of the keyring made, with that key allowed to. */
export interface VerifiedSignature {
  /** Fingerprint of the signer's primary key. */
  readonly signer: string;
  /** Fingerprint of the key that signed: the primary one or a subkey. */
  readonly signingKey: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** Whether bytes were signed, or lines of text whatever ends them. */
  readonly mode: 'binary' | 'text';
}

/** A detached signature whose content comes in pieces. */
export interface StreamedSignature {
  readonly update: (octets: Uint8Array) => void;
  /** To be called once, after the last piece. @throws SignatureError with the code that says why not */
  readonly verify: (now: number) => VerifiedSignature;
}

const TEXT = 0x01;

/**
 * By the rules for a message that carries its content: cryptography, then the key, then the times. Content of any length
 * takes the same memory.
 *
 * @throws SignatureError where no content could make it valid: no key of the keyring, a broken hash
 */
export function startStreamedSignature(signature: UntrustedSignature, keyring: IndexedKeyring): StreamedSignature {
  const hashName = toAcceptedHash(signature);
  const candidates = findCandidates(signature, requireKeyId(signature), keyring);
  const checks = new Map<IndexedKey, ContentCheck>();
  for (const candidate of candidates) {
    const check = tryStart(candidate, signature, hashName);
    if (check !== undefined) checks.set(candidate, check);
  }
  const canonical = signature.type === TEXT ? createLineEnds() : (octets: Uint8Array) => octets;
  return {
    update: (octets) => {
      const signed = canonical(octets);
      for (const check of checks.values()) check.update(signed);
    },
    verify: (now) => {
      const found = findSigner(candidates, signature, (candidate) => checks.get(candidate)?.isSigned() ?? false);
      const { certificate, key } = requireValidSigner(found, candidates, signature, now);
      return {
        signer: certificate.fingerprint,
        signingKey: key.fingerprint,
        createdAt: signature.createdAt,
        mode: toSignatureMode(signature),
      };
    },
  };
}

export function toSignatureMode({ type }: UntrustedSignature): VerifiedSignature['mode'] {
  return type === TEXT ? 'text' : 'binary';
}

/** Undefined for a key that cannot be asked: it is found again, with the reason, when the signature is verified. */
function tryStart(
  { verificationKey }: IndexedKey,
  signature: UntrustedSignature,
  hashName: string,
): ContentCheck | undefined {
  let key: ReturnType<typeof verificationKey>;
  try {
    key = verificationKey();
  } catch {
    return undefined;
  }
  return startContentCheck(key, signature, hashName);
}

/** Makes a line feed CR LF unless a CR stands before it (RFC 9580 section 5.2.1.2), also where a piece ends between them. */
function createLineEnds(): (octets: Uint8Array) => Uint8Array {
  let previous = 0;
  return (octets) => {
    const canonical = Buffer.alloc(octets.length * 2);
    let length = 0;
    for (const octet of octets) {
      if (octet === 0x0a && previous !== 0x0d) canonical[length++] = 0x0d;
      canonical[length++] = octet;
      previous = octet;
    }
    return canonical.subarray(0, length);
  };
}
