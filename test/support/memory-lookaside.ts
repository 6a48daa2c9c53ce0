import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { SignatureStore, StoreEntry } from '../../lib/stores/port/signature-store.ts';

export interface MemoryLookaside extends SignatureStore {
  /** `repository@digest` of what was asked for, in order. */
  readonly asked: readonly string[];
}

interface LookasideOptions {
  readonly description?: string;
  /** Names, `repository@digest`, whose signatures end in a failure. */
  readonly failing?: readonly string[];
  /** Where a signature is; the image's name and the number unless told. */
  readonly toLocation?: (name: string, index: number) => string;
}

/** Signatures by `repository@digest`, behind the contract of every other store. */
export function createMemoryLookaside(
  contents: Readonly<Record<string, readonly Uint8Array[]>>,
  { description = 'lookaside', failing = [], toLocation = (name, index) => `${name}/${index}` }: LookasideOptions = {},
): MemoryLookaside {
  const asked: string[] = [];
  return {
    description,
    asked,
    async *fetchSignatures({ digest, repository }, signal): AsyncGenerator<StoreEntry> {
      const name = `${repository}@${digest}`;
      asked.push(name);
      const signatures = contents[name] ?? [];
      for (const [index, untrustedBytes] of signatures.entries()) {
        signal.throwIfAborted();
        yield { kind: 'signature', store: description, location: toLocation(name, index + 1), untrustedBytes };
      }
      const location = toLocation(name, signatures.length + 1);
      if (!failing.includes(name)) yield { kind: 'absent', store: description, location };
      else {
        const error = new StoreError('ConnectionFailed', 'refused');
        yield { kind: 'failed', store: description, location, error };
      }
    },
  };
}
