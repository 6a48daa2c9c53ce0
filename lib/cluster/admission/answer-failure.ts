import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError, type InputErrorCode } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type AdmissionAnswer, type DenialCode, deny } from './admission-answer.ts';

/** Thrown when the time of an answer is up. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(budgetMs: number) {
    super(`no verdict within the ${Math.round(budgetMs)} ms that the API server left for it`);
  }
}

/**
 * A failure as a denial: the API server must not take it for a webhook that is down, which `failurePolicy: Ignore`
 * would let through. The user learns of their own fault in full, of ours and the operator's that there is one.
 */
export function answerFailure(error: unknown): AdmissionAnswer {
  if (error instanceof DeadlineError) return deny(504, `not decided in time, and so denied: ${error.message}; retry`);
  if (error instanceof InputError) return answerInputError(error);
  if (error instanceof ConfigurationError) {
    return deny(500, 'denied, as the trust that decides could not be loaded; the reason is in Signet’s log');
  }
  if (error instanceof StoreError) {
    return deny(503, 'not decided, and so denied: something that Signet needs is out of reach; retry later');
  }
  return deny(500, 'denied because of an error in Signet; the reason is in its log');
}

function answerInputError({ code, message }: InputError): AdmissionAnswer {
  if (code === 'ProfileUnknown')
    return deny(500, 'denied: the profile that decides for this cluster is not configured');
  return deny(STATUS[code] ?? 422, message);
}

/** The rest is about a pullspec that cannot be read. */
const STATUS: Readonly<Partial<Record<InputErrorCode, DenialCode>>> = { BodyInvalid: 400, ForceNotAllowed: 403 };
