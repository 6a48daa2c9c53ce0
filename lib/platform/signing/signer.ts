import type { KeyObject } from 'node:crypto';

/** Signs with one key, whose public half it knows. */
export interface Signer {
  /** For messages: a file, or the ARN of a key. */
  readonly description: string;
  readonly publicKey: KeyObject;
  /** In DER for ECDSA, over SHA-256. @throws StoreError */
  readonly sign: (content: Uint8Array) => Promise<Uint8Array>;
}
