import { createHash, type KeyObject, sign } from 'node:crypto';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import {
  COSIGN_SIGNATURE_TYPE,
  CosignAnnotation,
  type UntrustedCosignSignature,
} from '../../../lib/crypto/sigstore/signature-blob.ts';
import type { SigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import type { WantedImage } from '../../../lib/crypto/sigstore/verify-cosign-signature.ts';
import { type KeyPair, makeKeys } from './make-certificate.ts';

export const REFERENCE = 'registry.example.com/product/release';
export const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
export const OTHER_DIGEST = parseDigest(`sha256:${'b'.repeat(64)}`);
export const NOW = Date.parse('2026-06-01T00:00:00Z') / 1000;
export const WANTED: WantedImage = { digest: DIGEST, acceptsReference: (signed) => signed === REFERENCE };

/** cosign's own spelling. */
export function toPayload(reference = REFERENCE, digest: string = DIGEST): Buffer {
  const critical = {
    identity: { 'docker-reference': reference },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
  };
  return Buffer.from(JSON.stringify({ critical, optional: null }));
}

export function toPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

export function signContent(content: Uint8Array, { privateKey }: KeyPair): string {
  const isHashed = privateKey.asymmetricKeyType === 'ec' || privateKey.asymmetricKeyType === 'rsa';
  const hash = isHashed ? 'sha256' : undefined;
  return sign(hash, content, privateKey).toString('base64');
}

export interface SignaturePlan {
  readonly keys: KeyPair;
  readonly payload?: Uint8Array;
  /** Base64, where it is not the key's over the payload. */
  readonly signature?: string;
  readonly rekorSet?: string;
  readonly certificate?: string;
  readonly chain?: string;
  readonly mimeType?: string;
}

export function makeSignature({
  keys,
  payload = toPayload(),
  mimeType,
  ...plan
}: SignaturePlan): UntrustedCosignSignature {
  const annotations = new Map<string, string>([
    [CosignAnnotation.signature, plan.signature ?? signContent(payload, keys)],
  ]);
  const set = (name: 'rekorSet' | 'certificate' | 'chain') => {
    const value = plan[name];
    if (value !== undefined) annotations.set(CosignAnnotation[name], value);
  };
  (['rekorSet', 'certificate', 'chain'] as const).forEach(set);
  return { mimeType: mimeType ?? COSIGN_SIGNATURE_TYPE, payload, annotations };
}

export function trustKeys(keys: readonly KeyPair[], rekor: readonly KeyPair[] = []): SigstoreTrust {
  return {
    kind: 'keys',
    keys: keys.map(({ publicKey }) => publicKey),
    rekorKeys: rekor.map(({ publicKey }) => publicKey),
  };
}

export interface EntryPlan {
  readonly rekor: KeyPair;
  /** PEM of the key or certificate that signed. */
  readonly pem: string;
  /** Base64. */
  readonly signature: string;
  readonly payload?: Uint8Array;
  readonly integratedTime?: number;
}

/** An entry as Rekor signs it: its members in canonical order. */
export function makeRekorSet({
  rekor,
  pem,
  signature,
  payload = toPayload(),
  integratedTime = NOW,
}: EntryPlan): string {
  const body = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') } },
      signature: { content: signature, publicKey: { content: Buffer.from(pem).toString('base64') } },
    },
  };
  return signEntry(rekor, {
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
    integratedTime,
    logID: 'c0d2',
    logIndex: 7,
  });
}

/** @param entry with its members in canonical order */
export function signEntry(rekor: KeyPair, entry: unknown): string {
  const signed = JSON.stringify(entry);
  return JSON.stringify({ SignedEntryTimestamp: signContent(Buffer.from(signed), rekor), Payload: entry });
}

export const SIGNER = makeKeys();
export const OTHER_SIGNER = makeKeys();
export const REKOR = makeKeys();
