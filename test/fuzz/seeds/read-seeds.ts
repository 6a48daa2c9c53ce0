import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SigstoreTrustSource } from '../../../lib/crypto/sigstore/sigstore-trust.ts';

export const SEEDS = path.join(import.meta.dirname, '../../fixtures/fuzz/seeds');

/** A signed text, as the key that signed it made it. */
export interface GenuineText {
  /** Fingerprints. */
  readonly signer: string;
  readonly signingKey: string;
  /** Base64. */
  readonly content: string;
  /** A text signature: its line ends may be written in two ways. */
  readonly isText: boolean;
}

export interface SignatureSeeds {
  /** Base64 of one key file with every certificate. */
  readonly keyFile: string;
  /** What a key of the keyring that may sign has signed: nothing else is ever accepted. */
  readonly genuine: readonly GenuineText[];
  readonly inputs: readonly {
    readonly name: string;
    /** Base64. */
    readonly bytes: string;
    /** How often it is taken: slow ones seldom. */
    readonly weight: number;
  }[];
}

export interface SigstoreSeeds {
  readonly trusts: readonly { readonly name: string; readonly source: SigstoreTrustSource<string> }[];
  readonly blobs: readonly {
    readonly name: string;
    /** Index of the trust that it is made for. */
    readonly trust: number;
    /** Base64 of what a store holds. */
    readonly bytes: string;
    /** Absent where nobody may accept it. */
    readonly genuine?: { readonly payload: string; readonly signer: string; readonly message: string };
  }[];
}

/** One image with an OpenPGP and a cosign signature. */
export interface PolicySeeds {
  /** Base64. */
  readonly manifest: string;
  readonly repository: string;
  readonly signedReference: string;
  /** Base64 of each. */
  readonly signatures: readonly string[];
  /** PEM. */
  readonly sigstoreKeys: { readonly good: string; readonly other: string };
  /** Base64 of key files. */
  readonly openpgpKeys: { readonly good: string; readonly other: string };
  /** Of the OpenPGP key that signed. */
  readonly fingerprint: string;
}

/** Bundles of one file, and the trusted root that they are verified by. */
export interface BundleSeeds {
  /** The text of a trusted_root.json. */
  readonly root: string;
  readonly identity: string;
  readonly issuer: string;
  /** PEM. */
  readonly key: string;
  /** The name of that key. */
  readonly signer: string;
  /** Base64 of what was signed. */
  readonly artifact: string;
  /** What logs and authorities of timestamps stated about what is good, in seconds since 1970. */
  readonly times: readonly number[];
  readonly bundles: readonly {
    readonly name: string;
    readonly isGood: boolean;
    readonly isByKey: boolean;
    /** Base64. */
    readonly bytes: string;
  }[];
  /** Base64 of timestamps of other signatures. */
  readonly stamps: readonly string[];
}

/** Messages of versions 3, 4 and 6, and one key file of them all. */
export function readSignatureSeeds(): SignatureSeeds {
  const all = [readSeeds('signatures'), readSeeds('signatures-6')];
  return {
    keyFile: Buffer.concat(all.map(({ keyFile }) => Buffer.from(keyFile, 'base64'))).toString('base64'),
    genuine: all.flatMap(({ genuine }) => genuine),
    inputs: all.flatMap(({ inputs }) => inputs),
  };
}

export function readSeeds(name: 'bundles'): BundleSeeds;
export function readSeeds(name: 'policies'): PolicySeeds;
export function readSeeds(name: 'signatures' | 'signatures-6'): SignatureSeeds;
export function readSeeds(name: 'sigstore'): SigstoreSeeds;
export function readSeeds(name: string): unknown {
  const content: unknown = JSON.parse(readFileSync(path.join(SEEDS, `${name}.json`), 'utf8'));
  return content;
}
