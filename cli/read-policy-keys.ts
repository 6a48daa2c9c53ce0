import path from 'node:path';
import { ConfigurationError } from '../lib/errors/configuration-error.ts';
import type { KeySource } from '../lib/image-policy/policy-requirement.ts';
import { keySourceName } from '../lib/image-verification/key-source-name.ts';
import { prepareKeyring } from '../lib/openpgp/prepare-keyring.ts';
import type { PreparedKeyring } from '../lib/openpgp/prepared-keyring.ts';
import { toPrintable } from './output.ts';
import { MAX_KEY_FILE_BYTES, readInput } from './read-input.ts';

/**
 * Reads the keys that a policy names: a path as it is, or below a root, such as a node's file system that was unpacked.
 *
 * @throws InputError `FileUnreadable`; ConfigurationError that names the key source
 */
export async function readPolicyKeys(source: KeySource, root: string | undefined): Promise<PreparedKeyring> {
  const name = keySourceName(source);
  const bytes = source.kind === 'data' ? source.bytes : await readInput(placeOf(source.path, root), MAX_KEY_FILE_BYTES);
  try {
    const { keyring, warnings } = await prepareKeyring(name, bytes);
    for (const warning of warnings) process.stderr.write(`signet: warning: ${name}: ${toPrintable(warning)}\n`);
    return keyring;
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: name } });
  }
}

function placeOf(keyPath: string, root: string | undefined): string {
  return root === undefined ? keyPath : path.join(root, keyPath);
}
