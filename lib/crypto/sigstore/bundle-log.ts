import { hash, type KeyObject } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, type TrustMaterial, toSignedEntity, Verifier } from '@sigstore/verify';
import { parseUnixTime } from '../../base/documents/unix-time.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { toKeyBytes } from './x509/public-key.ts';

/** An entry of a transparency log that a bundle brings along. */
export type BundleLogEntry = Bundle['verificationMaterial']['tlogEntries'][number];

const BEGINNING = new Date(0);
const END = new Date(8_640_000_000_000_000);

/** The entries of trusted logs; those of other logs are ignored. */
export function selectLogEntries(bundle: Bundle, rekorKeys: readonly KeyObject[]): readonly BundleLogEntry[] {
  const known = new Set(rekorKeys.map((key) => toLogId(key).toString('hex')));
  const entries: readonly BundleLogEntry[] = bundle.verificationMaterial.tlogEntries;
  return entries.filter(({ logId }) => known.has(logId.keyId.toString('hex')));
}

/**
 * The time of the first entry that has one, in seconds since 1970; undefined for a number that is no time. It is proven
 * by {@link verifyLogEntries} alone, and only a signed promise of the log covers it: a proof of inclusion does not.
 */
export function readLoggedTime(entries: readonly BundleLogEntry[]): number | undefined {
  const promised = entries.find(({ inclusionPromise }) => inclusionPromise !== undefined);
  const time = promised === undefined ? undefined : parseUnixTime(promised.integratedTime);
  // Peers write 0 where they know no time.
  return time === 0 ? undefined : time;
}

/**
 * Checks by Sigstore's own library that there is an entry, that each was made by a trusted log, and that each is about
 * this bundle's envelope and signature. That the signature itself holds is for the caller to have verified.
 *
 * @throws SignatureError `SignatureInvalid`
 */
export function verifyLogEntries(
  bundle: Bundle,
  entries: readonly BundleLogEntry[],
  rekorKeys: readonly KeyObject[],
): void {
  // The library may throw anything for what it cannot read: every exception is a rejection.
  try {
    const verifier = new Verifier(toTrustMaterial(entries, rekorKeys), {
      tlogThreshold: 1,
      ctlogThreshold: 0,
      timestampThreshold: 0,
    });
    verifier.verify(toLoggedEntity(bundle, entries));
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new SignatureError('SignatureInvalid', `the log entries of the bundle are not valid: ${fault}`, { cause });
  }
}

/** SHA-256 of the log's key: how Rekor names itself. */
function toLogId(key: KeyObject): Buffer {
  return hash('sha256', toKeyBytes(key), 'buffer');
}

function toTrustMaterial(entries: readonly BundleLogEntry[], rekorKeys: readonly KeyObject[]): TrustMaterial {
  // The key says which log it is. The library also wants the name in a checkpoint to be part of the log's address,
  // which a policy does not give: so the names in the checkpoints themselves are used.
  const baseURL = entries.map(({ inclusionProof }) => inclusionProof?.checkpoint?.envelope ?? '').join('\n');
  return {
    certificateAuthorities: [],
    timestampAuthorities: [],
    ctlogs: [],
    tlogs: rekorKeys.map((publicKey) => ({
      logID: toLogId(publicKey),
      baseURL,
      publicKey,
      validFor: { start: BEGINNING, end: END },
    })),
    publicKey: () => {
      const [publicKey] = rekorKeys;
      if (publicKey === undefined) throw new Error('there is no key');
      return { publicKey, validFor: () => true };
    },
  };
}

/** The bundle without what is verified elsewhere: its key or certificate, and its own timestamps. */
function toLoggedEntity(bundle: Bundle, entries: readonly BundleLogEntry[]): SignedEntity {
  const { signature, ...entity } = toSignedEntity({
    ...bundle,
    verificationMaterial: {
      content: { $case: 'publicKey', publicKey: { hint: '' } },
      tlogEntries: [],
      timestampVerificationData: undefined,
    },
  });
  return {
    ...entity,
    tlogEntries: [...entries],
    signature: {
      signature: signature.signature,
      compareSignature: (bytes) => signature.compareSignature(bytes),
      compareDigest: (digest) => signature.compareDigest(digest),
      compareSignedDigest: (digest) => signature.compareSignedDigest(digest),
      // Verified before, with hashes that the library does not try.
      verifySignature: () => true,
    },
  };
}
