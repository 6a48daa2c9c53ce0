import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import { type ChildManifest, type ListedImages, listImages } from '../../registry/images/list-children.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { findNodesRefusal } from '../../verdict/decide/policies-at-name.ts';
import { judgeNodes, type NodeVersion } from '../../verdict/judge/nodes.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type Completeness, toCompleteness } from '../slots/slots.ts';
import {
  type Evidence,
  type ManifestState,
  readSigstoreEvidence,
  type SigstorePlaces,
  type SigstoreQuestion,
  toOutcome,
  UNASKED,
} from './evidence.ts';
import { readOpenpgpEvidence } from './openpgp-evidence.ts';

/** An image that a mirror should hold. */
export interface WantedImage {
  readonly digest: Digest;
  /** The name that signatures and policies know it by. */
  readonly repository: Repository;
  /** Where the mirror has it. */
  readonly place: Repository;
  /** Only releases have OpenPGP signatures. */
  readonly kind: 'release' | 'component';
  /** For the reader of the answer. */
  readonly names: readonly string[];
  /** The list that names it. */
  readonly list?: Digest | undefined;
}

interface CheckedManifest {
  readonly state: ManifestState;
  /** Why it is not present. */
  readonly reasons: readonly Pick<Reason, 'message'>[];
}

export interface CheckedImage extends WantedImage {
  readonly outcome: Completeness;
  readonly manifest: CheckedManifest;
  readonly sigstore: Evidence;
  readonly openpgp: Evidence;
  /** Of a list: its entries that are no images, which need neither be held nor signed. */
  readonly others?: readonly Digest[];
}

export interface CheckPlaces extends NodePlaces {
  readonly trust: ReadyTrust;
  /** Of the mirror. */
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  readonly attachments: SignatureStore;
  /** OpenPGP signatures of releases. */
  readonly signatures: SignatureStore;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Checks what a mirror has of one image. Returns the images of a list as well. @throws the abort reason */
export async function checkImage(
  image: WantedImage,
  { trust, registry, attachments, nodeAttachments, nodeVersion, signatures, now, signal }: CheckPlaces,
): Promise<{ readonly checked: CheckedImage; readonly children: readonly ChildManifest[] }> {
  const { digest, repository, place, list } = image;
  const time = now();
  // Read once, for its presence and for the images that nodes choose from it.
  const reading = registry.readManifest(place, digest, signal);
  const once: CheckPlaces['registry'] = {
    readManifest: async (at, wanted, until) =>
      wanted === digest ? await reading : await registry.readManifest(at, wanted, until),
  };
  const question = { digest, repository, place, list };
  const [read, sigstore, openpgp] = await Promise.all([
    readManifest(once, image, signal),
    readReadyEvidence(
      question,
      trust.prepared,
      { attachments, nodeAttachments, nodeVersion, registry: once },
      time,
      signal,
    ),
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
  // A manifest that cannot be read may be a list, which needs no Sigstore signature of its own.
  const isOpen = manifest.state === 'failed' && sigstore.state === 'absent';
  const states = [manifest.state, isOpen ? 'failed' : sigstore.state, openpgp.state] as const;
  return toCompleteness(allOf(states.map(toOutcome)));
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

/** What tells whether nodes can pull an image. */
interface NodePlaces {
  /** Reads what nodes read beside an image. */
  readonly nodeAttachments: SignatureStore;
  /** Of the nodes; undefined: any that is supported. */
  readonly nodeVersion?: NodeVersion | undefined;
}

/**
 * Checks the Sigstore signatures beside an image, and whether nodes can pull it with them: an image that they cannot pull
 * is not ready, whatever verifies.
 *
 * @throws the abort reason of the signal
 */
export async function readReadyEvidence(
  question: SigstoreQuestion,
  prepared: PreparedTrust,
  { attachments, registry, nodeAttachments, nodeVersion }: SigstorePlaces & NodePlaces,
  now: Date,
  signal: AbortSignal,
): Promise<Evidence> {
  const all = await readSigstoreEvidence(question, prepared, { attachments, registry }, now, signal);
  if (all.state === 'unasked') return all;
  const places = { attachments: nodeAttachments, registry };
  const own = await readSigstoreEvidence(question, prepared, places, now, signal);
  const nodes = judgeNodes({
    outcome: toOutcome(all.state),
    asNode: toOutcome(own.state),
    reasons: own.reasons,
    attempts: own.attempts,
    needsSigstore: true,
    policyFault: findNodesRefusal(prepared, question.repository, question.list ?? question.digest),
    version: nodeVersion,
  });
  if (all.state !== 'valid' || nodes.nodes === 'yes') return { ...all, nodes };
  const { reason: message, remedy } = nodes;
  const code = nodes.nodes === 'no' ? 'SignatureUnsupported' : 'StoreUnavailable';
  const reason: Reason = { code, message, ...(remedy === undefined ? {} : { remedy }) };
  return { ...all, state: nodes.nodes === 'no' ? 'unreadable' : 'failed', reasons: [reason], nodes };
}
