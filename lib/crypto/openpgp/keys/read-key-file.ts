import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { decodeArmoredKeys } from '../packets/armor.ts';
import { type CertificatePackets, splitCertificates } from './certificate-packets.ts';

/** A certificate and the armor block, counted from 0, that it came in; 0 for a binary file. */
export interface FiledCertificate {
  readonly armorBlock: number;
  readonly packets: CertificatePackets;
}

/**
 * All certificates of a key file, binary or armored, in order.
 *
 * @throws ConfigurationError `KeyUnreadable`, also when there is none
 */
export function readKeyFile(untrustedKeyFile: Uint8Array): readonly FiledCertificate[] {
  const certificates = toBlocks(untrustedKeyFile).flatMap((block, armorBlock) =>
    readCertificates(block).map((packets) => ({ armorBlock, packets })),
  );
  if (certificates.length === 0) throw new ConfigurationError('KeyUnreadable', 'there is no OpenPGP public key in it');
  return certificates;
}

/** A packet starts with its high bit set; so does a byte order mark, which starts text. */
function toBlocks(keyFile: Uint8Array): readonly Uint8Array[] {
  const [first] = keyFile;
  const isBinary = first !== undefined && (first & 0x80) !== 0 && first !== 0xef;
  return isBinary ? [keyFile] : decodeArmoredKeys(Buffer.from(keyFile).toString('latin1'));
}

function readCertificates(block: Uint8Array): readonly CertificatePackets[] {
  try {
    return splitCertificates(block);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new ConfigurationError('KeyUnreadable', `not a readable OpenPGP key: ${cause.message}`, { cause });
  }
}
