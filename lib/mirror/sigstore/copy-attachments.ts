import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/repository.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { AttachmentReader } from '../../registry/attachments/find-attachments.ts';
import type { EvidenceState } from '../check/evidence.ts';
import type { AttachmentDestination } from './list-referrer.ts';
import { type PutOutcome, putAttachment } from './put-attachment.ts';
import {
  type AttachedImage,
  type AttachmentTrust,
  type SelectedAttachments,
  selectAttachments,
} from './select-attachments.ts';

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
  /** Put signatures in the place of others that verify too. */
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
  readonly attachments: readonly { readonly location: string; readonly outcome: PutOutcome }[];
}

/**
 * Copies what lies beside images, once it verifies, to where mirrors of them lie. Run again, it does what is left.
 *
 * @throws the abort reason of the signal
 */
export async function copyAttachments(request: CopyRequest): Promise<readonly CopiedAttachments[]> {
  const { images, concurrency, onProgress } = request;
  let done = 0;
  return await runBounded(images, concurrency, async (image) => {
    const copied = await copyImage(image, request);
    done += 1;
    onProgress?.(done, images.length);
    return copied;
  });
}

async function copyImage(image: CopiedImage, request: CopyRequest): Promise<CopiedAttachments> {
  const { reader, destination, replace, signal } = request;
  const selected = await selectAttachments(image, reader, request);
  const { state, verified, rejected } = selected;
  const failed = [...selected.failed];
  const attachments: CopiedAttachments['attachments'][number][] = [];
  for (const attachment of verified) {
    try {
      const at = { ...image, place: image.to };
      const outcome = await putAttachment(attachment, at, destination, request, { replace });
      attachments.push({ location: attachment.location, outcome });
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
