import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { Manifest, RegistryClient } from '../../registry/client/registry-client.ts';
import { type ChildManifest, listChildren } from '../../registry/images/list-children.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type Evidence, UNASKED } from './evidence.ts';
import { readOpenpgpEvidence } from './openpgp-evidence.ts';
import { readSigstoreEvidence } from './sigstore-evidence.ts';

/** An image that a mirror should hold. */
export interface WantedImage {
  readonly digest: Digest;
  /** The name that signatures and policies know it by. */
  readonly repository: Repository;
  /** Where the mirror has it. */
  readonly place: Repository;
  /** Only releases have OpenPGP signatures. */
  readonly kind: 'release' | 'component';
  /** For whoever reads the answer. */
  readonly names: readonly string[];
}

export interface CheckedManifest {
  readonly state: 'present' | 'absent' | 'invalid' | 'failed';
  /** Why it is not present. */
  readonly reasons: readonly Pick<Reason, 'message'>[];
}

export interface CheckedImage extends WantedImage {
  readonly outcome: 'complete' | 'incomplete' | 'indeterminate';
  readonly manifest: CheckedManifest;
  readonly sigstore: Evidence;
  readonly openpgp: Evidence;
}

export interface CheckPlaces {
  readonly trust: ReadyTrust;
  /** Of the mirror. */
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  readonly attachments: SignatureStore;
  /** OpenPGP signatures of releases. */
  readonly signatures: SignatureStore;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** What a mirror has of one image, and the images of the list that it is, if it is one. @throws the abort reason */
export async function checkImage(
  image: WantedImage,
  { trust, registry, attachments, signatures, now, signal }: CheckPlaces,
): Promise<{ readonly checked: CheckedImage; readonly children: readonly ChildManifest[] }> {
  const { digest, repository, place } = image;
  const at = now();
  // Once, for what is there and for the images that nodes choose from it.
  const reading = registry.readManifest(place, digest, signal);
  const once = { readManifest: () => reading };
  const [read, sigstore, openpgp] = await Promise.all([
    readManifest(once, place, digest, signal),
    readSigstoreEvidence({ digest, repository, place }, trust.prepared, { attachments, registry: once }, at, signal),
    image.kind === 'release' ? readOpenpgpEvidence(digest, trust, signatures, at, signal) : UNASKED,
  ]);
  const { manifest, children } = read;
  return {
    checked: { ...image, outcome: conclude(manifest, sigstore, openpgp), manifest, sigstore, openpgp },
    children,
  };
}

function conclude(manifest: CheckedManifest, ...evidence: readonly Evidence[]): CheckedImage['outcome'] {
  const states = [manifest.state, ...evidence.map(({ state }) => state)];
  if (states.includes('absent') || states.includes('invalid')) return 'incomplete';
  return states.includes('failed') ? 'indeterminate' : 'complete';
}

interface ReadManifest {
  readonly manifest: CheckedManifest;
  readonly children: readonly ChildManifest[];
}

async function readManifest(
  registry: CheckPlaces['registry'],
  place: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<ReadManifest> {
  try {
    const manifest: Manifest = await registry.readManifest(place, digest, signal);
    return { manifest: { state: 'present', reasons: [] }, children: listImages(manifest) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    return { manifest: toFault(error), children: [] };
  }
}

/** What builders attest beside the images of a list is nothing that a cluster pulls. */
function listImages(manifest: Manifest): readonly ChildManifest[] {
  return listChildren(manifest).filter(({ platform }) => platform?.architecture !== 'unknown');
}

function toFault({ code, message }: StoreError): CheckedManifest {
  const reasons = [{ message }];
  if (code === 'NotFound') return { state: 'absent', reasons };
  const isDamaged = code === 'ContentMismatch' || code === 'BodyInvalid' || code === 'LimitExceeded';
  return { state: isDamaged ? 'invalid' : 'failed', reasons };
}
