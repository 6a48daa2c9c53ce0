import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { fileErrorCode, toWriteError, unlessAbsent } from '../../lib/platform/files/file-error.ts';
import { makeDirectories, writeNewFile } from '../../lib/platform/objects/directory/store-directory.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { isProfileName } from '../../lib/trust/prepared/profiles.ts';
import { isTrustFileName, type TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { parseNamed } from '../open/trusted-root.ts';
import { countOf, printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import type { AddOptions } from './add.ts';

const FILE = 'trusted_root.json';
const DEFAULT_PROFILE = 'ocp';

interface Added {
  readonly profile: string;
  readonly file: string;
  readonly logs: number;
  readonly authorities: number;
  readonly timestampAuthorities: number;
  readonly warnings: readonly string[];
}

/**
 * Writes a trusted root into a profile, once it is read and the profile still loads with it.
 *
 * @returns the exit status
 */
export async function addTrustedRoot(options: AddOptions): Promise<number> {
  const { from, trust, profile = DEFAULT_PROFILE } = options;
  if (options.fingerprint.length + options.store.length + options.repository.length > 0) {
    throw invalid('sigstore takes neither --fingerprint nor --store nor --repository');
  }
  if (from === undefined) throw invalid('name the trusted_root.json with --from: Signet fetches none itself');
  if (!isProfileName(profile)) throw invalid(`${JSON.stringify(profile)} cannot name a profile`);
  const bytes = await readInput(from, MAX_TRUST_FILE_BYTES);
  const root = parseNamed(from, bytes);
  const others = await readOthers(trust, profile);
  const file = path.join(trust, profile, FILE);
  if (others.some(({ name }) => name === FILE)) throw invalid(`cannot write ${file}: ${THERE}`);
  if (others.length > 0) await prepareTrust(profile, [...others, { name: FILE, bytes }]);
  await writeNew(file, bytes);
  const { warnings } = root;
  const added: Added = {
    profile,
    file,
    logs: root.logs.length,
    authorities: root.authorities.length,
    timestampAuthorities: root.timestampAuthorities.length,
    warnings: others.length > 0 ? warnings : [...warnings, NOTHING_ELSE],
  };
  printResult(options.output, added, formatAdded);
  return ExitStatus.done;
}

const THERE = 'it exists; remove it first';
const NOTHING_ELSE = 'the profile verifies no image before it has keys or policies; bundles of files it verifies';

/** The documents that the profile has; none where there is no such profile yet. */
async function readOthers(trust: string, profile: string): Promise<readonly TrustDocument[]> {
  const names = (await unlessAbsent(readdir(trust))) ?? [];
  const document = names.find((name) => !name.startsWith('.') && isTrustFileName(name));
  if (document !== undefined) {
    throw invalid(`--trust ${trust} is itself a profile, with ${document} in it: give the directory above`);
  }
  if (!names.includes(profile)) return [];
  try {
    const directories = await readTrustDirectory(trust);
    return directories.find((directory) => directory.profile === profile)?.documents ?? [];
  } catch (cause) {
    if (cause instanceof ConfigurationError && cause.code === 'TrustMissing') return [];
    throw cause;
  }
}

async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await makeDirectories(path.dirname(file));
    await writeNewFile(file, bytes);
  } catch (cause) {
    const isThere = fileErrorCode(cause) === 'EEXIST';
    throw isThere ? invalid(`cannot write ${file}: ${THERE}`, cause) : toWriteError(file, cause);
  }
}

function toAuthorities(count: number, kind: string): string {
  return `${count} ${kind} ${count === 1 ? 'authority' : 'authorities'}`;
}

function formatAdded({ profile, file, logs, authorities, timestampAuthorities, warnings }: Added): string {
  return [
    `wrote ${file} (profile ${profile})`,
    `  trusts  ${countOf(logs, 'log')}, ${toAuthorities(authorities, 'certificate')}, ${toAuthorities(timestampAuthorities, 'timestamp')}`,
    ...warnings.map((warning) => `  warning: ${warning}`),
  ].join('\n');
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, { cause });
}
