import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { MAX_TRUST_FILE_BYTES } from '../../trust/documents/parse-trust-file.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import { type BundleFault, isUnreadable } from '../format/bundle-error.ts';
import { isGzip, openBundleFile } from '../format/bundle-file.ts';
import { type BundleProfile, compileProfiles } from '../format/bundle-trust.ts';
import { type Candidate, readBundle } from '../format/read-bundle.ts';
import { describeContent } from './describe-file.ts';
import type { ImportDestination } from './destination.ts';
import {
  type FailedSignature,
  judgeCandidate,
  type PlacedCandidates,
  placeCandidates,
  type VerifiedCandidate,
} from './place-candidates.ts';
import type { ReadFailure } from './read-config-map-file.ts';
import { readForeign } from './read-foreign.ts';
import { readMirrorArchive } from './read-mirror-archive.ts';

/**
 * `imported`: all that was found is in the destination. `partial`: some of it is, and the rest is listed. `refused`:
 * something is forged or does not verify; `unreadable`: it cannot be read. After these two nothing was written.
 */
type ImportOutcome = 'imported' | 'partial' | 'refused' | 'unreadable';

export interface ImportReport {
  readonly source: string;
  readonly kind: 'bundle' | 'foreign';
  readonly destination: string;
  readonly outcome: ImportOutcome;
  readonly manifestSha256?: string;
  /** An incremental bundle: what it follows has to be imported too. */
  readonly since?: readonly string[];
  /** Whose keys verified: those of the receiving side, or those that came with the bundle. */
  readonly trust: { readonly from: 'directory' | 'bundle'; readonly profiles: readonly string[] };
  /** Distinct signatures. */
  readonly found: number;
  readonly verified: number;
  readonly written: number;
  readonly held: number;
  readonly unplaced: PlacedCandidates['unplaced'];
  readonly faults: readonly BundleFault[];
  readonly unread: readonly ReadFailure[];
  readonly failed: readonly FailedSignature[];
}

export interface ImportRequest {
  /** A file or a directory. */
  readonly source: string;
  readonly destination: ImportDestination;
  /** Those of the receiving side; `bundle` takes the ones in the bundle, which proves nothing about who made it. */
  readonly profiles: readonly BundleProfile[] | 'bundle';
  /** Leaves out what does not verify, instead of refusing all. What is wrong with a bundle itself refuses it always. */
  readonly skipUnverified: boolean;
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Imports signatures: all is read and verified first, and only then something is written. It can be repeated, also
 * after a crash, and then writes what is missing.
 *
 * @throws InputError for what is no source at all; ConfigurationError for trust that does not load, also that of the
 *   bundle; StoreError
 */
export async function importBundle(request: ImportRequest): Promise<ImportReport> {
  const { source: location, destination, skipUnverified, now, signal, onProgress } = request;
  const source = await readImport(location, signal);
  const profiles = source.faults.length > 0 ? [] : await selectProfiles(request, source);
  const trusts = profiles.map(({ trust }) => trust);
  const verified: VerifiedCandidate[] = [];
  const failed: FailedSignature[] = [];
  // With a fault nothing of the bundle is used, not even to say whether it would verify.
  for (const candidate of source.faults.length > 0 ? [] : source.candidates) {
    const judgement = judgeCandidate(candidate, trusts, now);
    if (judgement.kind === 'failed') failed.push(judgement.failure);
    else verified.push({ candidate, judged: judgement.judged });
  }
  const refusal = whyRefused(source, failed, verified, skipUnverified);
  const total = new Set(verified.map(({ candidate }) => candidate.digest)).size;
  const placed =
    refusal !== undefined || verified.length === 0
      ? { written: 0, held: 0, unplaced: [] }
      : await destination.write((objects) =>
          placeCandidates(verified, { objects, trusts, now, signal, onDigest: (done) => onProgress?.(done, total) }),
        );
  const isWhole = failed.length === 0 && source.failures.length === 0 && placed.unplaced.length === 0;
  const { manifestSha256, since } = source;
  return {
    source: location,
    kind: source.kind,
    destination: destination.description,
    outcome: refusal ?? (isWhole ? 'imported' : 'partial'),
    ...(manifestSha256 === undefined ? {} : { manifestSha256 }),
    ...(since === undefined ? {} : { since }),
    trust: {
      from: request.profiles === 'bundle' ? 'bundle' : 'directory',
      profiles: trusts.map(({ prepared }) => prepared.profile),
    },
    found: source.candidates.length,
    verified: verified.length,
    ...placed,
    faults: source.faults,
    unread: source.failures,
    failed,
  };
}

async function selectProfiles({ profiles, now }: ImportRequest, source: ImportSource) {
  if (profiles !== 'bundle') return profiles;
  if (source.trust.size > 0) return await compileProfiles(source.trust, now);
  const reason =
    'there is no trust in it: an incremental bundle leaves out what did not change, and other tools add none';
  throw new ConfigurationError('TrustMissing', reason);
}

function whyRefused(
  { faults, failures }: ImportSource,
  failed: readonly FailedSignature[],
  verified: readonly VerifiedCandidate[],
  skipUnverified: boolean,
): 'refused' | 'unreadable' | undefined {
  if (faults.length > 0) return isUnreadable(faults) ? 'unreadable' : 'refused';
  if (skipUnverified && verified.length > 0) return undefined;
  if (failed.length > 0) return 'refused';
  return failures.length > 0 ? 'unreadable' : undefined;
}

/** What is to be imported: a bundle of Signet's, or what another tool made. Distinguished by content. */
interface ImportSource {
  readonly kind: 'bundle' | 'foreign';
  readonly candidates: readonly Candidate[];
  /** Of a bundle, which then is not imported. */
  readonly faults: readonly BundleFault[];
  /** Of single files that another tool made. */
  readonly failures: readonly ReadFailure[];
  /** The trust in a bundle, by profile. */
  readonly trust: ReadonlyMap<string, readonly TrustDocument[]>;
  readonly manifestSha256?: string | undefined;
  readonly since?: readonly string[] | undefined;
}

/** @throws InputError `FileUnreadable` when there is nothing that could be a signature; StoreError */
async function readImport(location: string, signal: AbortSignal): Promise<ImportSource> {
  const bundle = (await isDirectory(location)) ? undefined : await readIfBundle(location, signal);
  if (bundle !== undefined) return bundle;
  const archive = (await isDirectory(location)) ? undefined : await readMirrorArchive(location, signal);
  const { candidates, failures, emptied } = archive ?? (await readForeign(location, signal));
  if (candidates.length === 0 && failures.length === 0) {
    if (emptied.length > 0) {
      const names = emptied.join(', ');
      throw new InputError(
        'FileUnreadable',
        `${location}: the signature ConfigMap ${names} is empty: it holds no signature`,
      );
    }
    const message = `${location} holds no signatures: no bundle, no signature ConfigMap, no layout that is known`;
    throw new InputError('FileUnreadable', `${message}${await describeSource(location)}`);
  }
  return { kind: 'foreign', candidates: toDistinct(candidates), faults: [], failures, trust: new Map() };
}

/** What a file looks like in which there is nothing; of a folder its name is enough. */
async function describeSource(location: string): Promise<string> {
  if (await isDirectory(location)) return '';
  const contents = await readRegularFile(location, MAX_TRUST_FILE_BYTES, 'follow');
  return 'bytes' in contents ? `; ${describeContent(contents.bytes)}` : '';
}

async function readIfBundle(location: string, signal: AbortSignal): Promise<ImportSource | undefined> {
  const file = await openBundleFile(location);
  try {
    if (!(await isGzip(file))) return undefined;
    const { signatures, faults, trust, manifest, manifestSha256 } = await readBundle(file, signal);
    const { since } = manifest ?? {};
    const named = { manifestSha256, since };
    return { kind: 'bundle', candidates: toDistinct(signatures), faults, failures: [], trust, ...named };
  } finally {
    await file.close();
  }
}

async function isDirectory(location: string): Promise<boolean> {
  const stats = await stat(location).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}

/** Tools write the same signature as a file, as JSON and as YAML. */
function toDistinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = `${candidate.digest} ${hash('sha256', candidate.untrustedBytes)}`;
    if (!distinct.has(key)) distinct.set(key, candidate);
  }
  return [...distinct.values()];
}
