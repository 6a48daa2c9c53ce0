import { type Key, readKey, type SignaturePacket } from 'openpgp';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type CertificatePackets, toUnusableKey } from './certificate-packets.ts';
import { judgePrimaryKey, judgeSubkey, type KeyValidity, type PrimaryValidity } from './certificate-validity.ts';
import { type FiledCertificate, type KeyFile, readKeyFile } from './key-file.ts';
import {
  describeUnusable,
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
  type PreparedKeyring,
  type UnusableKey,
} from './keyring.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';
import {
  findDesignatedRevocation,
  findDesignatedRevokers,
  findRevocation,
  isUnreadableRevocation,
} from './revocation.ts';
import { toVerificationKey } from './verification-key.ts';
import { judgeVersion6Key, judgeVersion6Subkey } from './version-6-validity.ts';

interface Prepared {
  readonly keyring: PreparedKeyring;
  readonly warnings: readonly string[];
}

/**
 * Compiles a key file, binary or armored, to what messages are checked against. A certificate that cannot be used is named
 * in a warning, and counts for nothing.
 *
 * @throws ConfigurationError `KeyUnreadable`, also when no certificate can be used, or `LimitExceeded`, without the
 *   position of the file
 */
export async function prepareKeyring(name: string, untrustedKeyFile: Uint8Array): Promise<Prepared> {
  const prepared = await prepareKeyFile(name, untrustedKeyFile);
  if (prepared.keyring.certificates.length > 0) return prepared;
  throw new ConfigurationError('KeyUnreadable', describeUnusable(prepared.keyring));
}

/**
 * The same for one of several files of a requirement: of one in which no certificate can be used, the keyring is empty, and
 * what it is joined with has to hold one.
 *
 * @throws ConfigurationError `KeyUnreadable` or `LimitExceeded`, without the position of the file
 */
export async function prepareKeyFile(name: string, untrustedKeyFile: Uint8Array): Promise<Prepared> {
  const file = readKeyFile(untrustedKeyFile);
  if (file.certificates.length + file.unusable.length > MAX_CERTIFICATES) {
    throw new ConfigurationError('LimitExceeded', `a keyring holds at most ${MAX_CERTIFICATES} certificates`);
  }
  const certificates: PreparedCertificate[] = [];
  const unusable = [...file.unusable, ...file.certificates.flatMap(({ packets }) => packets.unusableSubkeys)];
  for (const certificate of file.certificates) {
    const prepared = await tryPrepare(certificate, file);
    if ('reason' in prepared) unusable.push(prepared);
    else certificates.push(prepared);
  }
  return {
    keyring: { name, certificates, ...(unusable.length === 0 ? {} : { unusable }) },
    warnings: [...unusable.map(toUnusableWarning), ...toStrayWarnings(file), ...certificates.flatMap(toWarnings)],
  };
}

function toUnusableWarning({ name, reason }: UnusableKey): string {
  return `${name} cannot be used and counts for nothing: ${reason}`;
}

function toStrayWarnings({ strayPackets }: KeyFile): readonly string[] {
  return strayPackets === 0 ? [] : [`packets before the first certificate of a block are ignored: ${strayPackets}`];
}

function toWarnings({ fingerprint, keys }: PreparedCertificate): readonly string[] {
  if (keys.some(({ revoked, notForSigning }) => revoked === undefined && notForSigning === undefined)) return [];
  const [primary] = keys;
  return [`certificate ${fingerprint} can sign nothing: ${primary?.revoked ?? primary?.notForSigning ?? 'unknown'}`];
}

/** One certificate, or why it cannot be used. */
async function tryPrepare(certificate: FiledCertificate, file: KeyFile): Promise<PreparedCertificate | UnusableKey> {
  try {
    return await prepareCertificate(certificate, file);
  } catch (cause) {
    if (!(cause instanceof UnusableError)) throw cause;
    return toUnusableKey('certificate', certificate.packets.identities, cause.message);
  }
}

/** Why a certificate cannot be used. It does not leave this module. */
class UnusableError extends Error {
  override readonly name = 'UnusableError';
}

const MIN_RSA_BITS = 2048;
const UNREADABLE = 'it has a revocation that cannot be read, and such a revocation counts';

/**
 * Compiles one certificate of a key file. A subkey is never better than its primary key.
 *
 * @param file revocations count wherever they stand in it, and may be by other keys in it
 * @throws UnusableError
 */
async function prepareCertificate(
  { packets, armorBlock }: FiledCertificate,
  { known, revocations }: KeyFile,
): Promise<PreparedCertificate> {
  const { primary, subkeys } = packets;
  const { primary: validity, judgeSubkeyOf } = await judgeKeys(packets);
  const copies = known.filter((other) => other.primary.fingerprint === primary.fingerprint);
  const revokers = findDesignatedRevokers(copies, known);
  const findWhyRevoked = (kind: 'keyRevocations' | 'subkeyRevocations', hashed: Uint8Array): string | undefined => {
    if (packets[kind].some(isUnreadableRevocation)) return UNREADABLE;
    const standing = copies.flatMap((copy) => copy[kind]);
    return (
      findRevocation(revocations[kind], primary, hashed) ??
      findDesignatedRevocation(revokers, revocations[kind], standing, hashed)
    );
  };
  const revoked = findWhyRevoked('keyRevocations', primary.hashed);
  const keys = [prepareKey(primary, validity, revoked)];
  for (const subkey of subkeys) {
    const own = await judgeSubkeyOf(subkey);
    const expiresAt = Math.min(own.expiresAt, validity.expiresAt);
    // Whoever can break a weak primary key can bind a strong subkey to it.
    const notForSigning = refuseAlgorithm(primary) ?? validity.unusable ?? own.notForSigning;
    const hashed = Buffer.concat([primary.hashed, subkey.hashed]);
    const subkeyRevoked = revoked ?? findWhyRevoked('subkeyRevocations', hashed);
    keys.push(prepareKey(subkey, { ...own, expiresAt, notForSigning }, subkeyRevoked));
  }
  return { fingerprint: primary.fingerprint, userIds: validity.userIds, keys, armorBlock };
}

interface JudgedKeys {
  readonly primary: PrimaryValidity;
  readonly judgeSubkeyOf: (subkey: PublicKeyPacket) => KeyValidity | Promise<KeyValidity>;
}

/** Version 4 by the certificate library, version 6 by our own reader: the library has no composites. */
async function judgeKeys(packets: CertificatePackets): Promise<JudgedKeys> {
  if (packets.primary.version === 6) {
    requireUsable(packets.primary);
    return {
      primary: judgeVersion6Key(packets),
      judgeSubkeyOf: (subkey) => judgeVersion6Subkey(packets, subkey),
    };
  }
  const key = await readCertificate(packets);
  return {
    primary: await judgePrimaryKey(key, directSignaturesOf(key)),
    judgeSubkeyOf: async ({ fingerprint }) => await judgeSubkey(key, copiesOf(key, fingerprint)),
  };
}

/** Without the primary key's algorithm nothing that a certificate says of itself can be checked. */
function requireUsable({ material, algorithm }: PublicKeyPacket): void {
  if (material === undefined) throw new UnusableError(`key algorithm ${algorithm} is not supported`);
  try {
    toVerificationKey(material);
  } catch (cause) {
    const reason = cause instanceof SignatureError ? cause.message : 'it is not a valid public key';
    throw new UnusableError(reason, { cause });
  }
}

async function readCertificate({ bytes }: CertificatePackets): Promise<Key> {
  try {
    return await readKey({ binaryKey: bytes });
  } catch (cause) {
    throw new UnusableError('it is not readable', { cause });
  }
}

/** The library has these, but its types do not declare them. */
function directSignaturesOf(key: Key): readonly SignaturePacket[] {
  if ('directSignatures' in key && Array.isArray(key.directSignatures)) {
    return key.directSignatures as readonly SignaturePacket[];
  }
  throw new TypeError('the certificate library no longer shows direct-key signatures');
}

function copiesOf(key: Key, fingerprint: string): Key['subkeys'] {
  return key.subkeys.filter((candidate) => candidate.getFingerprint().toUpperCase() === fingerprint);
}

function prepareKey(packet: PublicKeyPacket, validity: KeyValidity, revoked: string | undefined): PreparedKey {
  const { fingerprint, createdAt, algorithm, material } = packet;
  const notForSigning = refuseAlgorithm(packet) ?? validity.notForSigning;
  return {
    fingerprint,
    createdAt,
    assertedAt: Math.floor(validity.assertedAt / 1000),
    algorithm,
    ...(material === undefined ? {} : { material }),
    ...(Number.isFinite(validity.expiresAt) ? { expiresAt: Math.floor(validity.expiresAt / 1000) } : {}),
    ...(revoked === undefined ? {} : { revoked }),
    ...(notForSigning === undefined ? {} : { notForSigning }),
  };
}

function refuseAlgorithm({ material, algorithm, fingerprint }: PublicKeyPacket): string | undefined {
  if (material === undefined) return `signatures of key algorithm ${algorithm} are not supported`;
  if (material.kind === 'rsa' && material.bits < MIN_RSA_BITS) {
    return `the RSA key ${fingerprint} has ${material.bits} bits; at least ${MIN_RSA_BITS} are required`;
  }
  try {
    toVerificationKey(material);
    return undefined;
  } catch (cause) {
    if (cause instanceof SignatureError) return cause.message;
    throw new UnusableError(`key ${fingerprint} is not a valid public key`, { cause });
  }
}
