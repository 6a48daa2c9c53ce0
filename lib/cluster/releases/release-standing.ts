import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type AbsentRecord, readAbsent } from '../../mirror/sync/absent-record.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import { type DecisionRow, toDecisionRow } from '../../verdict/records/decision-row.ts';
import { readRecords } from '../../verdict/records/read-records.ts';
import type { VerdictRecord } from '../../verdict/records/verdict-record.ts';
import { type CatalogPlaces, type MirroredRelease, readMirrored } from './mirrored-release.ts';

/** What is known of one kind of signatures of a release. */
interface OpenpgpStanding {
  /** `absent`: every store answered, and none has one. `unknown`: nobody looked, or a store failed. */
  readonly state: 'verified' | 'incomplete' | 'absent' | 'unknown' | 'not-required';
  readonly signatures: number;
  readonly missing: readonly string[];
}

interface SigstoreStanding {
  /** By the image policies of the profile, as the newest decision applied them. */
  readonly state: 'verified' | 'rejected' | 'unknown' | 'not-required';
  readonly from?: 'verdict';
  readonly at?: string;
}

type ShownDecision = Pick<DecisionRow, 'id' | 'decidedAt' | 'outcome' | 'forced' | 'profile' | 'source' | 'codes'>;

/** How a release stands: what is held of it, and how it was decided last. Nothing is contacted but the object store. */
export interface ReleaseStanding {
  readonly openpgp: OpenpgpStanding;
  readonly sigstore: SigstoreStanding;
  readonly mirrored: Pick<MirroredRelease, 'state' | 'signatures'>;
  /** Missing: it was never asked for, or the record cannot be read. */
  readonly lastVerdict?: ShownDecision;
}

/** The same with what it rests on. */
export interface KnownRelease {
  readonly standing: ReleaseStanding;
  readonly mirrored: MirroredRelease;
  readonly absent: AbsentRecord | undefined;
  /** Newest first. */
  readonly decisions: readonly ShownDecision[];
}

/** @param decisions how many of the newest are read @throws StoreError */
export async function readStanding(places: CatalogPlaces, digest: Digest, decisions: number): Promise<KnownRelease> {
  const { objects, trust } = places;
  const [mirrored, { records }] = await Promise.all([
    readMirrored(places, digest),
    readRecords(objects, digest, { limit: decisions }),
  ]);
  const absent = mirrored.state === 'held' ? undefined : await unlessBroken(() => readAbsent(objects, digest));
  const shown = records.map(toShown);
  const [last] = shown;
  const standing = {
    openpgp: toOpenpgp(trust.prepared, mirrored, absent),
    sigstore: toSigstore(trust.prepared, digest, records),
    mirrored: { state: mirrored.state, signatures: mirrored.signatures },
    ...(last === undefined ? {} : { lastVerdict: last }),
  };
  return { standing, mirrored, absent, decisions: shown };
}

/** What a newer version wrote is as good as nothing here: it is for people. */
async function unlessBroken<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    if (error instanceof StoreError && error.code === 'LimitExceeded') return undefined;
    throw error;
  }
}

function toShown(record: VerdictRecord): ShownDecision {
  const { id, decidedAt, outcome, forced, profile, source, codes } = toDecisionRow(record);
  return { id, decidedAt, outcome, forced, profile, source, codes };
}

function toOpenpgp(
  { profile, revision, verification, keyrings }: PreparedTrust,
  { state, signatures, missing }: MirroredRelease,
  absent: AbsentRecord | undefined,
): OpenpgpStanding {
  const toState = (): OpenpgpStanding['state'] => {
    if (verification === 'disabled' || keyrings.length === 0) return 'not-required';
    if (state === 'held') return 'verified';
    if (state === 'incomplete') return 'incomplete';
    const isAnswered = absent?.profile === profile && absent.trustRevision === revision;
    return isAnswered && absent.outcome === 'absent' ? 'absent' : 'unknown';
  };
  return { state: toState(), signatures, missing };
}

/** As requirements of image policies describe themselves. */
function isSigstore({ requirement }: { readonly requirement: string }): boolean {
  return requirement.startsWith('sigstoreSigned ');
}

/**
 * Only a decision by this revision of the trust says how its policies apply; force changes nothing about that. One about
 * platforms that the caller chose, a component, or another repository says nothing of the release.
 */
function toSigstore(
  { profile, revision, imagePolicies }: PreparedTrust,
  digest: Digest,
  records: readonly VerdictRecord[],
): SigstoreStanding {
  if (imagePolicies.length === 0) return { state: 'not-required' };
  for (const { verdict, firstDecidedAt } of records) {
    if (verdict.profile !== profile || verdict.trustRevision !== revision || verdict.digest !== digest) continue;
    if (verdict.platforms !== undefined || verdict.canonicalPullspec === undefined) continue;
    const asked = (verdict.policies ?? []).flatMap(({ requirements }) => requirements.filter(isSigstore));
    if (asked.length === 0) continue;
    const outcome = allOf(asked.map((requirement) => requirement.outcome));
    const state = { accepted: 'verified', rejected: 'rejected', indeterminate: 'unknown' } as const;
    return { state: state[outcome], from: 'verdict', at: firstDecidedAt };
  }
  return { state: 'unknown' };
}
