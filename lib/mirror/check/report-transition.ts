import type { Repository } from '../../base/names/reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { listOperatorWarnings } from '../../trust/prepared/prepared-trust.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { type CheckPlaces, readReadyEvidence } from './check-image.ts';
import type { LeftOutPayload, WantedRelease } from './check-mirror.ts';
import type { Evidence, EvidenceState } from './evidence.ts';
import { readOpenpgpEvidence } from './openpgp-evidence.ts';

/**
 * `both`: clusters that require either kind accept the release. `unknown`: a place did not answer. `unasked`: the profile
 * requires no signature of one kind, so that kind was not checked.
 */
export type Readiness = 'both' | 'openpgp only' | 'sigstore only' | 'neither' | 'unknown' | 'unasked';

export interface ReleaseStanding extends WantedRelease {
  readonly readiness: Readiness;
  readonly openpgp: Evidence;
  /** Of a list, what the images have that nodes choose from it. */
  readonly sigstore: Evidence;
}

export interface TransitionRequest extends CheckPlaces {
  readonly releases: readonly WantedRelease[];
  /** Of the same graphs: the report is not whole without them. */
  readonly leftOut?: readonly LeftOutPayload[] | undefined;
  /** The mirror whose attachments count; where each release is named when left out. */
  readonly mirror?: Repository | undefined;
  readonly concurrency: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface TransitionReport {
  readonly outcome: 'ready' | 'not ready' | 'unknown';
  readonly counts: Readonly<Record<Readiness, number>>;
  readonly releases: readonly ReleaseStanding[];
  /** Missing where there is none. */
  readonly leftOut?: readonly LeftOutPayload[];
  /** What operators do not load of the profile's keyrings. */
  readonly warnings: readonly string[];
}

/**
 * Checks the OpenPGP and the Sigstore signatures of releases, for a fleet in which some clusters require one kind and some
 * both. Without a release the outcome is `not ready`.
 *
 * @throws the abort reason of the signal
 */
export async function reportTransition(request: TransitionRequest): Promise<TransitionReport> {
  const { releases, leftOut = [], concurrency, onProgress } = request;
  let done = 0;
  const standings = await runBounded(releases, concurrency, async (release) => {
    const standing = await readStanding(release, request);
    done += 1;
    onProgress?.(done, releases.length);
    return standing;
  });
  const counts = { both: 0, 'openpgp only': 0, 'sigstore only': 0, neither: 0, unknown: 0, unasked: 0 };
  for (const { readiness } of standings) counts[readiness] += 1;
  const outcome =
    WORDS[
      allOf([...standings.map(({ readiness }) => toOutcome(readiness)), ...leftOut.map(() => 'indeterminate' as const)])
    ];
  const warnings = listOperatorWarnings(request.trust.prepared);
  return { outcome, counts, releases: standings, ...(leftOut.length === 0 ? {} : { leftOut }), warnings };
}

const WORDS = { accepted: 'ready', rejected: 'not ready', indeterminate: 'unknown' } as const;

function toOutcome(readiness: Readiness): Outcome {
  if (readiness === 'both') return 'accepted';
  return readiness === 'unknown' ? 'indeterminate' : 'rejected';
}

async function readStanding(release: WantedRelease, request: TransitionRequest): Promise<ReleaseStanding> {
  const { trust, signatures, now, signal } = request;
  const [openpgp, sigstore] = await Promise.all([
    readOpenpgpEvidence(release.digest, trust, signatures, now(), signal),
    readSigstore(release, request),
  ]);
  return { ...release, readiness: toReadiness(openpgp.state, sigstore.state), openpgp, sigstore };
}

/** Of a list, what the images have that nodes choose from it. */
async function readSigstore(release: WantedRelease, request: TransitionRequest): Promise<Evidence> {
  const { digest, repository } = release;
  const { trust, mirror: place, now, signal } = request;
  return await readReadyEvidence({ digest, repository, place }, trust.prepared, request, now(), signal);
}

function toReadiness(openpgp: EvidenceState, sigstore: EvidenceState): Readiness {
  const states = [openpgp, sigstore];
  if (states.includes('unasked')) return 'unasked';
  if (states.includes('failed')) return 'unknown';
  if (openpgp === 'valid') return sigstore === 'valid' ? 'both' : 'openpgp only';
  return sigstore === 'valid' ? 'sigstore only' : 'neither';
}
