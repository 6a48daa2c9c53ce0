import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { type AttachmentReader, toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import type { MadeAttachment } from '../../mirror/check/mirror-setup.ts';
import { OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';

/** What lies beside one image, as a registry with the referrers API has it. */
export interface Beside {
  /** Under the `.sig` tag. */
  readonly tag?: MadeAttachment | undefined;
  /** In the order of the registry's list. */
  readonly referrers?: readonly MadeAttachment[];
}

/** Reads it from memory. */
export function readBeside(image: Digest, { tag, referrers = [] }: Beside): AttachmentReader {
  const made = [...(tag === undefined ? [] : [tag]), ...referrers];
  const blobs = new Map<string, Uint8Array>(made.flatMap((one) => one.blobs.map((blob) => [toDigest(blob), blob])));
  const manifests = new Map<string, Uint8Array>(made.map(({ bytes }) => [toDigest(bytes), bytes]));
  if (tag !== undefined) manifests.set(toSignatureTag(image), tag.bytes);
  const find = (all: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array => {
    const found = all.get(name);
    if (found === undefined) throw new StoreError('NotFound', `no ${name}`);
    return found;
  };
  return {
    async readManifest(_, reference) {
      const bytes = find(manifests, reference);
      return { bytes, mediaType: OCI_MANIFEST, digest: parseDigest(toDigest(bytes)) };
    },
    async readBlob(_, digest, { limitBytes }) {
      const bytes = find(blobs, digest);
      if (bytes.length > limitBytes) throw new StoreError('LimitExceeded', `${digest} is too long`);
      return bytes;
    },
    async listReferrers() {
      const descriptors = referrers.map(({ bytes }) => ({
        mediaType: OCI_MANIFEST,
        digest: parseDigest(toDigest(bytes)),
        artifactType: undefined,
      }));
      return { descriptors };
    },
  };
}
