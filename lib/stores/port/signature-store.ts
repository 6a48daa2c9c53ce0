import type { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';

/** A question to a store. A lookaside is laid out by repository and needs one; the release layout ignores it. */
export interface SignatureQuery {
  readonly digest: Digest;
  readonly repository?: Repository | undefined;
  /** The kinds that are wanted; all by default. A store may return other kinds as well. */
  readonly kinds?: readonly SignatureKind[] | undefined;
}

/** OpenPGP messages, in stores of releases and lookasides; Sigstore ones, beside images in registries. */
export type SignatureKind = 'openpgp' | 'sigstore';

/**
 * One step of reading a store. `absent`: the store answered that there is no (further) signature. `failed`: the store
 * could have held one and did not answer as a store should. The two are never confused.
 */
export type StoreEntry =
  | {
      readonly kind: 'signature';
      readonly store: string;
      readonly location: string;
      readonly untrustedBytes: Uint8Array;
      /** How a registry holds it beside an image: by the `.sig` tag, or by what refers to the image. */
      readonly form?: 'tag' | 'referrer' | 'bundle' | undefined;
    }
  | {
      readonly kind: 'absent';
      readonly store: string;
      readonly location: string;
      /** What is there instead; missing for nothing. */
      readonly message?: string | undefined;
    }
  | { readonly kind: 'failed'; readonly store: string; readonly location: string; readonly error: StoreError };

/**
 * A place to fetch signatures from. Nothing that it returns is trusted.
 *
 * The iterable throws nothing but the signal's abort reason. Any failure of the store is a `failed` entry.
 * A consumer that stops early (`break`) leaves no request, socket or timer behind.
 */
export interface SignatureStore {
  /** Short, for the evidence; no credentials. */
  readonly description: string;
  fetchSignatures(query: SignatureQuery, signal: AbortSignal): AsyncIterable<StoreEntry>;
}

/** Signatures read per digest in the release layout, as the cluster-version operator does. */
export const MAX_RELEASE_SIGNATURES = 9;
/** Signatures read per digest in a lookaside, as containers/image does. */
export const MAX_LOOKASIDE_SIGNATURES = 128;
/** Bytes of one signature on the wire. Reading stops there. */
export const MAX_SIGNATURE_BYTES = 50 * 1024;
/** Milliseconds that one store may take for one digest. */
export const STORE_TIMEOUT_MS = 10_000;

/** Stores of releases, which are read by digest, and of image policies, which are read by repository and digest. */
export interface SignaturePlaces {
  readonly release: SignatureStore;
  readonly lookaside: SignatureStore;
}

/** The start of the message of an entry for which nodes refuse an image, also when other signatures verify. */
export const NODES_REFUSE = 'nodes refuse the image: ';
