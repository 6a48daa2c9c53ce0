import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluateSignature } from '../../verdict/judge/keyring-requirement.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';
import { type ReleaseName, toSignedName } from '../graph/release-name.ts';

export interface HeldReleasesRequest {
  readonly objects: Pick<ObjectStore, 'description' | 'readObject' | 'listObjects'>;
  /** What the digests' folders begin with: `signatures/` in a mirror, nothing in a signature store. */
  readonly prefix: string;
  readonly trust: ReadyTrust;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A digest for which signatures are held. */
export interface HeldRelease {
  readonly digest: Digest;
  /** What the signatures that verify call it; none where they name a digest alone. */
  readonly names: readonly ReleaseName[];
  /** Those that are there, and those of them that satisfy a keyring. */
  readonly signatures: number;
  readonly verified: number;
  /** Why one of those that are there cannot be read: each of them counts as one that does not verify. */
  readonly unreadable?: readonly string[] | undefined;
  /** When the latest of those that verify was made, as it says itself: seconds since 1970. */
  readonly signedAt: number | undefined;
  /** When the latest was written, as the object store says. */
  readonly heldAt: Date | undefined;
}

/** Names of signatures that clusters read; any other is ignored. */
const NAME = /^signature-([1-9])$/;
const CONCURRENCY = 16;

/**
 * What a mirror or signature store in an object store holds, by one listing and one reading of each signature. Only what
 * verifies says what a release is called.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function listHeldReleases(request: HeldReleasesRequest): Promise<readonly HeldRelease[]> {
  const { objects, prefix, signal } = request;
  const held = new Map<Digest, { readonly key: string; readonly modifiedAt: Date | undefined }[]>();
  for await (const { key, modifiedAt } of objects.listObjects(prefix)) {
    signal.throwIfAborted();
    const [segment = '', name = '', ...more] = key.slice(prefix.length).split('/');
    const digest = segment.replace('=', ':');
    if (!NAME.test(name) || more.length > 0 || !segment.includes('=') || !isDigest(digest)) continue;
    const found = held.get(digest) ?? [];
    held.set(digest, found);
    found.push({ key, modifiedAt });
  }
  return await runBounded([...held], CONCURRENCY, async ([digest, found]) => {
    const facts: SignedFact[] = [];
    const unreadable: string[] = [];
    for (const { key } of found) {
      const signed = await unlessUnreadable(readSigned(request, digest, key));
      if (typeof signed === 'string') unreadable.push(signed);
      else facts.push(...signed);
    }
    const names = facts.flatMap(({ reference }) => toSignedName(reference) ?? []);
    return {
      digest,
      names: [...new Map(names.map((name) => [`${name.version} ${name.architecture ?? ''}`, name])).values()],
      signatures: found.length,
      verified: new Set(facts.map(({ key }) => key)).size,
      ...(unreadable.length === 0 ? {} : { unreadable }),
      signedAt: latest(facts.map(({ createdAt }) => createdAt)),
      heldAt: latest(found.flatMap(({ modifiedAt }) => modifiedAt ?? [])),
    };
  });
}

interface SignedFact {
  readonly key: string;
  readonly reference: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
}

/** What one signature states, once for each keyring that it satisfies; nothing where it does not verify. */
async function readSigned(
  { objects, trust, now, signal }: HeldReleasesRequest,
  digest: Digest,
  key: string,
): Promise<readonly SignedFact[]> {
  signal.throwIfAborted();
  const stored = await unlessTooLong(objects.readObject(key, MAX_SIGNATURE_BYTES));
  if (stored === undefined) return [];
  const location = `${objects.description}/${key}`;
  const candidate = { store: objects.description, location, untrustedBytes: stored.bytes };
  const { verified } = evaluateSignature(candidate, digest, trust, Math.floor(now.getTime() / 1000));
  return verified.map(({ signedReference, createdAt }) => ({ key, reference: signedReference, createdAt }));
}

/** What is too long to be a signature verifies nothing: whoever put it there must not hide the others. */
async function unlessTooLong<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'LimitExceeded') return undefined;
    throw error;
  }
}

/** What nobody can read, as a link or what is encrypted with another's key, must not hide the others either: the reason. */
async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | string> {
  try {
    return await reading;
  } catch (error) {
    if (isUnreadable(error)) return error.message;
    throw error;
  }
}

function latest<Time extends Date | number>(times: readonly Time[]): Time | undefined {
  return times.reduce<Time | undefined>((late, time) => (late === undefined || time > late ? time : late), undefined);
}
