import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import { type ChildManifest, type ListedImages, listImages } from '../../registry/images/list-children.ts';
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
  /** The list that names it. */
  readonly list?: Digest | undefined;
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
  /** Of a list: what it names beside images, which nobody has to hold or to sign. */
  readonly others?: readonly Digest[];
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
  const { digest, repository, place, list } = image;
  const time = now();
  // Once, for what is there and for the images that nodes choose from it.
  const reading = registry.readManifest(place, digest, signal);
  const once: CheckPlaces['registry'] = {
    readManifest: async (at, wanted, until) =>
      wanted === digest ? await reading : await registry.readManifest(at, wanted, until),
  };
  const question = { digest, repository, place, list };
  const [read, sigstore, openpgp] = await Promise.all([
    readManifest(once, image, signal),
    readSigstoreEvidence(question, trust.prepared, { attachments, registry: once }, time, signal),
    image.kind === 'release' ? readOpenpgpEvidence(digest, trust, signatures, time, signal) : UNASKED,
  ]);
  const { manifest, listed } = read;
  const { images: children = [], others = [] } = listed ?? {};
  return {
    checked: {
      ...image,
      outcome: conclude(manifest, sigstore, openpgp),
      manifest,
      sigstore,
      openpgp,
      ...(others.length === 0 ? {} : { others: others.map((one) => one.digest) }),
    },
    children,
  };
}

function conclude(manifest: CheckedManifest, sigstore: Evidence, openpgp: Evidence): CheckedImage['outcome'] {
  // What cannot be read may be a list, which needs no Sigstore signature of its own.
  const isOpen = manifest.state === 'failed' && sigstore.state === 'absent';
  const states = [manifest.state, isOpen ? 'failed' : sigstore.state, openpgp.state];
  if (states.includes('absent') || states.includes('invalid')) return 'incomplete';
  return states.includes('failed') ? 'indeterminate' : 'complete';
}

interface ReadManifest {
  readonly manifest: CheckedManifest;
  /** Undefined for an image, and for what could not be read. */
  readonly listed: ListedImages | undefined;
}

async function readManifest(
  registry: CheckPlaces['registry'],
  { place, digest, list }: WantedImage,
  signal: AbortSignal,
): Promise<ReadManifest> {
  try {
    const listed = listImages(await registry.readManifest(place, digest, signal));
    if (listed !== undefined && list !== undefined) {
      throw new StoreError(
        'BodyInvalid',
        `${list} names ${digest} as an image, which is a list: lists in lists are refused`,
      );
    }
    return { manifest: { state: 'present', reasons: [] }, listed };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    return { manifest: toFault(error), listed: undefined };
  }
}

function toFault({ code, message }: StoreError): CheckedManifest {
  const reasons = [{ message }];
  if (code === 'NotFound') return { state: 'absent', reasons };
  const isDamaged = code === 'ContentMismatch' || code === 'BodyInvalid' || code === 'LimitExceeded';
  return { state: isDamaged ? 'invalid' : 'failed', reasons };
}
