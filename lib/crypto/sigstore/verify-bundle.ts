import type { KeyObject } from 'node:crypto';
import { type Bundle, bundleFromJSON, ValidationError } from '@sigstore/bundle';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { createJsonReader } from '../json-reader.ts';
import { type BundleLogEntry, readLoggedTime, selectLogEntries, verifyLogEntries } from './bundle-log.ts';
import { MAX_SIGSTORE_SIGNATURE_BYTES } from './signature-blob.ts';
import type { SigstoreTrust } from './sigstore-trust.ts';
import { type Certificate, MAX_SENT_CERTIFICATES, parseSentCertificate } from './x509/certificate.ts';
import { toKeyName, verifyBlob } from './x509/public-key.ts';
import { verifyFulcioCertificate, verifyPkiCertificate } from './x509/signer-certificate.ts';

/** What a bundle proves: a key signed these digests as an image. It names no repository. */
interface VerifiedBundle {
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

/** The keys that may have signed the bundle, and when the log says it was signed; the entries prove both. */
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

/** The library has checked that there is exactly one. */
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

/** Payload type of the envelopes that hold a statement. */
const STATEMENT_TYPE = 'application/vnd.in-toto+json';

const VERSIONS = new Set(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']);
/** What cosign states when it signs an image; provenance or a bill of materials by the same key states something else. */
const SIGNED = 'https://sigstore.dev/cosign/sign/v1';
const statementJson = createJsonReader("the bundle's statement", 'PayloadInvalid');

/**
 * The digests that a verified in-toto statement is about. Names of subjects are not repositories and are ignored.
 *
 * @throws SignatureError `PayloadInvalid`, also for a statement that does not sign an image
 */
function parseSignedDigests(content: Uint8Array): readonly Digest[] {
  const root = statementJson.members('it', statementJson.parse(content), undefined);
  if (!VERSIONS.has(statementJson.text('_type', root['_type'])))
    throw statementJson.invalid('_type is not that of a statement');
  if (root['predicateType'] !== SIGNED) throw statementJson.invalid(`predicateType must be ${JSON.stringify(SIGNED)}`);
  const digests = statementJson.list('subject', root['subject']).flatMap((element, index) => {
    const subject = statementJson.members(`subject[${index}]`, element, undefined);
    const digest = statementJson.members(`subject[${index}].digest`, subject['digest'], undefined);
    return Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${statementJson.text(algorithm, value)}`);
  });
  const known = digests.filter(isDigest);
  if (known.length === 0) throw statementJson.invalid('it names no digest of an image');
  return known;
}
