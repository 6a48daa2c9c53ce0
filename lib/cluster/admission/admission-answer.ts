import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError, type InputErrorCode } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { DeadlineError } from './admission-deadline.ts';
import type { ReviewEnvelope } from './review-envelope.ts';

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
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
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
const LEFT_OUT = 'there are further warnings; the record of this decision has them';

/** Each warning once, and none cut: a long one goes on in the next. */
export function admit(warnings: readonly string[] = [], recordIds: readonly string[] = []): AdmissionAnswer {
  const lines = [...new Set(warnings.map(toHeaderText))].flatMap((text) =>
    splitWarning(text.slice(0, MAX_MESSAGE_LENGTH)),
  );
  const kept = lines.length > MAX_WARNINGS ? [...lines.slice(0, MAX_WARNINGS - 1), LEFT_OUT] : lines;
  return { allowed: true, warnings: kept, recordIds };
}

export function deny(code: DenialCode, message: string, recordIds: readonly string[] = []): AdmissionAnswer {
  return { allowed: false, code, message: cut(message, MAX_MESSAGE_LENGTH), recordIds };
}

/**
 * Turns a failure into a denial: the API server would take an error for a webhook that is down, and admit the object
 * under `failurePolicy: Ignore`. Users see the whole message of their own errors; of other errors only the kind, since
 * the message may name internal addresses.
 *
 * @param about the field and the image in question, where they are known
 */
export function answerFailure(error: unknown, about?: string): AdmissionAnswer {
  const before = about === undefined ? '' : `${about}: `;
  if (error instanceof DeadlineError) {
    return deny(504, `${before}denied because it was not decided in time: ${error.message}; retry`);
  }
  if (error instanceof InputError) return answerInputError(error, before);
  if (error instanceof ConfigurationError) {
    return deny(500, `${before}denied because the trust could not be loaded; see the log of Signet`);
  }
  if (error instanceof StoreError) {
    return deny(503, `${before}denied because Signet could not reach its storage; retry later`);
  }
  return deny(500, `${before}denied because of an internal error; see the log of Signet`);
}

function answerInputError({ code, message }: InputError, before: string): AdmissionAnswer {
  if (code === 'ProfileUnknown') {
    return deny(500, `${before}denied because the profile of this cluster is not configured`);
  }
  return deny(STATUS[code] ?? 422, `${before}${message}`);
}

/** All other codes concern an invalid pullspec: 422. */
const STATUS: Readonly<Partial<Record<InputErrorCode, DenialCode>>> = {
  BodyInvalid: 400,
  BodyTooLarge: 413,
  ForceNotAllowed: 403,
  MediaTypeUnsupported: 400,
};

/** A reason in one line: code, message, remedy. */
export function describeReason(reason: Reason): string {
  const [said, remedy] = listSentences(reason);
  return remedy === undefined ? `${said}` : `${said}; ${remedy}`;
}

/** A reason, then its remedy. Who changes an object in a cluster cannot give Signet options: such a remedy is left out. */
export function listSentences({ code, message, remedy }: Reason): readonly string[] {
  const isForCluster = remedy !== undefined && !/(?:^|[\s(])--[a-z]/.test(remedy);
  return [`${code}: ${message}`, ...(isForCluster ? [remedy] : [])];
}

/** The outcome that metrics count. */
export function toOutcome({ allowed }: AdmissionAnswer): 'allowed' | 'denied' {
  return allowed ? 'allowed' : 'denied';
}

/** The AdmissionReview response. */
export function toAdmissionReview({ uid, apiVersion }: ReviewEnvelope, answer: AdmissionAnswer): object {
  const { recordIds } = answer;
  return {
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      ...toVerdictMembers(answer),
      // The API server's audit log names the evidence.
      ...(recordIds.length === 0 ? {} : { auditAnnotations: toAuditAnnotations(recordIds) }),
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
  return text.replaceAll(/\p{Cc}/gu, ' ').trim();
}

/** At a space, where there is one: a digest or a pullspec stays whole. */
function splitWarning(text: string): readonly string[] {
  if (text.length <= MAX_WARNING_LENGTH) return text === '' ? [] : [text];
  const space = text.lastIndexOf(' ', MAX_WARNING_LENGTH);
  const end = space > 0 ? space : MAX_WARNING_LENGTH;
  return [text.slice(0, end), ...splitWarning(text.slice(end).trimStart())];
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** One for each record, in the order of the decisions: `record`, `record-2` and so on. The last one is that of a denial. */
function toAuditAnnotations(recordIds: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...new Set(recordIds)].map((id, index) => [index === 0 ? 'record' : `record-${index + 1}`, id]),
  );
}
