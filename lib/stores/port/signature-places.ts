import type { SignatureStore } from './signature-store.ts';

/** Where signatures are read: those of releases by digest, those that image policies need by repository and digest. */
export interface SignaturePlaces {
  readonly release: SignatureStore;
  readonly lookaside: SignatureStore;
}
