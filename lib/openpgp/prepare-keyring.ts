import { type Key, readKey } from 'openpgp';
import { ConfigurationError } from '../errors/configuration-error.ts';
import type { CertificatePackets, KeyWithRevocations } from './certificate-packets.ts';
import { judgePrimaryKey, judgeSubkey, type KeyValidity } from './certificate-validity.ts';
import { toVerificationKey } from './check-signature.ts';
import {
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
  type PreparedKeyring,
} from './prepared-keyring.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';
import { type FiledCertificate, readKeyFile } from './read-key-file.ts';
import { findRevocation } from './revocation.ts';

const MIN_RSA_BITS = 2048;

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
  const certificates: PreparedCertificate[] = [];
  for (const certificate of filed) certificates.push(await prepareCertificate(certificate));
  return { keyring: { name, certificates }, warnings: certificates.flatMap(toWarnings) };
}

async function prepareCertificate({ packets, armorBlock }: FiledCertificate): Promise<PreparedCertificate> {
  const { primary } = packets;
  const { fingerprint } = primary.packet;
  const key = await readCertificate(packets);
  const primaryValidity = await judgePrimaryKey(key);
  const primaryRevoked = findRevocation(primary, primary.packet);
  const subkeys: PreparedKey[] = [];
  for (const subkey of packets.subkeys) {
    const parsed = key.subkeys.find(
      (candidate) => candidate.getFingerprint().toUpperCase() === subkey.packet.fingerprint,
    );
    const own = parsed === undefined ? unreadableSubkey : await judgeSubkey(key, parsed);
    const validity = { ...own, expiresAt: Math.min(own.expiresAt, primaryValidity.expiresAt) };
    const revoked = primaryRevoked ?? findRevocation(subkey, primary.packet);
    subkeys.push(prepareKey(subkey, validity, revoked));
  }
  const keys = [prepareKey(primary, primaryValidity, primaryRevoked), ...subkeys];
  return { fingerprint, userIds: key.getUserIDs(), keys, armorBlock };
}

const unreadableSubkey: KeyValidity = {
  expiresAt: Number.POSITIVE_INFINITY,
  notForSigning: 'the subkey cannot be read',
};

async function readCertificate({ bytes, primary }: CertificatePackets): Promise<Key> {
  try {
    return await readKey({ binaryKey: bytes });
  } catch (cause) {
    throw new ConfigurationError('KeyUnreadable', `certificate ${primary.packet.fingerprint} is not readable`, {
      cause,
    });
  }
}

function prepareKey({ packet }: KeyWithRevocations, validity: KeyValidity, revoked: string | undefined): PreparedKey {
  const { fingerprint, createdAt, algorithm, material } = packet;
  const notForSigning = refuseAlgorithm(packet) ?? validity.notForSigning;
  return {
    fingerprint,
    createdAt,
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
    return `the RSA key has ${material.bits} bits; at least ${MIN_RSA_BITS} are required`;
  }
  try {
    toVerificationKey(material);
    return undefined;
  } catch (cause) {
    throw new ConfigurationError('KeyUnreadable', `key ${fingerprint} is not a valid public key`, { cause });
  }
}

function toWarnings({ fingerprint, keys }: PreparedCertificate): readonly string[] {
  if (keys.some(({ revoked, notForSigning }) => revoked === undefined && notForSigning === undefined)) return [];
  const [primary] = keys;
  return [`certificate ${fingerprint} can sign nothing: ${primary?.revoked ?? primary?.notForSigning ?? 'unknown'}`];
}
