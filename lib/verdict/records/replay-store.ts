import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import { isStoreAttempt } from '../judge/requirement.ts';
import type { Attempt } from '../judge/verdict.ts';
import type { RecordedManifest, RecordedSignature, VerdictRecord } from './verdict-record.ts';

/** A record's evidence as a signature store, to be decided upon again. */
export interface Replay {
  readonly store: SignatureStore;
  /** What was read on behalf of image policies. */
  readonly lookaside: SignatureStore;
  /** The manifests of the record, and no other. */
  readonly manifests: ManifestSource;
  /** Signatures whose bytes the record does not hold: the store leaves them out. */
  readonly withoutBytes: readonly RecordedSignature[];
  /** Locations of signatures, and digests of manifests, whose bytes are not those of their hash. */
  readonly swapped: readonly string[];
  /** Locations of signatures that no decision has looked at so far. */
  readonly listUnread: () => readonly string[];
}

/** First what the stores said, so that an early stop leaves none of it out; then the signatures in their order. */
export function createReplay({
  verdict,
  signatures,
  manifests,
}: Pick<VerdictRecord, 'verdict' | 'signatures' | 'manifests'>): Replay {
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
    manifests: replayManifests(manifests),
    withoutBytes,
    swapped: [
      ...signatures
        .filter(({ bytes, sha256 }) => bytes !== undefined && hash('sha256', Buffer.from(bytes, 'base64')) !== sha256)
        .map(({ location }) => location),
      ...manifests.filter((manifest) => !isWhole(manifest)).map(({ digest }) => digest),
    ],
    listUnread: () => signatures.filter((signature) => !read.has(signature)).map(({ location }) => location),
  };
}

/** A manifest that the record does not hold, or holds with other bytes, is absent: the images of an index are not known. */
function replayManifests(manifests: readonly RecordedManifest[]): ManifestSource {
  return {
    async readManifest(_, digest) {
      await Promise.resolve();
      const found = manifests.find((manifest) => manifest.digest === digest && isWhole(manifest));
      if (found === undefined) throw new StoreError('NotFound', `the record does not hold the manifest ${digest}`);
      return { bytes: Buffer.from(found.bytes, 'base64'), mediaType: found.mediaType, digest: found.digest };
    },
  };
}

function isWhole({ digest, bytes }: RecordedManifest): boolean {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  return `${algorithm}:${hash(algorithm, Buffer.from(bytes, 'base64'))}` === digest;
}

function toEntry({ store, location, code, message }: Attempt): StoreEntry {
  if (code === 'SignatureNotFound') return { kind: 'absent', store, location, message };
  // The location before the message is dropped where a decision makes an attempt of it.
  return { kind: 'failed', store, location, error: new StoreError('ConnectionFailed', `${location}: ${message}`) };
}
