import type { KeyObject } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type LoggedSigner, readLoggedTime, selectLogEntries, toTrustedLogs, verifyLogEntries } from './bundle-log.ts';
import { parseBundle, readCertificates, readSignature, type SentCertificates, toSignedBytes } from './read-bundle.ts';
import { MAX_SIGSTORE_SIGNATURE_BYTES } from './signature-blob.ts';
import { findPrehashed, type SigstoreTrust } from './sigstore-trust.ts';
import { parseStatement, SIGNED_PREDICATE, STATEMENT_TYPE } from './statement.ts';
import { toKeyName, verifyBlob } from './x509/public-key.ts';
import { verifyFulcioCertificate, verifyPkiCertificate } from './x509/signer-certificate.ts';

/** What a bundle proves: a key signed these digests as an image. It names no repository. */
interface VerifiedBundle {
  /** Never empty. */
  readonly digests: readonly Digest[];
  readonly signer: string;
  readonly loggedAt: number | undefined;
}

/**
 * Checks a Sigstore bundle (version 0.1 to 0.3) that signs an image, with configured trust alone: the signature, who
 * signed, the log where the trust names one, then the statement.
 *
 * Timestamps do not count here: no policy of images names an authority of timestamps.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyBundle(untrustedBytes: Uint8Array, trust: SigstoreTrust, now: number): VerifiedBundle {
  const bundle = parseBundle(untrustedBytes, MAX_SIGSTORE_SIGNATURE_BYTES);
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw new SignatureError('SignatureUnsupported', 'the bundle holds a bare signature and not a signed statement');
  }
  const { payload, payloadType } = bundle.content.dsseEnvelope;
  const certificates = trust.kind === 'keys' ? undefined : readCertificates(bundle);
  const keys = trust.kind === 'keys' ? trust.keys : [certificates?.leaf.publicKey].filter((key) => key !== undefined);
  const key = findSigner(keys, toSignedBytes(payloadType, payload), readSignature(bundle));
  const loggedAt = verifyLog(bundle, trust, { certificate: certificates?.leaf.der, key });
  if (certificates !== undefined) verifyCertificates(certificates, trust, loggedAt, now);
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

function findSigner(keys: readonly KeyObject[], content: Uint8Array, signature: Uint8Array): KeyObject {
  try {
    return verifyBlob(keys, content, signature, 'by signer');
  } catch (cause) {
    const signer = findPrehashed(keys, content, signature);
    if (signer === undefined) throw cause;
    return signer;
  }
}

/** When a log of the trust says that it was signed; undefined where the trust names no log, or the log states no time. */
function verifyLog(bundle: Bundle, trust: SigstoreTrust, signer: LoggedSigner): number | undefined {
  if (trust.kind === 'pki' || trust.rekorKeys.length === 0) return undefined;
  const logs = toTrustedLogs(trust.rekorKeys);
  const entries = selectLogEntries(bundle, logs);
  verifyLogEntries(bundle, entries, logs, signer);
  return readLoggedTime(entries);
}

function verifyCertificates(
  { leaf, intermediates }: SentCertificates,
  trust: SigstoreTrust,
  loggedAt: number | undefined,
  now: number,
): void {
  switch (trust.kind) {
    case 'fulcio': {
      if (loggedAt === undefined) {
        const remedy = 'a log of version 2 states none, and image policies name no timestamp authority';
        throw new SignatureError('LogEntryInvalid', `no trusted log says when the bundle was signed: ${remedy}`);
      }
      verifyFulcioCertificate(leaf, intermediates, trust, loggedAt);
      return;
    }
    case 'pki':
      verifyPkiCertificate(leaf, intermediates, trust, now);
      return;
    case 'keys':
      throw new SignatureError('KeyUnknown', 'the trust is in keys, and certifies nobody');
    default:
      throw new SignatureError('KeyUnknown', 'the kind of trust is not known');
  }
}

/** The digests of images that a verified statement signs. @throws SignatureError `PayloadInvalid` */
function parseSignedDigests(payload: Uint8Array): readonly Digest[] {
  const { predicateType, digests } = parseStatement(payload);
  if (predicateType !== SIGNED_PREDICATE) {
    throw new SignatureError(
      'PayloadInvalid',
      `the bundle's statement has not the predicateType ${JSON.stringify(SIGNED_PREDICATE)}`,
    );
  }
  if (digests.length === 0)
    throw new SignatureError('PayloadInvalid', "the bundle's statement names no digest of an image");
  return digests;
}
