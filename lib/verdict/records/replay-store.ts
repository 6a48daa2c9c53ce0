import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { Attempt } from '../judge/verdict.ts';
import type { RecordedSignature, VerdictRecord } from './verdict-record.ts';

/** A record's evidence as a signature store, to be decided upon again. */
export interface Replay {
  readonly store: SignatureStore;
  /** What was read on behalf of image policies. */
  readonly lookaside: SignatureStore;
  /** Signatures whose bytes the record does not hold: the store leaves them out. */
  readonly withoutBytes: readonly RecordedSignature[];
  /** Locations of signatures whose bytes are not those of their hash. */
  readonly swapped: readonly string[];
  /** Locations of signatures that no decision has looked at so far. */
  readonly listUnread: () => readonly string[];
}

/** What a store said about itself, as opposed to what a keyring made of a signature. */
export function isStoreAttempt({ code, keyring, signer }: Attempt): boolean {
  return (code === 'StoreUnavailable' || code === 'SignatureNotFound') && keyring === undefined && signer === undefined;
}

/** First what the stores said, so that an early stop leaves none of it out; then the signatures in their order. */
export function createReplay({ verdict, signatures }: Pick<VerdictRecord, 'verdict' | 'signatures'>): Replay {
  const bytesByHash = new Map(
    signatures.flatMap(({ sha256, bytes }) => (bytes === undefined ? [] : [[sha256, Buffer.from(bytes, 'base64')]])),
  );
  const withoutBytes = signatures.filter(({ sha256 }) => !bytesByHash.has(sha256));
  const read = new Set<RecordedSignature>();
  const replay = async function* (image: string | undefined): AsyncGenerator<StoreEntry> {
    for (const signature of withoutBytes) read.add(signature);
    yield* verdict.attempts.filter((attempt) => isStoreAttempt(attempt) && attempt.image === image).map(toEntry);
    for (const signature of signatures) {
      const { store, location, sha256 } = signature;
      const untrustedBytes = bytesByHash.get(sha256);
      // What was read for one question says nothing to another, wherever it was.
      if (untrustedBytes === undefined || signature.image !== image) continue;
      read.add(signature);
      yield { kind: 'signature', store, location, untrustedBytes };
    }
  };
  const description = 'the record';
  return {
    store: { description, fetchSignatures: () => replay(undefined) },
    lookaside: { description, fetchSignatures: ({ digest, repository }) => replay(`${repository}@${digest}`) },
    withoutBytes,
    swapped: signatures
      .filter(({ bytes, sha256 }) => bytes !== undefined && hash('sha256', Buffer.from(bytes, 'base64')) !== sha256)
      .map(({ location }) => location),
    listUnread: () => signatures.filter((signature) => !read.has(signature)).map(({ location }) => location),
  };
}

function toEntry({ store, location, code, message }: Attempt): StoreEntry {
  if (code === 'SignatureNotFound') return { kind: 'absent', store, location };
  // The location before the message is dropped where a decision makes an attempt of it.
  return { kind: 'failed', store, location, error: new StoreError('ConnectionFailed', `${location}: ${message}`) };
}
