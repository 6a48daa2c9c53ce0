import type { Repository } from '../../base/names/repository.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { CheckPlaces } from './check-image.ts';
import type { WantedRelease } from './check-mirror.ts';
import type { Evidence, EvidenceState } from './evidence.ts';
import { readOpenpgpEvidence } from './openpgp-evidence.ts';
import { readSigstoreEvidence } from './sigstore-evidence.ts';

/**
 * `both`: clusters that ask for either kind take the release. `unknown`: something did not answer. `unasked`: the profile
 * asks for no signature of one kind, so that nothing is known of it.
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
  /** The mirror whose attachments count; where each release is named when left out. */
  readonly mirror?: Repository | undefined;
  readonly concurrency: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface TransitionReport {
  readonly outcome: 'ready' | 'not ready' | 'unknown';
  readonly counts: Readonly<Record<Readiness, number>>;
  readonly releases: readonly ReleaseStanding[];
}

/**
 * What OpenPGP and Sigstore each say of releases, for the time in which some clusters ask for the one and some for both.
 * No release at all is not ready. @throws the abort reason of the signal
 */
export async function reportTransition(request: TransitionRequest): Promise<TransitionReport> {
  const { releases, concurrency, onProgress } = request;
  let done = 0;
  const standings = await runBounded(releases, concurrency, async (release) => {
    const standing = await readStanding(release, request);
    done += 1;
    onProgress?.(done, releases.length);
    return standing;
  });
  const counts = { both: 0, 'openpgp only': 0, 'sigstore only': 0, neither: 0, unknown: 0, unasked: 0 };
  for (const { readiness } of standings) counts[readiness] += 1;
  const isOpen = counts.unknown > 0 && counts.both + counts.unknown === standings.length;
  const isReady = standings.length > 0 && counts.both === standings.length;
  return { outcome: isReady ? 'ready' : isOpen ? 'unknown' : 'not ready', counts, releases: standings };
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
  const { trust, attachments, registry, mirror: place, now, signal } = request;
  const question = { digest, repository, place };
  return await readSigstoreEvidence(question, trust.prepared, { attachments, registry }, now(), signal);
}

function toReadiness(openpgp: EvidenceState, sigstore: EvidenceState): Readiness {
  const states = [openpgp, sigstore];
  if (states.includes('unasked')) return 'unasked';
  if (states.includes('failed')) return 'unknown';
  if (openpgp === 'valid') return sigstore === 'valid' ? 'both' : 'openpgp only';
  return sigstore === 'valid' ? 'sigstore only' : 'neither';
}
