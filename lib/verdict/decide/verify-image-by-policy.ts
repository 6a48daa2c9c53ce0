import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/prepared-keyring.ts';
import type { ImageSource } from '../../registry/images/image-source.ts';
import { isIndex } from '../../registry/images/is-index.ts';
import { findRequirements } from '../../trust/policy/find-requirements.ts';
import type { ImagePolicy } from '../../trust/policy/image-policy.ts';
import { keySourceName, listRootSources } from '../../trust/policy/key-source-name.ts';
import type { KeySource, PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import { isCheckable, type PolicyKeyrings, type SigstoreMaterial } from '../../trust/policy/requirement-check.ts';
import { concludeEvaluation } from '../judge/evaluate-image-policy.ts';
import type { UntrustedSignature } from '../judge/evaluate-image-signature.ts';
import type { Judgement } from '../judge/judge-signatures.ts';
import { isWaiting, type RequirementProgress, startRequirement } from '../judge/requirement-progress.ts';
import type { PolicyEvaluation, SignedImage } from '../judge/requirement-result.ts';
import type { Attempt } from '../judge/verdict.ts';
import { considerSignatures } from './consider-signatures.ts';
import { toSignedImage } from './to-signed-image.ts';

export interface ImageQuestion {
  readonly source: ImageSource;
  readonly policy: ImagePolicy;
  /** Asked once for each key source of the scope that applies, and for no other. */
  readonly keys: (source: KeySource) => Promise<PreparedKeyring>;
  /** Without it, Sigstore requirements stay open. */
  readonly sigstore?: SigstoreReading | undefined;
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

export interface ImageVerification extends PolicyEvaluation {
  readonly image: string;
  /** Of the manifest that was read; missing where none was. */
  readonly digest?: Digest | undefined;
  /** What a reader should know although it changes nothing. */
  readonly notes: readonly string[];
  /** Every signature that was read, good or not. */
  readonly examined: readonly UntrustedSignature[];
}

const INDEX_NOTE =
  'the manifest is an index: a node holds the image of its own platform against the policy, which needs signatures too';

/**
 * Holds an image against the policy's requirements for it, as a node would. An image that the policy rejects whatever
 * it is, is not contacted; signatures are read until every requirement that asks for one is met.
 *
 * @throws InputError for an image on disk that cannot be read, what `keys` throws, and the signal's reason
 */
export async function verifyImageByPolicy(question: ImageQuestion): Promise<ImageVerification> {
  const { source, policy, now, signal } = question;
  const { requirements, scope } = findRequirements(policy, source.image);
  const keyrings = await readKeyrings(requirements, question.keys);
  const sigstore = await readSigstoreFiles(requirements, question.sigstore);
  const started = requirements.map((requirement) => startRequirement(requirement, keyrings, sigstore));
  const conclude = (progress: readonly RequirementProgress[], reading: Partial<Reading>): ImageVerification => {
    const { attempts = [], storeFailed = false, fault, digest, notes = [], examined = [] } = reading;
    const evaluation = concludeEvaluation(scope, progress, { attempts, storeFailed, fault });
    return { image: source.description, ...(digest === undefined ? {} : { digest }), ...evaluation, notes, examined };
  };
  if (!started.some(looksAtImage)) return conclude(started, {});
  const image = await readImage(source, signal);
  if ('outcome' in image) return conclude(started, { fault: image });
  const kinds = [...new Set(started.flatMap(({ check }) => check?.kind ?? []))];
  const read = () => source.readSignatures(image.digest, signal, kinds);
  const { progress, ...reading } = await considerSignatures(started, image, read, now);
  return conclude(progress, { ...reading, digest: image.digest, notes: image.isIndex ? [INDEX_NOTE] : [] });
}

/** An image that is accepted unseen is read all the same: the answer says which one it was. */
function looksAtImage(progress: RequirementProgress): boolean {
  return isWaiting(progress) || progress.requirement.type === 'insecureAcceptAnything';
}

async function readKeyrings(
  requirements: readonly PolicyRequirement[],
  readKeys: ImageQuestion['keys'],
): Promise<PolicyKeyrings> {
  const keyrings = new Map<string, PreparedKeyring>();
  for (const source of requirements.filter(isCheckable).flatMap(({ keys }) => keys)) {
    const name = keySourceName(source);
    if (!keyrings.has(name)) keyrings.set(name, await readKeys(source));
  }
  return keyrings;
}

async function readSigstoreFiles(
  requirements: readonly PolicyRequirement[],
  reading: SigstoreReading | undefined,
): Promise<SigstoreMaterial | undefined> {
  if (reading === undefined) return undefined;
  const files = new Map<string, Uint8Array>();
  for (const requirement of requirements) {
    const sources = requirement.type === 'sigstoreSigned' ? listRootSources(requirement.root) : [];
    for (const source of sources) {
      if (source.kind === 'path') files.set(keySourceName(source), await reading.readFile(source.path));
    }
  }
  return { files, bundleIdentity: reading.bundleIdentity };
}

type ReadImage = SignedImage & { readonly isIndex: boolean };

/** Bytes of another digest are a no; an answer that was not had leaves everything open. */
async function readImage(source: ImageSource, signal: AbortSignal): Promise<ReadImage | Judgement> {
  try {
    const untrustedManifest = await source.readManifest(signal);
    return { ...toSignedImage(untrustedManifest, source.image), isIndex: isIndex(untrustedManifest) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    const { message } = error;
    return error.code === 'ContentMismatch'
      ? { outcome: 'rejected', reasons: [{ code: 'ContentMismatch', message }] }
      : { outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable', message }] };
  }
}

interface Reading {
  readonly attempts: readonly Attempt[];
  readonly storeFailed: boolean;
  readonly fault: Judgement;
  readonly digest: Digest;
  readonly notes: readonly string[];
  readonly examined: readonly UntrustedSignature[];
}
