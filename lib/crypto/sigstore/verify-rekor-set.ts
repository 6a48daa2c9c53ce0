import { hash, type KeyObject } from 'node:crypto';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { toCanonicalJson } from './canonical-json.ts';
import { parseHashedRekord } from './hashed-rekord.ts';
import { parseRekorPayload, parseRekorSet } from './rekor-set.ts';
import { verifyBlob } from './verify-blob.ts';

/** What the entry has to be about. */
export interface LoggedSignature {
  /** DER of the public key or certificate that signed. */
  readonly keyOrCertificate: Uint8Array;
  readonly signature: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Checks that one of the Rekor keys logged this very signature. Returns the time of the entry, in seconds since 1970.
 *
 * @throws SignatureError `SignatureMalformed`; `SignatureInvalid` when no Rekor key signed the entry or it is about
 *   another signature or content; `KeyUnknown` when it is about another key
 */
export function verifyRekorSet(rekorKeys: readonly KeyObject[], untrustedSet: string, logged: LoggedSignature): number {
  const { signedEntryTimestamp, payload } = parseRekorSet(untrustedSet);
  const canonical = toCanonicalJson(payload);
  try {
    verifyBlob(rekorKeys, Buffer.from(canonical), signedEntryTimestamp);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new SignatureError(cause.code, `Rekor's signed entry timestamp: ${cause.message}`, { cause });
  }
  // From here on the text that was verified, not the one that was sent.
  const { body, integratedTime } = parseRekorPayload(canonical);
  const entry = parseHashedRekord(body);
  if (!entry.keyOrCertificate.equals(logged.keyOrCertificate)) {
    throw new SignatureError('KeyUnknown', 'the Rekor entry is about another key or certificate');
  }
  if (!entry.signature.equals(logged.signature)) {
    throw new SignatureError('SignatureInvalid', 'the Rekor entry is about another signature');
  }
  if (!entry.contentHash.equals(hash('sha256', logged.content, 'buffer'))) {
    throw new SignatureError('SignatureInvalid', 'the Rekor entry is about other content');
  }
  return integratedTime;
}
