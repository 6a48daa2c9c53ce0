import type { StoreErrorCode } from '../../base/errors/store-error.ts';
import { coversRepository } from '../../base/names/covers-repository.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { type ReadyPolicy, toReadyClusterPolicy, toReadyPolicy } from '../../trust/source/ready-policy.ts';
import { considerSignatures } from '../../verdict/decide/consider-signatures.ts';
import { startPolicyAt } from '../../verdict/decide/evaluate-policy-at.ts';
import { judgeRequirement } from '../../verdict/judge/judge-requirement.ts';
import type { RequirementProgress } from '../../verdict/judge/requirement-progress.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type Evidence, type EvidenceState, UNASKED } from './evidence.ts';

/** Whose signatures they are to be. */
export interface SigstoreQuestion {
  readonly digest: Digest;
  /** The name by which policies know the image, wherever it lies. */
  readonly repository: Repository;
  /** Where a mirror holds it; where it is known when left out. */
  readonly place?: Repository | undefined;
}

/** Faults of what a registry holds, which asking again does not change. */
const DAMAGE: ReadonlySet<StoreErrorCode> = new Set(['BodyInvalid', 'ContentMismatch', 'LimitExceeded', 'NotFound']);

/**
 * What the Sigstore signatures beside an image say of it, by every `sigstoreSigned` requirement of the image policies
 * that cover its repository. Content that is there and cannot be read is invalid, and not a registry that failed.
 *
 * @param attachments reads what lies beside an image of a repository
 * @throws the abort reason of the signal
 */
export async function readSigstoreEvidence(
  { digest, repository, place = repository }: SigstoreQuestion,
  prepared: PreparedTrust,
  attachments: SignatureStore,
  now: Date,
  signal: AbortSignal,
): Promise<Evidence> {
  const policies = listPolicies(prepared, repository);
  if (policies.includes(undefined)) return { state: 'failed', reasons: [NOT_PREPARED], attempts: [] };
  const started = policies.flatMap((ready) => (ready === undefined ? [] : startAt(ready, repository, digest)));
  if (started.length === 0) return UNASKED;
  const seen = createObserver();
  const read = (): AsyncIterable<StoreEntry> =>
    seen.observe(attachments.fetchSignatures({ digest, repository: place, kinds: ['sigstore'] }, signal));
  const image = { digest, reference: { name: repository, tag: undefined, digest } };
  const { progress, attempts, storeFailed, examined } = await considerSignatures(started, image, read, now);
  const results = progress.map((one) => judgeRequirement(one, { attempts, storeFailed }));
  const isValid = results.every(({ outcome }) => outcome === 'accepted');
  const reasons = isValid ? [] : results.flatMap((result) => result.reasons);
  const tried = [...progress.flatMap((one) => one.attempts), ...attempts];
  return { state: isValid ? 'valid' : toState(seen, examined.length), reasons, attempts: tried };
}

/** Undefined for one that was published by a version that did not prepare policies. */
function listPolicies(prepared: PreparedTrust, repository: Repository): readonly (ReadyPolicy | undefined)[] {
  if (prepared.require === 'openpgp' || prepared.verification === 'disabled') return [];
  const covering = prepared.imagePolicies.filter((policy) => coversRepository(policy, repository));
  const files = covering.filter(({ kind }) => kind === 'policy.json');
  const ofCluster = covering.length > files.length ? [toReadyClusterPolicy(prepared)] : [];
  return [...files.map((policy) => toReadyPolicy(prepared, policy)), ...ofCluster];
}

function startAt(ready: ReadyPolicy, repository: Repository, digest: Digest): readonly RequirementProgress[] {
  const { requirements } = startPolicyAt(ready, repository, { digest });
  return requirements.filter(({ requirement }) => requirement.type === 'sigstoreSigned');
}

function toState({ isBroken, isDamaged }: Observer, examined: number): EvidenceState {
  if (isBroken()) return 'failed';
  return isDamaged() || examined > 0 ? 'invalid' : 'absent';
}

interface Observer {
  observe(entries: AsyncIterable<StoreEntry>): AsyncIterable<StoreEntry>;
  /** Something failed that may answer another time. */
  readonly isBroken: () => boolean;
  readonly isDamaged: () => boolean;
}

function createObserver(): Observer {
  let [broken, damaged] = [false, false];
  return {
    isBroken: () => broken,
    isDamaged: () => damaged,
    async *observe(entries) {
      for await (const entry of entries) {
        if (entry.kind === 'failed') {
          if (DAMAGE.has(entry.error.code)) damaged = true;
          else broken = true;
        }
        yield entry;
      }
    },
  };
}

const NOT_PREPARED: Reason = {
  code: 'PolicyNotEvaluated',
  message: 'an image policy covers the image and cannot be evaluated as the profile’s trust was published',
  remedy: 'publish the trust of the profile again: an earlier version of Signet made it',
};
