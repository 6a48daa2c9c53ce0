import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { toPlaceFailure } from '../../base/errors/evaluate-candidate.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../base/names/digest.ts';
import type { Platform } from '../../base/names/platform.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { detectManifestType, type ManifestMediaType } from '../../registry/client/registry-answers.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { ImageSource } from '../../registry/images/image-source.ts';
import { type FoundRequirements, findRequirements, type ImagePolicy } from '../../trust/policy/image-policy.ts';
import {
  type KeySource,
  keySourceName,
  listRootSources,
  type PolicyRequirement,
} from '../../trust/policy/policy-requirement.ts';
import {
  describeNodesRefusal,
  isCheckable,
  type PolicyMaterial,
  type SigstoreMaterial,
} from '../../trust/policy/prepare-check.ts';
import type { Judgement, RequirementResult } from '../judge/judge.ts';
import { type ImageEvidence, judgeOverImages } from '../judge/judge.ts';
import { allOf } from '../judge/outcome.ts';
import { toPolicyRequirement } from '../judge/policy-requirement.ts';
import { isSigned, type Requirement } from '../judge/requirement.ts';
import type { ImageResult, Outcome } from '../judge/verdict.ts';
import { collectEvidence, type ExaminedSignature } from './collect-evidence.ts';
import {
  asAsked,
  type ImageReader,
  type JudgedImage,
  type NodeImages,
  readNodeImages,
  toImageResults,
  toReadingRemedy,
  toSignedImage,
} from './node-images.ts';

/** An image, and the policy.json of a node that would pull it. */
export interface PolicyImageQuestion {
  readonly source: ImageSource;
  readonly policy: ImagePolicy;
  /** Called once for each key source of the scope that applies, and for no other. */
  readonly keys: (source: KeySource) => Promise<PreparedKeyring>;
  /** Undefined: Sigstore requirements stay indeterminate. */
  readonly sigstore?: SigstoreReading | undefined;
  /** Platforms of the nodes; undefined: every `linux/*` platform of an index. */
  readonly platforms?: readonly Platform[] | undefined;
  /** `node` when left out. */
  readonly reader?: ImageReader | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** How Sigstore requirements are evaluated. */
export interface SigstoreReading {
  /** A key or certificate file that the scope's requirements name. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Whether a bundle may speak for an image although it names no repository. */
  readonly bundleIdentity: SigstoreMaterial['bundleIdentity'];
}

/** What a policy makes of an image, as a node would decide. */
export interface ImageDecision {
  readonly image: string;
  /** Of the manifest that was read; undefined where none was. */
  readonly digest?: Digest | undefined;
  readonly outcome: Outcome;
  readonly scope: FoundRequirements['scope'];
  /** In the policy's order; every one has to be satisfied, by every image that nodes run. */
  readonly requirements: readonly RequirementResult[];
  /** Of an index: the images that nodes run, with their outcomes, and its other entries. */
  readonly images: readonly ImageResult[];
  /** Every signature that was read, good or not. */
  readonly examined: readonly ExaminedSignature[];
  /** Why nodes refuse the image whatever signs it: a key of the policy that they cannot use. */
  readonly nodesRefuse: string | undefined;
}

/**
 * Compares an image with the requirements of a policy.json for it, as a node would. An image that the policy rejects
 * whatever it is, is not contacted.
 *
 * @throws InputError for an image on disk that cannot be read, what `keys` throws, and the signal's reason
 */
export async function decideByPolicy(question: PolicyImageQuestion): Promise<ImageDecision> {
  const { source, policy, now, signal } = question;
  const found = findRequirements(policy, source.image);
  const material = await readMaterial(found.requirements, question);
  const requirements = found.requirements.map((requirement) => toPolicyRequirement(requirement, material));
  const read = requirements.some(looksAtImage) ? await readImages(question) : undefined;
  const signed = read === undefined || read.fault !== undefined ? [] : requirements.filter(isSigned);
  const kinds = [...new Set(signed.map(({ signatureKind }) => signatureKind))];
  const evidence: (ImageEvidence & { readonly examined: readonly ExaminedSignature[] })[] = [];
  for (const { digest, platforms } of read?.images ?? [UNREAD]) {
    const image = { digest, reference: read?.reference };
    const instance = { digest, isInstance: platforms !== undefined };
    const readSignatures = () => source.readSignatures(instance, signal, kinds);
    const collected = await collectEvidence(signed, image, readSignatures, now, { signal });
    evidence.push({ digest, platforms, evidence: { ...collected, fault: read?.fault }, examined: collected.examined });
  }
  const results = requirements.map((requirement) => judgeOverImages(requirement, evidence));
  return {
    image: source.description,
    ...(read?.digest === undefined ? {} : { digest: read.digest }),
    outcome: allOf(results.map(({ outcome }) => outcome)),
    scope: found.scope,
    requirements: results,
    images: toImageResults(
      evidence.map((one) => toJudged(one, requirements)),
      read?.others ?? [],
    ),
    examined: evidence.flatMap(({ examined }) => examined),
    nodesRefuse: found.requirements
      .map((requirement) => describeNodesRefusal(requirement, material))
      .find((fault) => fault !== undefined),
  };
}

/** An image that is accepted unseen is read all the same: the answer says which one it was. */
function looksAtImage(requirement: Requirement): boolean {
  return isSigned(requirement) || requirement.type === 'insecureAcceptAnything';
}

/** Stands for the image where the policy's answer does not depend on it. */
const UNREAD = { digest: parseDigest(`sha256:${'0'.repeat(64)}`), platforms: undefined };

function toJudged(image: ImageEvidence, requirements: readonly Requirement[]): JudgedImage {
  const results = requirements.map((requirement) => judgeOverImages(requirement, [image]));
  return { ...image, outcome: allOf(results.map(({ outcome }) => outcome)) };
}

async function readMaterial(
  requirements: readonly PolicyRequirement[],
  { keys, sigstore }: PolicyImageQuestion,
): Promise<PolicyMaterial> {
  const keyrings = new Map<string, PreparedKeyring>();
  const unusable = new Map<string, string>();
  for (const source of requirements.filter(isCheckable).flatMap((requirement) => requirement.keys)) {
    const name = keySourceName(source);
    if (keyrings.has(name) || unusable.has(name)) continue;
    try {
      keyrings.set(name, await keys(source));
    } catch (error) {
      // The requirement cannot be met, as on a node. A file that cannot be read is the caller's fault.
      if (!(error instanceof ConfigurationError)) throw error;
      unusable.set(name, error.message);
    }
  }
  if (sigstore === undefined) return { keyrings, unusable, sigstore: undefined };
  const files = new Map<string, Uint8Array>();
  for (const requirement of requirements) {
    const sources = requirement.type === 'sigstoreSigned' ? listRootSources(requirement.root) : [];
    for (const source of sources) {
      if (source.kind === 'path') files.set(keySourceName(source), await sigstore.readFile(source.path));
    }
  }
  return { keyrings, unusable, sigstore: { files, bundleIdentity: sigstore.bundleIdentity } };
}

interface ReadImages extends NodeImages {
  /** As asked for; undefined for an image that has no name. */
  readonly reference: ReturnType<typeof toSignedImage>['reference'];
  /** Of the manifest that was asked for. */
  readonly digest: Digest | undefined;
}

/** Bytes of another digest are a rejection; a manifest that could not be read leaves everything indeterminate. */
async function readImages({ source, platforms, reader, signal }: PolicyImageQuestion): Promise<ReadImages> {
  let untrustedManifest: Uint8Array;
  let named: ReturnType<typeof toSignedImage>;
  let mediaType: ManifestMediaType | undefined;
  try {
    untrustedManifest = await source.readManifest(signal);
    named = toSignedImage(untrustedManifest, source.image);
    mediaType = reader === 'host' ? undefined : detectManifestType(untrustedManifest);
  } catch (error) {
    signal.throwIfAborted();
    const fault = toFault(toPlaceFailure('the manifest', error));
    return { ...asAsked(UNREAD.digest), reference: undefined, digest: undefined, fault };
  }
  const { digest, reference } = named;
  if (mediaType === undefined) return { ...asAsked(digest), reference, digest };
  const read = async (wanted: Digest): Promise<Manifest> => {
    const bytes = await source.readManifest(signal, wanted);
    const type = detectManifestType(bytes);
    if (type === undefined) throw new StoreError('BodyInvalid', `${wanted} is not the manifest of an image`);
    return { bytes, mediaType: type, digest: wanted };
  };
  const top: Manifest = { bytes: untrustedManifest, mediaType, digest };
  const readOne = async (wanted: Digest): Promise<Manifest> => (wanted === digest ? top : await read(wanted));
  return { ...(await readNodeImages(digest, platforms, readOne, signal)), reference, digest };
}

function toFault({ code, message }: StoreError): Judgement {
  if (code === 'ContentMismatch') return { outcome: 'rejected', reasons: [{ code, message }] };
  if (code === 'BodyInvalid') return { outcome: 'rejected', reasons: [{ code: 'PolicyRejects', message }] };
  const hasAnswered = code === 'NotFound' || code === 'AccessDenied';
  const remedy = hasAnswered ? { remedy: toReadingRemedy(code) } : {};
  return { outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable', message, ...remedy }] };
}
