import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { type AttachmentReader, toSignatureTag } from '../../registry/attachments/attachment.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { listLayers, mergeSignatures, type NamedLayer } from './merge-signatures.ts';
import { type AttachedImage, type AttachmentTrust, DAMAGE, readAttachment } from './read-attachment.ts';
import { createSignatureJudge, type SignatureJudge } from './recognise-signature.ts';
import type { VerifiedAttachment } from './select-attachments.ts';
import { type AttachmentDestination, type TagStep, updateTag } from './update-tag.ts';

export interface AddOptions extends Pick<AttachmentTrust, 'now' | 'signal'> {
  /** Profiles whose policies verify the signatures at the destination. */
  readonly profiles: readonly PreparedTrust[];
}

export interface AddedSignatures {
  /** Whether the tag existed before. */
  readonly found: 'nothing' | 'something';
  readonly isWritten: boolean;
  /** Why nothing could be added; undefined if the tag names every signature that verifies. */
  readonly conflict: string | undefined;
  /** The blobs of the signatures that verify. */
  readonly needed: readonly PushedBlob[];
}

/**
 * Adds the signatures of a `.sig` manifest that verify to those that the image's tag names. No signature is removed. If none
 * of those at the tag verifies by any profile, the tag may belong to another tool, and nothing is written.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function addSignatures(
  attachment: VerifiedAttachment,
  image: AttachedImage,
  destination: AttachmentDestination,
  options: AddOptions,
): Promise<AddedSignatures> {
  const { place, digest } = image;
  const { signal, profiles } = options;
  const judge = createSignatureJudge(image, profiles, options);
  const ours = await judgeOurs(attachment, judge);
  const tag = toSignatureTag(digest);
  let found: AddedSignatures['found'] | undefined;
  const step = async (current: Manifest | undefined): Promise<TagStep<string | undefined>> => {
    found ??= current === undefined ? 'nothing' : 'something';
    return await chooseStep(current, ours, { reader: destination.reader, place, judge, signal });
  };
  const { result: conflict, isWritten } = await updateTag(place, tag, destination, signal, step);
  return { found: found ?? 'nothing', isWritten, conflict, needed: ours.verified.flatMap((one) => one.blob) };
}

interface OurSignatures extends Pick<VerifiedAttachment, 'manifest' | 'blobs'> {
  readonly layers: readonly NamedLayer[];
  readonly verified: readonly { readonly layer: NamedLayer; readonly blob: PushedBlob }[];
}

async function judgeOurs({ manifest, blobs }: VerifiedAttachment, judge: SignatureJudge): Promise<OurSignatures> {
  const byDigest = new Map(blobs.map(({ digest, bytes }) => [digest, bytes]));
  const layers = listLayers(manifest);
  const verified: OurSignatures['verified'][number][] = [];
  for (const layer of layers) {
    const blob = blobs.find(({ digest }) => digest === layer.signature?.digest);
    if (blob !== undefined && (await isGood(layer, byDigest, judge))) verified.push({ layer, blob });
  }
  return { manifest, blobs, layers, verified };
}

async function isGood(
  { signature }: NamedLayer,
  blobs: ReadonlyMap<Digest, Uint8Array>,
  judge: SignatureJudge,
): Promise<boolean> {
  return signature !== undefined && (await judge(signature, blobs));
}

interface Place {
  readonly reader: AttachmentReader;
  readonly place: Repository;
  readonly judge: SignatureJudge;
  readonly signal: AbortSignal;
}

/** The next content of the tag; or that no write is needed, with the reason of a conflict. */
async function chooseStep(
  current: Manifest | undefined,
  ours: OurSignatures,
  at: Place,
): Promise<TagStep<string | undefined>> {
  const whole = { kind: 'write', manifest: ours.manifest, blobs: ours.blobs } as const;
  if (current === undefined) return whole;
  if (current.digest === ours.manifest.digest) return { kind: 'done', result: undefined };
  try {
    const held = listLayers(current);
    const names = new Set(held.map(({ name }) => name));
    const missing = ours.verified.filter(({ layer }) => !names.has(layer.name));
    if (missing.length === 0) return { kind: 'done', result: undefined };
    return containsAll(ours, held) ? whole : await merge(current, held, missing, at);
  } catch (error) {
    if (!(error instanceof StoreError) || !DAMAGE.has(error.code)) throw error;
    return { kind: 'done', result: error.message };
  }
}

/** Whether this attachment contains all signatures at the tag, and all of its own verify. */
function containsAll({ layers, verified }: OurSignatures, held: readonly NamedLayer[]): boolean {
  const names = new Set(layers.map(({ name }) => name));
  return held.length > 0 && verified.length === layers.length && held.every(({ name }) => names.has(name));
}

async function merge(
  current: Manifest,
  held: readonly NamedLayer[],
  missing: OurSignatures['verified'],
  { reader, place, judge, signal }: Place,
): Promise<TagStep<string | undefined>> {
  const location = `${place}@${current.digest}`;
  const read = await readAttachment(reader, place, { location, manifest: current, layers: [] }, signal);
  if (read instanceof StoreError) throw read;
  if (read.missing !== undefined) throw read.missing;
  for (const layer of held) {
    if (!(await isGood(layer, read.blobs, judge))) continue;
    const added = missing.map((one) => one.layer);
    const { manifest, blobs } = mergeSignatures(current, read.blobs, added);
    return { kind: 'write', manifest, blobs: [...missing.map(({ blob }) => blob), ...blobs] };
  }
  return { kind: 'done', result: 'no signature at its tag verifies by this trust' };
}
