import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import type { PreparedCertificate } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';

/** The certificates of every `--keyring`; what is odd about one is warned of. @throws InputError, ConfigurationError */
export async function readKeys(files: readonly string[]): Promise<readonly PreparedCertificate[]> {
  if (files.length === 0) throw new InputError('ArgumentInvalid', 'name at least one key file with --keyring');
  const certificates: PreparedCertificate[] = [];
  for (const file of files) {
    const { keyring, warnings } = await readKeyring(file);
    for (const warning of warnings) process.stderr.write(`signet: warning: ${file}: ${warning}\n`);
    certificates.push(...keyring.certificates);
  }
  return certificates;
}

async function readKeyring(file: string): ReturnType<typeof prepareKeyring> {
  const bytes = await readInput(file, MAX_KEY_FILE_BYTES);
  try {
    return await prepareKeyring(file, bytes);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: `--keyring ${file}` } });
  }
}
