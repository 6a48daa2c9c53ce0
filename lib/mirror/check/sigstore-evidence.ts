import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { evaluatePolicies, type PolicyFindings } from '../../verdict/decide/evaluate-policies.ts';
import type { ImageReader } from '../../verdict/decide/node-images.ts';
import { asOwn } from '../../verdict/decide/policies-at-name.ts';
import { type Evidence, type EvidenceState, UNASKED } from './evidence.ts';

/** Whose signatures they are to be. */
export interface SigstoreQuestion {
  readonly digest: Digest;
  /** The name by which policies know the image, wherever it lies. */
  readonly repository: Repository;
  /** Where a mirror holds it; where it is known when left out. */
  readonly place?: Repository | undefined;
  /** The list that names the image: a node finds its policy by the list. */
  readonly list?: Digest | undefined;
  /** `node` when left out. */
  readonly reader?: ImageReader | undefined;
}

export interface SigstorePlaces {
  /** Reads what lies beside an image of a repository. */
  readonly attachments: SignatureStore;
  readonly registry: ManifestSource;
}

/** Faults of what a registry holds, which asking again does not change. */
const DAMAGE: ReadonlySet<StoreErrorCode> = new Set(['BodyInvalid', 'ContentMismatch', 'LimitExceeded', 'NotFound']);

/**
 * What the Sigstore signatures beside an image say of it, by every `sigstoreSigned` requirement of the image policies
 * that cover its repository. Content that is there and cannot be read is invalid, and not a registry that failed.
 *
 * @throws the abort reason of the signal
 */
export async function readSigstoreEvidence(
  { digest, repository, place = repository, list, reader }: SigstoreQuestion,
  prepared: PreparedTrust,
  { attachments, registry }: SigstorePlaces,
  now: Date,
  signal: AbortSignal,
): Promise<Evidence> {
  /** Hosts whose skopeo is older than 1.22.2 look at the signatures of an index alone when they pull the OS image. */
  const isReadByHosts = async (): Promise<boolean> => {
    const question = { digest, repository, place, list, reader: 'host' } as const;
    const host = await readSigstoreEvidence(question, prepared, { attachments, registry }, now, signal);
    return host.state === 'valid';
  };
  const seen = createObserver();
  const found = await evaluatePolicies({
    repository,
    digest,
    list,
    // The name is the one that policies know: it stands for no other.
    prepared: asOwn(prepared, repository),
    reader,
    counts: ({ type }) => type === 'sigstoreSigned',
    lookaside: {
      description: attachments.description,
      fetchSignatures: (query, until) =>
        seen.observe(attachments.fetchSignatures({ ...query, repository: place, kinds: ['sigstore'] }, until)),
    },
    manifests: {
      readManifest: (_, wanted, until) => registry.readManifest(place, wanted, until).catch(seen.noteManifest),
    },
    now,
    signal,
  });
  const { judgement, attempts } = found;
  if (judgement === undefined) return UNASKED;
  if (judgement.outcome === 'accepted') {
    const isIndex = found.images.some(({ platforms }) => platforms !== undefined);
    const notes = isIndex && !(await isReadByHosts()) ? { notes: [HOST_NOTE] } : {};
    return { state: 'valid', reasons: [], attempts, ...notes };
  }
  const isUnprepared = judgement.reasons.some(({ code }) => code === 'PolicyNotEvaluated');
  // Bytes that are no usable image or index: asking again does not change it.
  const isRefused = judgement.reasons.some(({ code }) => code === 'PolicyRejects' || code === 'ContentMismatch');
  const read = isRefused ? 'invalid' : toState(seen, countExamined(found, repository));
  const state = isUnprepared ? 'failed' : read;
  return { state, reasons: judgement.reasons, attempts };
}

/** Signatures of the images that do not hold. */
function countExamined({ images, examined }: PolicyFindings, repository: Repository): number {
  const open = images.filter(({ outcome }) => outcome !== 'accepted').map(({ digest }) => `${repository}@${digest}`);
  return examined.filter(({ image }) => image !== undefined && open.includes(image)).length;
}

/** What a reader should know of an index whose images are signed and which is not signed itself. */
export const HOST_NOTE =
  'an OS update needs skopeo 1.22.2 on the hosts, or the fallback of the machine-config-operator: the images of the index are signed, and the index itself is not';

function toState({ isBroken, isDamaged }: Observer, examined: number): EvidenceState {
  if (isBroken()) return 'failed';
  return isDamaged() || examined > 0 ? 'invalid' : 'absent';
}

interface Observer {
  /** Passes on why a manifest was not read. */
  readonly noteManifest: (error: unknown) => never;
  observe(entries: AsyncIterable<StoreEntry>): AsyncIterable<StoreEntry>;
  /** Something failed that may answer another time. */
  readonly isBroken: () => boolean;
  readonly isDamaged: () => boolean;
}

function createObserver(): Observer {
  let [broken, damaged] = [false, false];
  return {
    noteManifest(error) {
      const code = error instanceof StoreError ? error.code : undefined;
      // An image that is not there has no signature either.
      if (code !== 'NotFound') {
        if (code !== undefined && DAMAGE.has(code)) damaged = true;
        else broken = true;
      }
      throw error;
    },
    isBroken: () => broken,
    isDamaged: () => damaged,
    async *observe(entries) {
      for await (const entry of entries) {
        if (entry.kind === 'failed') {
          if (DAMAGE.has(entry.error.code)) damaged = true;
          else broken = true;
        }
        yield entry;
      }
    },
  };
}
