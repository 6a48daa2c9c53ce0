import { isInternalFault } from '../../base/errors/evaluate-candidate.ts';
import type { Telemetry } from '../../platform/lambda/telemetry.ts';
import type { Verdict } from '../judge/verdict.ts';

/** Faults of one verdict that are logged. */
const MAX_LOGGED = 5;

/**
 * Counts and logs the candidates that made Signet fail. The verdict ignores them, so that nothing else shows them.
 */
export function reportFaults({ attempts, digest, profile }: Verdict, telemetry: Telemetry): void {
  const faults = attempts.filter(isInternalFault);
  if (faults.length === 0) return;
  telemetry.count('CandidateFault', faults.length);
  for (const { location, keyring, note } of faults.slice(0, MAX_LOGGED)) {
    telemetry.log('error', 'a signature could not be read because of an internal fault', {
      profile,
      digest,
      location,
      keyring,
      note,
    });
  }
}
