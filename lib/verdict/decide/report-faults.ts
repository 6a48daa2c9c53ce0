import { isInternalFault } from '../../base/errors/evaluate-candidate.ts';
import type { Telemetry } from '../../platform/lambda/telemetry.ts';
import type { Verdict } from '../judge/verdict.ts';

/** Faults of one verdict that are logged. */
const MAX_LOGGED = 5;

/**
 * Logs the candidates that made Signet fail: the verdict passes them over, so that nothing else shows them.
 *
 * @returns how many there were
 */
export function reportFaults({ attempts, digest, profile }: Verdict, telemetry: Telemetry): number {
  const faults = attempts.filter(isInternalFault);
  for (const { location, keyring, note } of faults.slice(0, MAX_LOGGED)) {
    telemetry.log('error', 'a signature could not be read for an internal fault', {
      profile,
      digest,
      location,
      keyring,
      note,
    });
  }
  return faults.length;
}
