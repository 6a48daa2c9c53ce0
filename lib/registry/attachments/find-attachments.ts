import { SignatureError } from '../../base/errors/signature-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { isBundleType, MAX_SIGSTORE_SIGNATURE_BYTES } from '../../crypto/sigstore/signature-blob.ts';
import { readOtherPredicate } from '../../crypto/sigstore/statement.ts';
import { parseSimpleSigningPayload } from '../../crypto/simple-signing-payload.ts';
import {
  type AttachmentEntry,
  type AttachmentForm,
  type AttachmentReader,
  attempt,
  createBudget,
  type FailedEntry,
  MAX_TAG_LENGTH,
  type SignatureBudget,
  toSignatureTag,
} from './attachment.ts';
import { findReferrers } from './find-referrers.ts';
import { readParsed, readSignatureLayers, type UntrustedLayer } from './read-signature-layers.ts';

/**
 * Finds the Sigstore signatures of an image in a repository: the layers of the manifest at its `.sig` tag, then what refers
 * to the image. Each manifest is read on demand, and signatures in their order up to one limit for the image. What is not
 * read is a failure that names it: it could have been the signature. Throws nothing but the signal's abort reason.
 */
export async function* findAttachments(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): AsyncGenerator<AttachmentEntry> {
  const budget = createBudget();
  const tag = toSignatureTag(digest);
  // A name that is too long for a tag, as for a SHA-512 digest, cannot have been pushed.
  if (tag.length > MAX_TAG_LENGTH) yield { kind: 'absent', location: `${repository}:${tag}` };
  else yield* readTagged(reader, repository, tag, budget, signal);
  yield* findReferrers(reader, repository, digest, budget, signal);
}

async function* readTagged(
  reader: AttachmentReader,
  repository: Repository,
  tag: string,
  budget: SignatureBudget,
  signal: AbortSignal,
): AsyncGenerator<AttachmentEntry> {
  const location = `${repository}:${tag}`;
  const read = await attempt(location, signal, async () => {
    const manifest = await reader.readManifest(repository, tag, signal);
    return { manifest, found: readParsed(() => readSignatureLayers(manifest), signal) };
  });
  if ('kind' in read) {
    yield read;
    return;
  }
  const { manifest, found } = read;
  const { kept, unread } = budget.take(found.layers, location);
  yield { kind: 'attachment', attachment: { form: 'tag', location, tag, manifest, layers: kept } };
  if (found.fault !== undefined) yield { kind: 'failed', location, error: found.fault };
  if (unread !== undefined) yield unread;
}

/** A manifest of signatures beside an image. Nothing of it is verified. */
export interface ListedSignatures {
  readonly form: AttachmentForm;
  readonly location: string;
  readonly signatures: number;
  /** What its payloads say the image is called, each once. A bundle says nothing. */
  readonly claimedNames: readonly string[];
}

interface SignatureListing {
  readonly found: readonly ListedSignatures[];
  readonly failed: readonly FailedEntry[];
}

/** Lists the signatures beside an image by their form, without verifying any. @throws the abort reason of the signal */
export async function listSignatures(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<SignatureListing> {
  const found: ListedSignatures[] = [];
  const failed: FailedEntry[] = [];
  for await (const entry of findAttachments(reader, repository, digest, signal)) {
    if (entry.kind === 'failed') failed.push(entry);
    if (entry.kind !== 'attachment') continue;
    const { form, location, layers } = entry.attachment;
    const names = new Set<string>();
    let signatures = 0;
    for (const layer of layers) {
      try {
        const bytes = await reader.readBlob(repository, layer.digest, {
          limitBytes: MAX_SIGSTORE_SIGNATURE_BYTES,
          signal,
        });
        if (isBundleType(layer.mediaType) && readOtherPredicate(bytes) !== undefined) continue;
        signatures += 1;
        for (const name of readNames(layer, bytes)) names.add(name);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError)) throw error;
        failed.push({ kind: 'failed', location: `${location}#${layer.number}`, error });
      }
    }
    if (signatures > 0) found.push({ form, location, signatures, claimedNames: [...names] });
  }
  return { found, failed };
}

/** Untrusted: a claim of the payload, shown as such. */
function readNames({ mediaType }: UntrustedLayer, untrustedPayload: Uint8Array): readonly string[] {
  if (isBundleType(mediaType)) return [];
  try {
    return [parseSimpleSigningPayload(untrustedPayload, 'cosign').dockerReference];
  } catch (error) {
    if (error instanceof SignatureError) return [];
    throw error;
  }
}
