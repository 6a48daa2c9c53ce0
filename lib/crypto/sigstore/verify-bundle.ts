import type { KeyObject } from 'node:crypto';
import { type Bundle, bundleFromJSON, ValidationError } from '@sigstore/bundle';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type BundleLogEntry, readLoggedTime, selectLogEntries, verifyLogEntries } from './bundle-log.ts';
import { parseSignedDigests, STATEMENT_TYPE } from './bundle-statement.ts';
import { createJsonReader } from './json-reader.ts';
import { MAX_SIGSTORE_SIGNATURE_BYTES } from './limits.ts';
import type { SigstoreTrust } from './sigstore-trust.ts';
import { toKeyName, verifyBlob } from './verify-blob.ts';
import type { Certificate } from './x509/certificate.ts';
import { MAX_SENT_CERTIFICATES } from './x509/limits.ts';
import { parseSentCertificate } from './x509/read-certificates.ts';
import { verifyFulcioCertificate } from './x509/verify-fulcio-certificate.ts';
import { verifyPkiCertificate } from './x509/verify-pki-certificate.ts';

/** What a bundle proves: a key signed these digests as an image. It names no repository. */
export interface VerifiedBundle {
  /** Never empty. */
  readonly digests: readonly Digest[];
  readonly signer: string;
  readonly loggedAt: number | undefined;
}

const json = createJsonReader('the bundle', 'SignatureMalformed');

/**
 * Checks a Sigstore bundle (version 0.3, and 0.1 and 0.2 where they hold the same) that signs an image, with configured
 * trust alone. The entries of its log are checked by Sigstore's own library; keys, certificates and statement here.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyBundle(untrustedBytes: Uint8Array, trust: SigstoreTrust, now: number): VerifiedBundle {
  const bundle = parseBundle(untrustedBytes);
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw new SignatureError('SignatureUnsupported', 'the bundle holds a bare signature and not a signed statement');
  }
  const { payload, payloadType } = bundle.content.dsseEnvelope;
  const entries = trust.kind === 'pki' ? [] : selectLogEntries(bundle, trust.rekorKeys);
  // First, because certificates are judged at the time that these entries state.
  if (trust.kind !== 'pki' && trust.rekorKeys.length > 0) verifyLogEntries(bundle, entries, trust.rekorKeys);
  const { keys, loggedAt } = collectKeys(bundle, entries, trust, now);
  const key = verifyBlob(keys, toSignedBytes(payloadType, payload), readSignature(bundle), 'by curve');
  const signer = toKeyName(key);
  if (payloadType !== STATEMENT_TYPE) {
    throw new SignatureError('PayloadInvalid', `the bundle signs ${JSON.stringify(payloadType)}`, { signer });
  }
  try {
    return { digests: parseSignedDigests(payload), signer, loggedAt };
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new SignatureError(cause.code, cause.message, { cause, signer });
  }
}

/** Strict JSON before the library's own reading, which takes the last of two members of one name. */
function parseBundle(untrustedBytes: Uint8Array): Bundle {
  if (untrustedBytes.length > MAX_SIGSTORE_SIGNATURE_BYTES) {
    throw new SignatureError('LimitExceeded', `the bundle is longer than ${MAX_SIGSTORE_SIGNATURE_BYTES} bytes`);
  }
  json.parse(untrustedBytes);
  try {
    const content: unknown = JSON.parse(Buffer.from(untrustedBytes).toString('utf8'));
    return bundleFromJSON(content);
  } catch (cause) {
    const fault = cause instanceof ValidationError ? cause.message : 'it is not a Sigstore bundle';
    throw new SignatureError('SignatureMalformed', `the bundle cannot be used: ${fault}`, { cause });
  }
}

/** The keys that the bundle may be by, and when the log says it was signed; proven where the entries are. */
function collectKeys(
  bundle: Bundle,
  entries: readonly BundleLogEntry[],
  trust: SigstoreTrust,
  now: number,
): { readonly keys: readonly KeyObject[]; readonly loggedAt: number | undefined } {
  switch (trust.kind) {
    case 'keys':
      return { keys: trust.keys, loggedAt: readLoggedTime(entries) };
    case 'fulcio': {
      const loggedAt = readLoggedTime(entries);
      if (loggedAt === undefined)
        throw new SignatureError('SignatureInvalid', 'no trusted log says when it was signed');
      const { leaf, intermediates } = readCertificates(bundle);
      return { keys: [verifyFulcioCertificate(leaf, intermediates, trust, loggedAt)], loggedAt };
    }
    case 'pki': {
      const { leaf, intermediates } = readCertificates(bundle);
      return { keys: [verifyPkiCertificate(leaf, intermediates, trust, now)], loggedAt: undefined };
    }
    default:
      throw new SignatureError('KeyUnknown', 'the kind of trust is not known');
  }
}

function readCertificates(bundle: Bundle): { leaf: Certificate; intermediates: readonly Certificate[] } {
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'publicKey') {
    throw new SignatureError('KeyUnknown', 'the bundle is signed with a key and not with a certificate');
  }
  const sent = content.$case === 'certificate' ? [content.certificate] : content.x509CertificateChain.certificates;
  if (sent.length > MAX_SENT_CERTIFICATES) {
    throw new SignatureError('LimitExceeded', `the bundle has more than ${MAX_SENT_CERTIFICATES} certificates`);
  }
  const [leaf, ...intermediates] = sent.map(({ rawBytes }) =>
    parseSentCertificate(rawBytes, 'a certificate of the bundle'),
  );
  if (leaf === undefined) throw new SignatureError('SignatureMalformed', 'the bundle has no certificate');
  return { leaf, intermediates };
}

/** Exactly one, as the library has made sure. */
function readSignature({ content }: Bundle): Uint8Array {
  const [signature] = content.$case === 'dsseEnvelope' ? content.dsseEnvelope.signatures : [];
  if (signature === undefined) throw new SignatureError('SignatureMalformed', 'the bundle has no signature');
  return signature.sig;
}

/** The pre-authentication encoding of DSSE version 1: what an envelope's signature is over. */
function toSignedBytes(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}
