import { type Key, readKey, type SignaturePacket } from 'openpgp';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { judgePrimaryKey, judgeSubkey, type KeyValidity } from './certificate-validity.ts';
import { type CertificatePackets, type FiledCertificate, readKeyFile } from './key-file.ts';
import {
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
  type PreparedKeyring,
  toVerificationKey,
} from './keyring.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';
import {
  findDesignatedRevocation,
  findDesignatedRevokers,
  findRevocation,
  isUnreadableRevocation,
} from './revocation.ts';

/**
 * Compiles a key file, binary or armored, to what messages are checked against.
 *
 * @throws ConfigurationError `KeyUnreadable` or `LimitExceeded`, without the position of the file
 */
export async function prepareKeyring(
  name: string,
  untrustedKeyFile: Uint8Array,
): Promise<{ keyring: PreparedKeyring; warnings: readonly string[] }> {
  const filed = readKeyFile(untrustedKeyFile);
  if (filed.length > MAX_CERTIFICATES) {
    throw new ConfigurationError('LimitExceeded', `a keyring holds at most ${MAX_CERTIFICATES} certificates`);
  }
  const packets = filed.map((certificate) => certificate.packets);
  const certificates: PreparedCertificate[] = [];
  for (const certificate of filed) certificates.push(await prepareCertificate(certificate, packets));
  return { keyring: { name, certificates }, warnings: certificates.flatMap(toWarnings) };
}

function toWarnings({ fingerprint, keys }: PreparedCertificate): readonly string[] {
  if (keys.some(({ revoked, notForSigning }) => revoked === undefined && notForSigning === undefined)) return [];
  const [primary] = keys;
  return [`certificate ${fingerprint} can sign nothing: ${primary?.revoked ?? primary?.notForSigning ?? 'unknown'}`];
}

const MIN_RSA_BITS = 2048;
const UNREADABLE = 'it has a revocation that cannot be read, and such a revocation counts';

/**
 * Compiles one certificate of a key file. A subkey is never better than its primary key.
 *
 * @param filed all certificates of the file: revocations count wherever they stand, and may be by other keys in it
 * @throws ConfigurationError `KeyUnreadable`
 */
async function prepareCertificate(
  { packets, armorBlock }: FiledCertificate,
  filed: readonly CertificatePackets[],
): Promise<PreparedCertificate> {
  const { primary, subkeys } = packets;
  const key = await readCertificate(packets);
  const validity = await judgePrimaryKey(key, directSignaturesOf(key));
  const copies = filed.filter((other) => other.primary.fingerprint === primary.fingerprint);
  const revokers = findDesignatedRevokers(copies, filed);
  const findWhyRevoked = (kind: 'keyRevocations' | 'subkeyRevocations', hashed: Uint8Array): string | undefined => {
    if (packets[kind].some(isUnreadableRevocation)) return UNREADABLE;
    const revocations = filed.flatMap((other) => other[kind]);
    const standing = copies.flatMap((copy) => copy[kind]);
    return (
      findRevocation(revocations, primary, hashed) ?? findDesignatedRevocation(revokers, revocations, standing, hashed)
    );
  };
  const revoked = findWhyRevoked('keyRevocations', primary.hashed);
  const keys = [prepareKey(primary, validity, revoked)];
  for (const subkey of subkeys) {
    const own = await judgeSubkey(key, copiesOf(key, subkey.fingerprint));
    const expiresAt = Math.min(own.expiresAt, validity.expiresAt);
    // Whoever can break a weak primary key can bind a strong subkey to it.
    const notForSigning = refuseAlgorithm(primary) ?? validity.unusable ?? own.notForSigning;
    const hashed = Buffer.concat([primary.hashed, subkey.hashed]);
    const subkeyRevoked = revoked ?? findWhyRevoked('subkeyRevocations', hashed);
    keys.push(prepareKey(subkey, { ...own, expiresAt, notForSigning }, subkeyRevoked));
  }
  return { fingerprint: primary.fingerprint, userIds: validity.userIds, keys, armorBlock };
}

async function readCertificate({ bytes, primary }: CertificatePackets): Promise<Key> {
  try {
    return await readKey({ binaryKey: bytes });
  } catch (cause) {
    throw new ConfigurationError('KeyUnreadable', `certificate ${primary.fingerprint} is not readable`, { cause });
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
    throw new ConfigurationError('KeyUnreadable', `key ${fingerprint} is not a valid public key`, { cause });
  }
}
