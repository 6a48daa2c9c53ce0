import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/reference.ts';
import { coversRepository } from '../../base/names/scope.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { type AttachmentReader, toSignatureTag } from '../../registry/attachments/attachment.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { VerifiedState } from '../check/evidence.ts';
import { copyOpenpgp, type ExtensionRegistries } from './copy-openpgp.ts';
import { type PutResult, putAttachment } from './put-attachment.ts';
import type { AttachedImage, AttachmentTrust } from './read-attachment.ts';
import { type SelectedAttachments, selectAttachments } from './select-attachments.ts';
import type { AttachmentDestination } from './update-tag.ts';

/** An image whose signatures are copied. */
export interface CopiedImage extends AttachedImage {
  /** The destination repository. */
  readonly to: Repository;
  /** For the reader of the answer. */
  readonly names: readonly string[];
}

export interface CopyRequest extends AttachmentTrust {
  readonly images: readonly CopiedImage[];
  readonly reader: AttachmentReader;
  readonly destination: AttachmentDestination;
  /** Where OpenPGP signatures are copied as well, by the signature extension of both; undefined: nowhere. */
  readonly extensions?: ExtensionRegistries | undefined;
  /**
   * The profiles of this site; default: `prepared` alone. All of them verify the signatures at the destination. The first
   * whose policies cover the image's repository selects the attachments to copy, else `prepared`.
   */
  readonly profiles?: readonly PreparedTrust[] | undefined;
  /** Replace the content of a tag. */
  readonly replace: boolean;
  /** Images copied at once. */
  readonly concurrency: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface CopiedAttachments extends CopiedImage, Pick<SelectedAttachments, 'rejected' | 'failed'> {
  /** The state of the source. */
  readonly source: VerifiedState;
  /**
   * `complete`: the destination has every signature that verifies, and they satisfy every requirement. `conflict`: a tag
   * was left unchanged. `failed`: a registry did not answer.
   */
  readonly outcome: 'complete' | 'absent' | 'invalid' | 'conflict' | 'failed' | 'unasked';
  readonly attachments: readonly ({ readonly location: string } & PutResult)[];
}

/**
 * Copies the attachments of images that verify to the mirrors of the images. A further run does the rest.
 *
 * @throws the abort reason of the signal
 */
export async function copyAttachments(request: CopyRequest): Promise<readonly CopiedAttachments[]> {
  const { images, concurrency, onProgress } = request;
  let done = 0;
  // Copies to one tag are sequential: each starts from the result of the previous one.
  const groups = Map.groupBy(images, ({ to, digest }) => `${to}@${digest}`);
  const copied = new Map<CopiedImage, CopiedAttachments>();
  await runBounded([...groups.values()], concurrency, async (group) => {
    // A tag that this run has written is not replaced.
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
  const { state, verified } = selected;
  const openpgp = request.extensions === undefined ? undefined : await copyOpenpgp(image, request.extensions, trust);
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
  const { attachments: put = [], rejected = [], failed: other = [] } = openpgp ?? {};
  const hasFailed = failed.length > selected.failed.length || other.some(({ isDamaged }) => isDamaged !== true);
  const outcome = toOutcome(toState(state, { put, rejected }), { isConflict, hasFailed });
  const all = { rejected: [...selected.rejected, ...rejected], failed: [...failed, ...other] };
  return { ...image, source: state, outcome, attachments: [...attachments, ...put], ...all };
}

/** Where no policy asks for Sigstore, OpenPGP signatures of the registry decide. */
function toState(
  state: VerifiedState,
  { put, rejected }: { readonly put: readonly object[]; readonly rejected: readonly object[] },
): VerifiedState {
  if (state !== 'unasked' || put.length + rejected.length === 0) return state;
  return put.length > 0 ? 'valid' : 'invalid';
}

function toOutcome(
  state: VerifiedState,
  { isConflict, hasFailed }: { readonly isConflict: boolean; readonly hasFailed: boolean },
): CopiedAttachments['outcome'] {
  if (hasFailed) return 'failed';
  if (isConflict) return 'conflict';
  return state === 'valid' ? 'complete' : state;
}

function covers({ imagePolicies }: PreparedTrust, repository: Repository): boolean {
  return imagePolicies.some((policy) => coversRepository(policy, repository));
}
