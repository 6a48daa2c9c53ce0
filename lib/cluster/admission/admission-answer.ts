import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError, type InputErrorCode } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { DeadlineError } from './admission-deadline.ts';

/** Allowed, perhaps with warnings, or denied with the status that the user of the API sees. */
export type AdmissionAnswer =
  | { readonly allowed: true; readonly warnings: readonly string[]; readonly recordIds: readonly string[] }
  | {
      readonly allowed: false;
      readonly code: DenialCode;
      readonly message: string;
      readonly recordIds: readonly string[];
    };

/** HTTP status codes, and the `reason` that Kubernetes uses for each. */
const REASONS = {
  400: 'BadRequest',
  403: 'Forbidden',
  422: 'Invalid',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
} as const;
type DenialCode = keyof typeof REASONS;

/** Characters of one warning, and warnings: API servers cut or drop the rest (256 each, 4,096 in all). */
const MAX_WARNING_LENGTH = 256;
const MAX_WARNINGS = 12;
/** Characters of a denial's message, which is shown whole and kept in audit logs. */
const MAX_MESSAGE_LENGTH = 4096;

export function admit(warnings: readonly string[] = [], recordIds: readonly string[] = []): AdmissionAnswer {
  return { allowed: true, warnings: warnings.slice(0, MAX_WARNINGS).map(toHeaderText), recordIds };
}

export function deny(code: DenialCode, message: string, recordIds: readonly string[] = []): AdmissionAnswer {
  return { allowed: false, code, message: cut(message, MAX_MESSAGE_LENGTH), recordIds };
}

/**
 * Turns a failure into a denial: the API server would take an error for a webhook that is down, and admit the object
 * under `failurePolicy: Ignore`. Users see the whole message of their own errors; of other errors only the kind, since
 * the message may name internal addresses.
 */
export function answerFailure(error: unknown): AdmissionAnswer {
  if (error instanceof DeadlineError)
    return deny(504, `denied because it was not decided in time: ${error.message}; retry`);
  if (error instanceof InputError) return answerInputError(error);
  if (error instanceof ConfigurationError) {
    return deny(500, 'denied because the trust could not be loaded; see the log of Signet');
  }
  if (error instanceof StoreError) {
    return deny(503, 'denied because Signet could not reach its storage; retry later');
  }
  return deny(500, 'denied because of an internal error; see the log of Signet');
}

function answerInputError({ code, message }: InputError): AdmissionAnswer {
  if (code === 'ProfileUnknown') return deny(500, 'denied because the profile of this cluster is not configured');
  return deny(STATUS[code] ?? 422, message);
}

/** All other codes concern an invalid pullspec: 422. */
const STATUS: Readonly<Partial<Record<InputErrorCode, DenialCode>>> = { BodyInvalid: 400, ForceNotAllowed: 403 };

/** A reason in one line: code, message, remedy. */
export function describeReason({ code, message, remedy }: Reason): string {
  return remedy === undefined ? `${code}: ${message}` : `${code}: ${message}; ${remedy}`;
}

/** The outcome that metrics count. */
export function toOutcome({ allowed }: AdmissionAnswer): 'allowed' | 'denied' {
  return allowed ? 'allowed' : 'denied';
}

/** The AdmissionReview response. */
export function toAdmissionReview(uid: string, answer: AdmissionAnswer): object {
  const { recordIds } = answer;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      ...toVerdictMembers(answer),
      // The API server's audit log names the evidence.
      ...(recordIds.length === 0 ? {} : { auditAnnotations: { record: recordIds.join(',') } }),
    },
  };
}

function toVerdictMembers(answer: AdmissionAnswer): object {
  if (answer.allowed) return { allowed: true, ...(answer.warnings.length === 0 ? {} : { warnings: answer.warnings }) };
  const { code, message } = answer;
  return { allowed: false, status: { status: 'Failure', code, reason: REASONS[code], message } };
}

/** Warnings are sent in a header: API servers drop one that has a control character. */
function toHeaderText(text: string): string {
  return cut(text.replaceAll(/\p{Cc}/gu, ' '), MAX_WARNING_LENGTH);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
