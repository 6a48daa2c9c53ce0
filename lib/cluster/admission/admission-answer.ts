/** Yes, perhaps with warnings, or no with the status that the user of the API gets. */
export type AdmissionAnswer =
  | { readonly allowed: true; readonly warnings: readonly string[]; readonly recordIds: readonly string[] }
  | {
      readonly allowed: false;
      readonly code: DenialCode;
      readonly message: string;
      readonly recordIds: readonly string[];
    };

/** HTTP status, and the `reason` that Kubernetes has for it. */
const REASONS = {
  400: 'BadRequest',
  403: 'Forbidden',
  422: 'Invalid',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
} as const;
export type DenialCode = keyof typeof REASONS;

/** Characters of one warning, and warnings: an API server cuts or drops what is beyond (256 each, 4,096 in all). */
export const MAX_WARNING_LENGTH = 256;
export const MAX_WARNINGS = 12;
/** Characters of a denial's message: it is shown whole, and kept in audit logs. */
export const MAX_MESSAGE_LENGTH = 4096;

export function admit(warnings: readonly string[] = [], recordIds: readonly string[] = []): AdmissionAnswer {
  return { allowed: true, warnings: warnings.slice(0, MAX_WARNINGS).map(toHeaderText), recordIds };
}

export function deny(code: DenialCode, message: string, recordIds: readonly string[] = []): AdmissionAnswer {
  return { allowed: false, code, message: cut(message, MAX_MESSAGE_LENGTH), recordIds };
}

/** What is counted. */
export function toOutcome({ allowed }: AdmissionAnswer): 'allowed' | 'denied' {
  return allowed ? 'allowed' : 'denied';
}

/** The AdmissionReview that goes back. */
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

/** Warnings travel in a header: one with a control character is dropped by the API server. */
function toHeaderText(text: string): string {
  return cut(text.replaceAll(/\p{Cc}/gu, ' '), MAX_WARNING_LENGTH);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
