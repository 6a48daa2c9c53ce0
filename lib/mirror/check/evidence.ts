import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { evaluatePolicies, type PolicyFindings } from '../../verdict/decide/evaluate-policies.ts';
import type { ImageReader } from '../../verdict/decide/node-images.ts';
import { asOwn } from '../../verdict/decide/policies-at-name.ts';
import type { NodesAnswer } from '../../verdict/judge/nodes.ts';
import { listReaders, type Readers, type SignatureForm } from '../../verdict/judge/readers.ts';
import type { Attempt, Outcome, Reason } from '../../verdict/judge/verdict.ts';

/**
 * The state of one kind of signatures of an image. `unreadable`: it verifies, and nodes cannot read it or refuse the image.
 * `failed`: a place that did not answer could have held the signature. `unasked`: the profile requires no signature of this
 * kind.
 */
export type EvidenceState = 'valid' | 'unreadable' | 'absent' | 'invalid' | 'failed' | 'unasked';

/** The state of the signatures themselves, without asking whether nodes can read them. */
export type VerifiedState = Exclude<EvidenceState, 'unreadable'>;

/** Whether the mirror has a manifest. */
export type ManifestState = 'present' | 'absent' | 'invalid' | 'failed';

/** The outcome that a state stands for. Evidence that is not required is not missing. */
export function toOutcome(state: EvidenceState | ManifestState): Outcome {
  switch (state) {
    case 'valid':
    case 'present':
    case 'unasked':
      return 'accepted';
    case 'unreadable':
    case 'absent':
    case 'invalid':
      return 'rejected';
    case 'failed':
      return 'indeterminate';
    default:
      return state satisfies never;
  }
}

export interface Evidence {
  readonly state: EvidenceState;
  /** Empty if valid or unasked. */
  readonly reasons: readonly Reason[];
  readonly attempts: readonly Attempt[];
  /** Further facts, which do not change the state. */
  readonly notes?: readonly string[];
  /** Whether nodes can pull the image; missing where that was not looked into. */
  readonly nodes?: NodesAnswer;
  /** Which clients read the signatures that verify; of a list, those of every image. Missing where none verifies. */
  readonly readers?: Readers;
}

export interface VerifiedEvidence extends Evidence {
  readonly state: VerifiedState;
}

export const UNASKED: VerifiedEvidence = { state: 'unasked', reasons: [], attempts: [] };

/** The image whose signatures are checked. */
export interface SigstoreQuestion {
  readonly digest: Digest;
  /** The name by which policies find the image. */
  readonly repository: Repository;
  /** The mirror's repository. Default: `repository`. */
  readonly place?: Repository | undefined;
  /** The list that names the image: a node finds its policy by the list. */
  readonly list?: Digest | undefined;
  /** Default: `node`. */
  readonly reader?: ImageReader | undefined;
}

export interface SigstorePlaces {
  /** Reads the attachments of an image. */
  readonly attachments: SignatureStore;
  readonly registry: ManifestSource;
}

/** Faults of stored content. Reading it again gives the same result. */
const DAMAGE: ReadonlySet<StoreErrorCode> = new Set(['BodyInvalid', 'ContentMismatch', 'LimitExceeded', 'NotFound']);

/**
 * Checks the Sigstore signatures beside an image by every `sigstoreSigned` requirement of the image policies that cover
 * its repository. Content that cannot be parsed is invalid; it does not count as a registry that failed.
 *
 * @throws the abort reason of the signal
 */
export async function readSigstoreEvidence(
  { digest, repository, place = repository, list, reader }: SigstoreQuestion,
  prepared: PreparedTrust,
  { attachments, registry }: SigstorePlaces,
  now: Date,
  signal: AbortSignal,
): Promise<VerifiedEvidence> {
  /** To pull the OS image, hosts with a skopeo older than 1.22.2 read only the signatures of the index itself. */
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
    // Policies are found by this name alone.
    prepared: asOwn(prepared, repository),
    reader,
    counts: ({ type }) => type === 'sigstoreSigned' || type === 'unsupported',
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
    return { state: 'valid', reasons: [], attempts, ...notes, ...seen.listReaders(attempts) };
  }
  const isUnprepared = judgement.reasons.some(({ code }) => code === 'PolicyNotEvaluated');
  // The bytes are no usable image or index. Reading them again gives the same result.
  const isRefused = judgement.reasons.some(({ code }) => code === 'PolicyRejects' || code === 'ContentMismatch');
  const read = isRefused ? 'invalid' : toState(seen, countExamined(found, repository));
  const state = isUnprepared ? 'failed' : read;
  return { state, reasons: judgement.reasons, attempts };
}

/** The number of examined signatures of images that are not accepted. */
function countExamined({ images, examined }: PolicyFindings, repository: Repository): number {
  const open = images.filter(({ outcome }) => outcome !== 'accepted').map(({ digest }) => `${repository}@${digest}`);
  return examined.filter(({ image }) => image !== undefined && open.includes(image)).length;
}

/** The note for an index whose images are signed and which is not signed itself. */
export const HOST_NOTE =
  'an OS update needs skopeo 1.22.2 on the hosts, or the fallback of the machine-config-operator: the images of the index are signed, and the index itself is not';

function toState({ isBroken, isDamaged }: Observer, examined: number): VerifiedState {
  if (isBroken()) return 'failed';
  return isDamaged() || examined > 0 ? 'invalid' : 'absent';
}

interface Observer {
  /** Notes why a manifest was not read, and throws the error again. */
  readonly noteManifest: (error: unknown) => never;
  observe(entries: AsyncIterable<StoreEntry>): AsyncIterable<StoreEntry>;
  /** A place failed that may answer the next time. */
  readonly isBroken: () => boolean;
  readonly isDamaged: () => boolean;
  /** Who reads the signatures that verified, by the form in which each was found. */
  readonly listReaders: (attempts: readonly Attempt[]) => Pick<Evidence, 'readers'>;
}

function createObserver(): Observer {
  let [broken, damaged] = [false, false];
  const forms = new Map<string, SignatureForm>();
  return {
    listReaders(attempts) {
      const good = attempts.filter(({ code }) => code === 'Verified');
      const images = Map.groupBy(good, ({ image }) => image).values();
      const found = [...images].map((ofImage) => ofImage.flatMap(({ location }) => forms.get(location) ?? []));
      return found.length === 0 || found.some((of) => of.length === 0) ? {} : { readers: listReaders(found) };
    },
    noteManifest(error) {
      const code = error instanceof StoreError ? error.code : undefined;
      // A missing image has no signature either.
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
          // Signatures beyond a limit are not read, and one of them may be good.
          if (DAMAGE.has(entry.error.code) && entry.error.code !== 'LimitExceeded') damaged = true;
          else broken = true;
        }
        if (entry.kind === 'signature' && entry.form !== undefined) forms.set(entry.location, entry.form);
        yield entry;
      }
    },
  };
}
