import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/reference.ts';
import { type CopiedAttachments, copyAttachments } from '../../mirror/sigstore/copy-attachments.ts';
import type { AttachmentDestination } from '../../mirror/sigstore/update-tag.ts';
import { type LayoutReader, openLayoutReader } from '../../registry/attachments/layout.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { type BundleFault, isUnreadable } from '../format/bundle-error.ts';
import { openBundleFile } from '../format/bundle-file.ts';
import { SIGSTORE_INDEX_PATH, sigstoreBlobPath } from '../format/bundle-path.ts';
import { type BundleContents, readBundle } from '../format/read-bundle.ts';

export interface AttachmentImportRequest {
  /** A bundle. */
  readonly source: string;
  /** Those of the receiving side. */
  readonly profiles: readonly PreparedTrust[];
  readonly destination: AttachmentDestination;
  /** Where the mirror has release images, and where all others. */
  readonly to: Repository;
  readonly componentsTo: Repository;
  readonly replace: boolean;
  readonly concurrency: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface AttachmentImport {
  /** `partial`: something was left out, or did not answer. After `refused` and `unreadable` nothing was written. */
  readonly outcome: 'imported' | 'partial' | 'refused' | 'unreadable';
  readonly faults: readonly BundleFault[];
  readonly images: readonly CopiedAttachments[];
}

/**
 * Pushes the Sigstore signatures of a bundle to a registry, each verified again. With any fault of the bundle nothing is
 * pushed. It can be repeated. @throws InputError for what is no file; StoreError when it cannot be read
 */
export async function importAttachments(request: AttachmentImportRequest): Promise<AttachmentImport> {
  const { contents, layout, faults } = await readLayout(request);
  if (layout === undefined) {
    const outcome = isUnreadable(contents.faults) ? 'unreadable' : 'refused';
    return { outcome: faults.length === 0 ? 'imported' : outcome, faults, images: [] };
  }
  const [prepared] = request.profiles;
  const images =
    prepared === undefined
      ? []
      : await copyAttachments({
          ...request,
          images: layout.images.map((image) => ({
            ...image,
            place: image.repository,
            to: toPlace(image.repository, request),
            names: [],
          })),
          reader: layout,
          prepared,
        });
  const isWhole = images.length === layout.images.length && images.every(({ outcome }) => outcome === 'complete');
  return { outcome: isWhole ? 'imported' : 'partial', faults, images };
}

async function readLayout({ source, signal }: AttachmentImportRequest): Promise<{
  readonly contents: BundleContents;
  /** Undefined for a bundle with a fault, or without a layout. */
  readonly layout: LayoutReader | undefined;
  readonly faults: readonly BundleFault[];
}> {
  const file = await openBundleFile(source);
  try {
    const contents = await readBundle(file, signal);
    const { faults, sigstore } = contents;
    const index = sigstore.get(SIGSTORE_INDEX_PATH);
    if (faults.length > 0 || index === undefined) return { contents, layout: undefined, faults };
    try {
      const layout = openLayoutReader(index, (digest) => sigstore.get(sigstoreBlobPath(digest)));
      return { contents, layout, faults };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const fault: BundleFault = { code: 'ContentMismatch', path: SIGSTORE_INDEX_PATH, message: error.message };
      return { contents, layout: undefined, faults: [fault] };
    }
  } finally {
    await file.close();
  }
}

function toPlace(repository: Repository, { profiles, to, componentsTo }: AttachmentImportRequest): Repository {
  const isRelease = profiles.some(({ canonicalRepositories }) => canonicalRepositories.includes(repository));
  return isRelease ? to : componentsTo;
}
