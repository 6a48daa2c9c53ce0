import { armor, enums } from 'openpgp';
import { PublicKeyAlgorithm } from '../packets/algorithms.ts';
import { toHex } from '../packets/byte-reader.ts';
import { readPacket } from '../packets/packet-reader.ts';
import { type CertificatePackets, Tag } from './certificate-packets.ts';
import { readKeyFile } from './key-file.ts';
import { OPERATORS_REFUSE } from './keyring.ts';

/** Public-key algorithms that golang.org/x/crypto/openpgp reads as keys, and those of signatures. */
const OPERATOR_KEYS: readonly number[] = [1, 2, 3, 16, 17, 18, 19];
const OPERATOR_SIGNATURES: readonly number[] = [1, 3, 17, 19];
const OPERATOR_HASHES: readonly number[] = [1, 2, 3, 8, 9, 10, 11];
const ECDH = 18;
/** The curves of NIST, P-256, P-384 and P-521, as object identifiers. */
const OPERATOR_CURVES: readonly string[] = ['2A8648CE3D030107', '2B81040022', '2B81040023'];

/**
 * Why the cluster-version operator does not load a certificate; undefined where it does. It reads the first armor block of
 * a keyring with golang.org/x/crypto/openpgp, as of every release from 4.1 to 5.0. One packet of a certificate that this
 * library does not read loses the whole certificate.
 */
export function refuseByOperator({ bytes, primary }: CertificatePackets): string | undefined {
  if (primary.version !== 4) return 'cluster-version operators read no OpenPGP version 6';
  if (!OPERATOR_SIGNATURES.includes(primary.algorithm)) {
    return `cluster-version operators read no keys of algorithm ${primary.algorithm}${toAlgorithmName(primary.algorithm)}`;
  }
  for (let offset = 0; offset < bytes.length;) {
    const { tag, body, end } = readPacket(bytes, offset);
    const isRead =
      tag === Tag.publicKey || tag === Tag.publicSubkey
        ? isKeyRead(body)
        : tag !== Tag.signature || isSignatureRead(body);
    if (!isRead)
      return 'it holds a subkey or signature that cluster-version operators do not read, which loses it whole';
    offset = end;
  }
  return undefined;
}

/**
 * Why a certificate must not get onto nodes; undefined for one that they read. They read key files with GnuPG (gpgme, as
 * RHCOS does) or with a library of Go. GnuPG reads no version 6, and loses the certificates beside one in the same file.
 */
export function refuseByNode({ primary }: CertificatePackets): string | undefined {
  if (primary.version === 4) return undefined;
  return 'GnuPG, with which nodes read key files, reads no OpenPGP version 6 and loses the certificates beside one';
}

/**
 * What to know of a key file that nodes read as it is; nothing where they read all of it.
 *
 * @throws ConfigurationError `KeyUnreadable`
 */
export function warnOfNodes(keyFile: Uint8Array): readonly string[] {
  const { certificates } = readKeyFile(keyFile);
  const unread = certificates.filter(({ packets }) => refuseByNode(packets) !== undefined);
  if (unread.length === 0) return [];
  const names = unread.map(({ packets }) => packets.primary.fingerprint).join(', ');
  const beside =
    unread.length === certificates.length
      ? ''
      : '; GnuPG loses certificates beside them and Go reads the first armor block alone, so give them a file of their own';
  return [`nodes do not read certificates of OpenPGP version 6: ${names}${beside}`];
}

/**
 * What operators do not load of a keyring as it is in a trust ConfigMap. One without any certificate that they load makes
 * them refuse the whole ConfigMap.
 *
 * @throws ConfigurationError `KeyUnreadable`
 */
export function warnOfOperators(keyFile: Uint8Array): readonly string[] {
  const { certificates } = readKeyFile(keyFile);
  const refused = certificates.flatMap(({ packets }) => {
    const reason = refuseByOperator(packets);
    return reason === undefined ? [] : [`${packets.primary.fingerprint}: ${reason}`];
  });
  if (refused.length === 0) return [];
  const isWhole = refused.length === certificates.length;
  const what = isWhole ? 'a trust ConfigMap with this keyring, all of it' : 'certificates of this keyring';
  return [`${OPERATORS_REFUSE} ${what}: ${refused.join('; ')}`];
}

/** Certificates in one armor block: a reader that takes the first block alone takes them all. */
export function writeKeyBlock(certificates: readonly CertificatePackets[]): string {
  const packets = Buffer.concat(certificates.map(({ bytes }) => bytes));
  // Older Go readers reject a block without a checksum.
  const text = armor(enums.armor.publicKey, packets, undefined, undefined, undefined, true);
  return `${text.replaceAll('\r\n', '\n').trimEnd()}\n`;
}

function isKeyRead(body: Uint8Array): boolean {
  const algorithm = body[5] ?? 0;
  if (body[0] === 2 || body[0] === 3) return true;
  if (body[0] !== 4 || !OPERATOR_KEYS.includes(algorithm)) return false;
  if (algorithm !== ECDH && algorithm !== PublicKeyAlgorithm.ecdsa) return true;
  return OPERATOR_CURVES.includes(toHex(body.subarray(7, 7 + (body[6] ?? 0))));
}

/** Version 3 has the algorithms behind the times and the issuer. */
function isSignatureRead(body: Uint8Array): boolean {
  const [version] = body;
  const [algorithm, hash] = version === 4 ? [body[2], body[3]] : [body[15], body[16]];
  const isKnown = version === 2 || version === 3 || version === 4;
  return isKnown && OPERATOR_SIGNATURES.includes(algorithm ?? 0) && OPERATOR_HASHES.includes(hash ?? 0);
}

function toAlgorithmName(algorithm: number): string {
  const isEd25519 = algorithm === PublicKeyAlgorithm.eddsaLegacy || algorithm === PublicKeyAlgorithm.ed25519;
  return isEd25519 ? ' (Ed25519)' : '';
}
