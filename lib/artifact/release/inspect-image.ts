import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Platform } from './image/image-config.ts';
import { parseImageReferences } from './image/image-references.ts';
import { ReleaseError, type ReleaseFault } from './image/release-error.ts';
import { parseReleaseVersion } from './image/release-metadata.ts';
import { type LayerBudget, readReleaseFiles } from './read-release-files.ts';
import type { InspectedImage } from './release-inspection.ts';
import type { ReleaseSource } from './release-source.ts';

/** One image of a release, read whole or with the fault that ended it. @throws StoreError for what was not answered */
export async function inspectImage(
  source: ReleaseSource,
  { digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array },
  signal: AbortSignal,
  budget?: LayerBudget,
): Promise<InspectedImage> {
  let platform: Platform | undefined;
  try {
    const { config, files } = await readReleaseFiles(source, bytes, signal, budget);
    ({ platform } = config);
    const references = files.get('image-references');
    if (references === undefined) {
      throw new ReleaseError('FileMissing', 'there is no release-manifests/image-references: it is no release image');
    }
    const { name, components } = parseImageReferences(references);
    const metadata = files.get('release-metadata');
    const version = metadata === undefined ? name : parseReleaseVersion(metadata);
    return { digest, platform, ...(version === undefined ? {} : { version }), components, faults: [] };
  } catch (error) {
    const fault = toReleaseFault(error);
    return { digest, ...(platform === undefined ? {} : { platform }), components: [], faults: [fault] };
  }
}

/** A fault of the contents themselves, which asking again does not mend. @throws every other error */
export function toReleaseFault(error: unknown): ReleaseFault {
  if (error instanceof ReleaseError) return { code: error.code, message: error.message };
  if (error instanceof StoreError && (error.code === 'ContentMismatch' || error.code === 'LimitExceeded')) {
    return { code: error.code, message: error.message };
  }
  throw error;
}
