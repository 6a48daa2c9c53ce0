import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { type SelectedAttachments, selectAttachments } from '../../mirror/sigstore/select-attachments.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { AttachmentReader } from '../../registry/attachments/attachment.ts';
import { type LayoutAttachment, toLayoutFiles } from '../../registry/attachments/layout.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { BundleFile } from '../format/archive.ts';
import { SIGSTORE_INDEX_PATH, SIGSTORE_LAYOUT_PATH, sigstoreBlobPath } from '../format/bundle-path.ts';

/** An image whose Sigstore signatures go into a bundle. */
export interface BundledImage {
  readonly digest: Digest;
  /** The name by which policies know it, and by which the bundle names it. */
  readonly repository: Repository;
  /** Where its signatures are read. */
  readonly place: Repository;
}

export interface AttachmentRequest {
  readonly images: readonly BundledImage[];
  readonly reader: AttachmentReader;
  /** One that verifies is enough. */
  readonly profiles: readonly PreparedTrust[];
  /** Images under way at a time. */
  readonly concurrency: number;
  readonly now: Date;
  readonly signal: AbortSignal;
}

export interface CollectedAttachments {
  /** None where there is no attachment. */
  readonly files: readonly BundleFile[];
  readonly attachments: number;
  readonly withoutAny: readonly Digest[];
  readonly leftOut: SelectedAttachments['rejected'];
}

/**
 * Reads and verifies the attachments of images, for a bundle. One that a registry does not deliver is an error: a bundle
 * that lacks it would not say so. One that is damaged is left out, and named. @throws StoreError; the abort reason of the signal
 */
export async function collectAttachments(request: AttachmentRequest): Promise<CollectedAttachments> {
  const { images, concurrency } = request;
  const selected = await runBounded(images, concurrency, async (image) => await selectByAny(image, request));
  const attachments = selected.flatMap(({ verified }, at): readonly LayoutAttachment[] => {
    const { repository } = images[at] ?? {};
    return repository === undefined ? [] : verified.map((one) => ({ ...one, repository }));
  });
  const without = images.filter((_, at) => selected[at]?.verified.length === 0);
  return {
    files: attachments.length === 0 ? [] : toFiles(attachments),
    attachments: attachments.length,
    withoutAny: without.map(({ digest }) => digest),
    leftOut: selected.flatMap(({ rejected }) => rejected),
  };
}

async function selectByAny(
  image: BundledImage,
  { reader, profiles, now, signal }: AttachmentRequest,
): Promise<Pick<SelectedAttachments, 'verified' | 'rejected'>> {
  const verified = new Map<string, SelectedAttachments['verified'][number]>();
  const rejected = new Map<string, SelectedAttachments['rejected'][number]>();
  // Also of a manifest whose other signatures verify.
  const damaged = new Map<string, SelectedAttachments['rejected'][number]>();
  for (const prepared of profiles) {
    const selected = await selectAttachments(image, reader, { prepared, now: () => now, signal });
    const failure = selected.failed.find(({ isDamaged }) => isDamaged !== true);
    if (failure !== undefined) throw new StoreError('BodyInvalid', `${failure.location}: ${failure.message}`);
    for (const { location, message } of selected.failed) {
      damaged.set(location, { location, reasons: [{ code: 'SignatureMalformed', message }] });
    }
    for (const one of selected.verified) verified.set(one.location, one);
    for (const one of selected.rejected) rejected.set(one.location, one);
  }
  const invalid = [...rejected.values()].filter(({ location }) => !verified.has(location) && !damaged.has(location));
  return { verified: [...verified.values()], rejected: [...invalid, ...damaged.values()] };
}

function toFiles(attachments: readonly LayoutAttachment[]): readonly BundleFile[] {
  const { index, layout, blobs } = toLayoutFiles(attachments);
  return [
    { path: SIGSTORE_INDEX_PATH, bytes: index },
    { path: SIGSTORE_LAYOUT_PATH, bytes: layout },
    ...[...blobs].map(([digest, bytes]) => ({ path: sigstoreBlobPath(digest), bytes })),
  ];
}
