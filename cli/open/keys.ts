import type { KeyObject } from 'node:crypto';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { warnOfNodes } from '../../lib/crypto/openpgp/keys/cluster-certificates.ts';
import { joinKeyrings, type PreparedKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyFile, prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parsePublicKey } from '../../lib/crypto/sigstore/x509/public-key.ts';
import { type KeySource, keySourceName } from '../../lib/trust/policy/policy-requirement.ts';
import { toPrintable } from '../shell/output.ts';
import { MAX_KEY_FILE_BYTES, readBelowRoot, readInput } from '../shell/read-input.ts';

/** The keys of every `--keyring` as one keyring. @throws InputError, ConfigurationError */
export async function readKeys(files: readonly string[]): Promise<PreparedKeyring> {
  if (files.length === 0) throw new InputError('ArgumentInvalid', 'name at least one key file with --keyring');
  const keyrings: PreparedKeyring[] = [];
  for (const file of files) {
    keyrings.push(await readKeyring(file, await readInput(file, MAX_KEY_FILE_BYTES), `--keyring ${file}`));
  }
  return joinKeyrings('keyring', keyrings);
}

/** One public key of `--key`, as PEM. @throws InputError, ConfigurationError */
export async function readPublicKey(file: string): Promise<KeyObject> {
  return parsePublicKey(await readInput(file, MAX_KEY_FILE_BYTES), `--key ${file}`);
}

/**
 * Reads the keys that a policy names: a path as it is, or below a root, such as a node's file system that was unpacked.
 *
 * @throws InputError `FileUnreadable`; ConfigurationError that names the key source
 */
export async function readPolicyKeys(source: KeySource, root: string | undefined): Promise<PreparedKeyring> {
  const name = keySourceName(source);
  const bytes = source.kind === 'data' ? source.bytes : await readKeyFile(source.path, root);
  const keyring = await readKeyring(name, bytes, name, prepareKeyFile);
  for (const warning of warnOfNodes(bytes)) warn(name, warning);
  return keyring;
}

function warn(name: string, warning: string): void {
  process.stderr.write(`signet: warning: ${name}: ${toPrintable(warning)}\n`);
}

/** Warnings about a key go to standard error. @param document names the source in errors */
async function readKeyring(
  name: string,
  bytes: Uint8Array,
  document: string,
  prepare = prepareKeyring,
): Promise<PreparedKeyring> {
  try {
    const { keyring, warnings } = await prepare(name, bytes);
    for (const warning of warnings) warn(name, warning);
    return keyring;
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document } });
  }
}

/** A file that a policy names, below the root if there is one. @throws InputError `FileUnreadable` */
export async function readKeyFile(keyPath: string, root: string | undefined): Promise<Uint8Array> {
  if (root === undefined) return await readNamed(keyPath);
  const bytes = await readBelowRoot(root, keyPath, MAX_KEY_FILE_BYTES);
  if (bytes !== undefined) return bytes;
  throw new InputError('FileUnreadable', `cannot read ${keyPath} below ${root}: there is no such file`);
}

/** Off a node, the files that a policy names are usually absent: the error names `--root`. */
async function readNamed(keyPath: string): Promise<Uint8Array> {
  try {
    return await readInput(keyPath, MAX_KEY_FILE_BYTES);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    const message = `${cause.message}; the policy names it, and --root DIR reads it below a folder`;
    throw new InputError(cause.code, message, { cause });
  }
}
