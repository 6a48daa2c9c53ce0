import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import { parseReference, type Repository } from '../../base/names/reference.ts';
import { bindObjectStore, type ObjectStore } from '../../platform/objects/port/object-store.ts';
import { detectManifestType } from '../../registry/client/registry-answers.ts';
import { MAX_MANIFEST_BYTES, type Manifest, type ManifestSource } from '../../registry/client/registry-client.ts';
import type { EvidencePlaces } from '../../stores/open/open-stores.ts';
import {
  createFallbackStore,
  createParallelStore,
  createSharedTime,
  VERIFICATION_TIMEOUT_MS,
} from '../../stores/port/composites.ts';
import type { SignaturePlaces, SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type Decision, type DecisionDependencies, decideImage, type ImageRequest } from '../decide/decide-image.ts';
import { toSignatureKind } from '../judge/requirement.ts';
import type { Attempt, Verdict } from '../judge/verdict.ts';
import type { Acceptances } from './list-accepted.ts';
import { noteQuestion, type Questions } from './questions.ts';
import { findRecordFault } from './recheck-record.ts';
import type { Asked } from './verdict-record.ts';
import { type Obstacle, toRecord, writeRecord } from './write-record.ts';

interface RecordingDependencies {
  /** Read first. */
  readonly mirror: SignaturePlaces;
  /** Read when the mirror does not satisfy everything that is required. */
  readonly upstream: EvidencePlaces;
  readonly objects: ObjectStore;
  /** Undefined where nobody asked: a verdict that is only checked again does not show that the image is in use. */
  readonly acceptances: Acceptances | undefined;
  /** Where it is written down who asked; undefined where nobody did. */
  readonly questions: Questions | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Milliseconds that mirror and stores together may take; those of one verification when left out. */
  readonly timeoutMs?: number | undefined;
}

/** The signatures of a digest: a release's, or in the lookaside of a repository. */
export interface Unmirrored {
  readonly digest: Digest;
  readonly repository?: Repository | undefined;
}

export interface RecordedDecision {
  readonly decision: Decision;
  readonly verdict: Verdict;
  readonly recordId: string;
  /** What was in the way of the record. */
  readonly obstacles: readonly Obstacle[];
  /** What is worth mirroring, since a signature that verified was not there. */
  readonly unmirrored: readonly Unmirrored[];
}

/** Decides as {@link decideAndRecord} does, and writes nothing. @throws as `decideImage` */
export async function decideWithMirror(
  request: ImageRequest,
  trust: ReadyTrust,
  dependencies: Omit<RecordingDependencies, 'acceptances' | 'questions'>,
): Promise<Decision> {
  const { now, signal } = dependencies;
  return await decideImage(request, trust, { ...openPlaces(dependencies), now, signal });
}

/** The places where evidence is read, the mirror first. One time is shared by all that is read from them. */
function openPlaces({
  mirror,
  upstream,
  objects,
  signal,
  timeoutMs = VERIFICATION_TIMEOUT_MS,
}: Omit<RecordingDependencies, 'acceptances' | 'questions' | 'now'>): Pick<
  DecisionDependencies,
  'store' | 'lookaside' | 'manifests'
> {
  // Around all, so that mirror, stores and lookasides together stay within the time of one verification.
  const shared = createSharedTime(Math.min(VERIFICATION_TIMEOUT_MS, Math.max(1, timeoutMs)));
  const read = (place: keyof SignaturePlaces): SignatureStore =>
    createParallelStore([createFallbackStore([mirror[place], upstream[place]])], { timeoutMs: shared });
  const manifests = createManifestCache(bindObjectStore(objects, signal), upstream.manifests);
  return { store: read('release'), lookaside: read('lookaside'), manifests };
}

/**
 * The use case of every function that decides: the mirror is read first, and the evidence is kept. A verdict that could
 * not be recorded is not given: the failure is thrown, and the caller may ask again.
 *
 * @throws as `decideImage`; StoreError when the record cannot be written
 */
export async function decideAndRecord(
  request: ImageRequest,
  asked: Asked,
  trust: ReadyTrust,
  dependencies: RecordingDependencies,
): Promise<RecordedDecision> {
  const { mirror, acceptances, questions, now, signal } = dependencies;
  const objects = bindObjectStore(dependencies.objects, signal);
  const decision = await decideWithMirror(request, trust, dependencies);
  const { verdict } = decision;
  const record = toRecord(asked, decision);
  const { id: recordId, obstacles } = await writeRecord(objects, record, (stored) =>
    findRecordFault(stored, trust.prepared, now(), signal),
  );
  const { outcome, forced, profile, decidedAt: askedAt } = verdict;
  await Promise.all([
    outcome === 'accepted' && !forced ? acceptances?.note(profile, recordId, new Date(askedAt)) : undefined,
    questions === undefined ? undefined : noteQuestion(questions, asked, { recordId, askedAt, forced }, objects),
  ]);
  return { decision, verdict, recordId, obstacles, unmirrored: listUnmirrored(decision, mirror) };
}

/** The mirror holds no Sigstore signatures: for those, nothing is asked of it. */
function listUnmirrored({ verdict, examined }: Decision, mirror: SignaturePlaces): readonly Unmirrored[] {
  if (verdict.digest === undefined) return [];
  const beside = new Set(examined.filter(({ bytes }) => toSignatureKind(bytes) === 'sigstore').map(toPlaceKey));
  const isUpstream = (attempt: Attempt): boolean =>
    attempt.code === 'Verified' &&
    attempt.store !== (attempt.image === undefined ? mirror.release : mirror.lookaside).description &&
    !beside.has(toPlaceKey(attempt));
  // Once for the release, and once for each image whose lookaside had something.
  const images = new Set(verdict.attempts.filter(isUpstream).map(({ image }) => image));
  return [...images].map((image) => toUnmirrored(image, verdict.digest));
}

function toUnmirrored(image: string | undefined, asked: Digest | undefined): Unmirrored {
  const { digest, repository } = image === undefined ? { digest: asked, repository: undefined } : parseReference(image);
  if (digest === undefined) throw new TypeError('a signature that verified is of a digest');
  return repository === undefined ? { digest } : { digest, repository };
}

function toPlaceKey({ store, location, image }: Pick<Attempt, 'store' | 'location' | 'image'>): string {
  return JSON.stringify([store, location, image]);
}

/**
 * Manifests by digest, kept in the object store so that a registry is contacted once for each. What is kept is not
 * trusted: its digest is recalculated each time, and anything else than the manifest is read anew.
 */
function createManifestCache(objects: ObjectStore, upstream: ManifestSource): ManifestSource {
  return {
    async readManifest(repository, digest, signal) {
      const kept = await readKept(objects, digest);
      if (kept !== undefined) return kept;
      const manifest = await upstream.readManifest(repository, digest, signal);
      await keep(objects, manifest);
      return manifest;
    },
  };
}

function toKey(digest: Digest): string {
  return `manifests/${toKeySegment(digest)}`;
}

async function readKept(objects: ObjectStore, digest: Digest | string): Promise<Manifest | undefined> {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  const stored = await unlessFailed(objects.readObject(toKey(digest as Digest), MAX_MANIFEST_BYTES));
  if (stored === undefined || `${algorithm}:${hash(algorithm, stored.bytes)}` !== digest) return undefined;
  const mediaType = toMediaType(stored.bytes);
  return mediaType === undefined ? undefined : { bytes: stored.bytes, mediaType, digest: digest as Digest };
}

/** Only a manifest whose type its own content says can be read back without the registry's header. */
async function keep(objects: ObjectStore, { bytes, mediaType, digest }: Manifest): Promise<void> {
  if (toMediaType(bytes) !== mediaType) return;
  await unlessFailed(objects.createObject(toKey(digest), bytes));
}

function toMediaType(bytes: Uint8Array): Manifest['mediaType'] | undefined {
  try {
    return detectManifestType(bytes);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** The cache saves a request, and decides nothing: a store that fails is passed over. */
async function unlessFailed<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
