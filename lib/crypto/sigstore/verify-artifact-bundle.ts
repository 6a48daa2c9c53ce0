import { hash, type KeyObject } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { readEntryTime, selectLogEntries, verifyLogEntries } from './bundle-log.ts';
import { isNamed } from './log-checkpoint.ts';
import { isDigestSignedBy, verifyBySigner } from './prehashed-signature.ts';
import { NO_DIGEST, parseBundle, readCertificates, readSignature, toSignedBytes } from './read-bundle.ts';
import { parseStatement, STATEMENT_TYPE } from './statement.ts';
import { isWithin, type TrustedRoot } from './trusted-root.ts';
import { verifyBundleCertificate } from './verify-bundle-certificate.ts';
import { verifyTimestamp } from './verify-timestamp.ts';
import { toEncodedKeyName, toKeyName } from './x509/public-key.ts';
import type { CertificateIdentity } from './x509/signer-certificate.ts';

/** Whom a signature of a file has to be by: a key, or a login that an authority of the root certified. */
export type ArtifactTrust =
  | {
      readonly kind: 'key';
      readonly key: KeyObject;
      /** Undefined: the key alone decides, and neither log nor timestamp counts. */
      readonly root: TrustedRoot | undefined;
    }
  | ({ readonly kind: 'identity'; readonly root: TrustedRoot } & CertificateIdentity);

/** What was signed: its bytes, or its digest alone. */
export type Artifact =
  | { readonly kind: 'content'; readonly bytes: Uint8Array }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** What a bundle proves of a file. */
export interface VerifiedArtifact {
  /** `SHA256:` and the hex of the hash of the key that signed. */
  readonly signer: string;
  readonly content: 'signature' | 'statement';
  /** Of a statement. */
  readonly predicateType: string | undefined;
  /** When logs and timestamp authorities of the trust say that the signature existed: seconds since 1970. */
  readonly times: readonly number[];
  /** Whether a log of the trust has it. */
  readonly logged: boolean;
}

/** Bytes of a bundle of a file: provenance and bills of materials are inside. */
export const MAX_ARTIFACT_BUNDLE_BYTES = 8 * 1024 * 1024;

const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const;
type Algorithm = (typeof ALGORITHMS)[number];
/** As a bundle numbers them. */
const NUMBERED: ReadonlyMap<number, Algorithm> = new Map([
  [1, 'sha256'],
  [2, 'sha384'],
  [3, 'sha512'],
]);

/**
 * The whole check of a Sigstore bundle of a file: digest and signature, timestamps, log entries, then who signed.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyArtifactBundle(
  untrustedBytes: Uint8Array,
  trust: ArtifactTrust,
  artifact: Artifact,
  now: number,
): VerifiedArtifact {
  const bundle = parseBundle(untrustedBytes, MAX_ARTIFACT_BUNDLE_BYTES);
  const certificates = trust.kind === 'key' ? undefined : readCertificates(bundle);
  const key = trust.kind === 'key' ? trust.key : certificates?.leaf.publicKey;
  if (key === undefined) throw new SignatureError('KeyUnknown', 'there is no key that could verify the signature');
  const proven = verifyContent(bundle, key, artifact);
  const signer = certificates === undefined ? toKeyName(key) : toEncodedKeyName(certificates.leaf.encodedKey);
  if (trust.root === undefined) return { signer, ...proven, times: [], logged: false };
  const times = verifyProofs(bundle, trust.root, { certificate: certificates?.leaf.der, key }, now);
  if (trust.kind === 'identity' && certificates !== undefined) {
    verifyBundleCertificate(certificates, trust.root, trust, times);
  }
  return { signer, ...proven, times, logged: true };
}

type ProvenContent = Pick<VerifiedArtifact, 'content' | 'predicateType'>;

/** @throws SignatureError `DigestMismatch`, `SignatureInvalid`, `PayloadInvalid`, `SignatureUnsupported` */
function verifyContent(bundle: Bundle, key: KeyObject, artifact: Artifact): ProvenContent {
  const { content } = bundle;
  const signature = readSignature(bundle);
  if (content.$case === 'messageSignature') {
    const { messageDigest } = content.messageSignature;
    if (messageDigest.digest.equals(NO_DIGEST)) {
      if (artifact.kind === 'digest') {
        throw new SignatureError('SignatureUnsupported', 'the bundle states no digest: give the file, not its digest');
      }
      verifyBySigner([key], artifact.bytes, signature);
      return { content: 'signature', predicateType: undefined };
    }
    const algorithm = NUMBERED.get(messageDigest.algorithm);
    if (algorithm === undefined)
      throw new SignatureError('SignatureUnsupported', 'the bundle has a digest by no SHA-2');
    const digest = digestOf(artifact, algorithm);
    if (!digest.equals(messageDigest.digest)) {
      const signed = `${algorithm}:${messageDigest.digest.toString('hex')}`;
      throw new SignatureError('DigestMismatch', `the bundle is for ${signed}`);
    }
    if (artifact.kind === 'content') verifyBySigner([key], artifact.bytes, signature);
    else if (!isDigestSignedBy(key, { algorithm, bytes: digest }, signature)) throw notSigned();
    return { content: 'signature', predicateType: undefined };
  }
  const { payload, payloadType } = content.dsseEnvelope;
  verifyBySigner([key], toSignedBytes(payloadType, payload), signature);
  if (payloadType !== STATEMENT_TYPE) {
    throw new SignatureError('PayloadInvalid', `the bundle signs ${JSON.stringify(payloadType)} and no statement`);
  }
  const { predicateType, digests } = parseStatement(payload);
  if (isAmong(digests, artifact)) return { content: 'statement', predicateType };
  const named = digests.length === 0 ? 'no digest' : digests.slice(0, 4).join(', ');
  throw new SignatureError('DigestMismatch', `the bundle's statement is for ${named}`);
}

function digestOf(artifact: Artifact, algorithm: Algorithm): Buffer {
  if (artifact.kind === 'content') return hash(algorithm, artifact.bytes, 'buffer');
  const [given = '', hex = ''] = artifact.digest.split(':');
  if (given === algorithm) return Buffer.from(hex, 'hex');
  const fault = `the signature is over the content's ${algorithm}: give the file, or that digest, and not its ${given}`;
  throw new SignatureError('SignatureUnsupported', fault);
}

/** Each hash is made once: who signed is not known yet, and a statement may name tens of thousands of digests. */
function isAmong(digests: readonly Digest[], artifact: Artifact): boolean {
  if (artifact.kind === 'digest') return digests.includes(artifact.digest);
  const { bytes } = artifact;
  return ALGORITHMS.some((algorithm) => {
    const named = digests.filter((digest) => digest.startsWith(`${algorithm}:`));
    if (named.length === 0) return false;
    const own: string = `${algorithm}:${hash(algorithm, bytes, 'hex')}`;
    return named.some((digest) => digest === own);
  });
}

function notSigned(): SignatureError {
  return new SignatureError('SignatureInvalid', 'the signature is not by the key over this digest');
}

/**
 * Every timestamp and every entry of a trusted log has to hold. Returns the times that they prove.
 *
 * @throws SignatureError `TimestampInvalid`, `LogEntryInvalid`
 */
function verifyProofs(
  bundle: Bundle,
  root: TrustedRoot,
  signer: { readonly certificate: Buffer | undefined; readonly key: KeyObject },
  now: number,
): readonly number[] {
  const signature = readSignature(bundle);
  const timestamps = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  const distinct = new Set(timestamps.map(({ signedTimestamp }) => signedTimestamp.toString('base64')));
  if (distinct.size < timestamps.length)
    throw new SignatureError('TimestampInvalid', 'the bundle has a timestamp twice');
  const stamped = timestamps.map(({ signedTimestamp }) =>
    verifyTimestamp(signedTimestamp, signature, root.timestampAuthorities),
  );
  const entries = selectLogEntries(bundle, root.logs);
  verifyLogEntries(bundle, entries, root.logs, signer);
  const logged = entries.map(readEntryTime);
  const times = [...stamped, ...logged.filter((time) => time !== undefined)];
  // An entry that states no time itself was made about when the signature was, or is judged now.
  for (const [index, { logId }] of entries.entries()) {
    if (logged[index] !== undefined) continue;
    const log = root.logs.filter((one) => isNamed(logId.keyId, one));
    const judged = times.length === 0 ? [now] : times;
    if (judged.every((time) => log.some(({ validFor }) => isWithin(validFor, time)))) continue;
    throw new SignatureError('LogEntryInvalid', 'a log entry of the bundle is of a log that was not trusted then');
  }
  return times;
}
