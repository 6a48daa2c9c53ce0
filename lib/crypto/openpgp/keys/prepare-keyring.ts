import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { prepareCertificate } from './prepare-certificate.ts';
import { MAX_CERTIFICATES, type PreparedCertificate, type PreparedKeyring } from './prepared-keyring.ts';
import { readKeyFile } from './read-key-file.ts';

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
