import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Attempt } from './verdict.ts';

/** An attempt that failed for a reason of its own, in contrast to one that verified or that found nothing. */
export type FailedAttempt = Attempt & { readonly code: ReasonCode };

/** Codes from the one that came closest to a yes to the one that is furthest from it: how reasons are sorted. */
const CLOSENESS: readonly ReasonCode[] = [
  'RepositoryMismatch',
  'IdentityMismatch',
  'DigestMismatch',
  'PayloadInvalid',
  'SignatureExpired',
  'SignatureFromFuture',
  'KeyExpired',
  'KeyRevoked',
  'KeyNotForSigning',
  'SignatureInvalid',
  'KeyUnknown',
  'SignatureUnsupported',
  'SignatureMalformed',
  'LimitExceeded',
];

/** The first attempt of each code that a signature can fail with, the one that came closest to a yes first. */
export function closestAttempts(attempts: readonly Attempt[]): readonly FailedAttempt[] {
  return CLOSENESS.flatMap((code) => {
    const first = attempts.find((attempt) => attempt.code === code);
    return first === undefined ? [] : [{ ...first, code }];
  });
}
