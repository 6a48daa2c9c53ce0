import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/repository.ts';
import { coversRepository } from '../../base/names/scope.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { type AttachmentReader, toSignatureTag } from '../../registry/attachments/find-attachments.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { EvidenceState } from '../check/evidence.ts';
import { type PutResult, putAttachment } from './put-attachment.ts';
import {
  type AttachedImage,
  type AttachmentTrust,
  type SelectedAttachments,
  selectAttachments,
} from './select-attachments.ts';
import type { AttachmentDestination } from './update-tag.ts';

/** An image whose signatures are copied. */
export interface CopiedImage extends AttachedImage {
  /** Where they go. */
  readonly to: Repository;
  /** For whoever reads the answer. */
  readonly names: readonly string[];
}

export interface CopyRequest extends AttachmentTrust {
  readonly images: readonly CopiedImage[];
  readonly reader: AttachmentReader;
  readonly destination: AttachmentDestination;
  /**
   * Profiles of this side, `prepared` alone when left out. What the destination has is judged by all of them. An image is
   * selected by the first one whose policies cover its repository, else by `prepared`.
   */
  readonly profiles?: readonly PreparedTrust[] | undefined;
  /** Put signatures in the place of whatever a tag names. */
  readonly replace: boolean;
  /** Images under way at a time. */
  readonly concurrency: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface CopiedAttachments extends CopiedImage, Pick<SelectedAttachments, 'rejected' | 'failed'> {
  /** What the source has. */
  readonly source: EvidenceState;
  /**
   * `complete`: the destination has all that verifies, and it meets every requirement. `conflict`: a tag was left as it
   * is. `failed`: something did not answer.
   */
  readonly outcome: 'complete' | 'absent' | 'invalid' | 'conflict' | 'failed' | 'unasked';
  readonly attachments: readonly ({ readonly location: string } & PutResult)[];
}

/**
 * Copies what lies beside images, once it verifies, to where mirrors of them lie. Run again, it does what is left.
 *
 * @throws the abort reason of the signal
 */
export async function copyAttachments(request: CopyRequest): Promise<readonly CopiedAttachments[]> {
  const { images, concurrency, onProgress } = request;
  let done = 0;
  // Copies to one tag go one after the other: each starts from what the one before has written.
  const groups = Map.groupBy(images, ({ to, digest }) => `${to}@${digest}`);
  const copied = new Map<CopiedImage, CopiedAttachments>();
  await runBounded([...groups.values()], concurrency, async (group) => {
    // What this run has written itself is nothing to replace.
    let hasWritten = false;
    for (const image of group) {
      const result = await copyImage(image, { ...request, replace: request.replace && !hasWritten });
      hasWritten ||= result.attachments.some(({ location }) => location.endsWith(toSignatureTag(image.digest)));
      copied.set(image, result);
      done += 1;
      onProgress?.(done, images.length);
    }
  });
  return images.flatMap((image) => copied.get(image) ?? []);
}

async function copyImage(image: CopiedImage, request: CopyRequest): Promise<CopiedAttachments> {
  const { reader, destination, replace, now, signal } = request;
  const { profiles = [request.prepared] } = request;
  const prepared = profiles.find((one) => covers(one, image.repository)) ?? request.prepared;
  const trust = { prepared, now, signal };
  const selected = await selectAttachments(image, reader, trust);
  const { state, verified, rejected } = selected;
  const failed = [...selected.failed];
  const attachments: CopiedAttachments['attachments'][number][] = [];
  for (const attachment of verified) {
    try {
      const at = { ...image, place: image.to };
      const result = await putAttachment(attachment, at, destination, { ...trust, profiles, replace });
      attachments.push({ location: attachment.location, ...result });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      failed.push({ location: attachment.location, message: error.message });
    }
  }
  const isConflict = attachments.some(({ outcome }) => outcome === 'conflict');
  const outcome = toOutcome(state, { isConflict, hasFailed: failed.length > selected.failed.length });
  return { ...image, source: state, outcome, attachments, rejected, failed };
}

function toOutcome(
  state: EvidenceState,
  { isConflict, hasFailed }: { readonly isConflict: boolean; readonly hasFailed: boolean },
): CopiedAttachments['outcome'] {
  if (hasFailed) return 'failed';
  if (isConflict) return 'conflict';
  return state === 'valid' ? 'complete' : state;
}

function covers({ imagePolicies }: PreparedTrust, repository: Repository): boolean {
  return imagePolicies.some((policy) => coversRepository(policy, repository));
}
