import type { RequestWithBody } from '../../platform/lambda/read-request.ts';

/** What an answer repeats of the question: an API server rejects any other, as it would an error. */
export interface ReviewEnvelope {
  readonly uid: string;
  readonly apiVersion: 'admission.k8s.io/v1' | 'admission.k8s.io/v1beta1';
}

const API_VERSION = 'admission.k8s.io/v1';
const BETA = 'admission.k8s.io/v1beta1';
/** Characters of a uid, normally a UUID; the answer repeats it. */
export const MAX_UID_LENGTH = 128;
/** Depths of `apiVersion` and `request`, and of `request.uid`. */
const REVIEW = 1;
const REQUEST = 2;

/**
 * Finds the uid of a review without parsing it, in a body of any length: a question that cannot be read, or may not be
 * asked, is denied in a review of its own. An API server that gets anything else lets the object through under
 * `failurePolicy: Ignore`. API servers write the uid first; the walk is linear wherever it stands.
 *
 * @returns undefined for a body that has no uid
 */
export function findEnvelope({ body = '', isBase64Encoded }: RequestWithBody): ReviewEnvelope | undefined {
  return skim(isBase64Encoded ? Buffer.from(body, 'base64').toString('latin1') : body);
}

function skim(untrusted: string): ReviewEnvelope | undefined {
  const token = /["{}[\]]/g;
  const keys = ['', '', ''];
  let apiVersion: ReviewEnvelope['apiVersion'] = API_VERSION;
  let depth = 0;
  for (let found = token.exec(untrusted); found !== null; found = token.exec(untrusted)) {
    const [character] = found;
    if (character === '"') {
      const end = findClosingQuote(untrusted, found.index + 1);
      if (end === undefined) return undefined;
      token.lastIndex = end + 1;
      if (depth > REQUEST) continue;
      const text = untrusted.slice(found.index + 1, Math.min(end, found.index + 2 + MAX_UID_LENGTH));
      if (isFollowedByColon(untrusted, end + 1)) keys[depth] = text;
      else if (depth === REVIEW && keys[REVIEW] === 'apiVersion' && text === BETA) apiVersion = BETA;
      else if (depth === REQUEST && keys[REVIEW] === 'request' && keys[REQUEST] === 'uid') {
        return isUid(text) ? { uid: text, apiVersion } : undefined;
      }
    } else if (character === '{' || character === '[') {
      depth += 1;
      if (depth <= REQUEST) keys[depth] = '';
    } else depth -= 1;
  }
  return undefined;
}

function findClosingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (at - 1 - backslashes >= from && text[at - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return undefined;
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at += 1;
  return text[at] === ':';
}

/** Without an escape: what is repeated is what was sent. */
function isUid(text: string): boolean {
  return text !== '' && text.length <= MAX_UID_LENGTH && !/[\\\p{Cc}]/u.test(text);
}
