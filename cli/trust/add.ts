import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { fileErrorCode, unlessAbsent } from '../../lib/platform/files/file-error.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../lib/platform/http/http-url.ts';
import { makeDirectories } from '../../lib/platform/objects/directory/store-directory.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { isTrustFileName } from '../../lib/trust/prepare/trust-files.ts';
import { builtInProfile } from '../../lib/trust/prepared/profiles.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import {
  findPinnedPublisher,
  type PinnedPublisher,
  type SelectedCertificates,
  selectCertificates,
  toTrustConfigMap,
} from '../../lib/trust/publish/publisher-keys.ts';
import { REGISTRIES_D } from '../../lib/trust/registries-d/registries-d.ts';
import { openClient } from '../open/stores.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface AddOptions extends TrustOptions, StoreOptions, OutputOptions {
  readonly from?: string;
  readonly fingerprint: readonly string[];
  readonly repository: readonly string[];
}

interface Added {
  readonly profile: string;
  readonly files: readonly string[];
  readonly kept: readonly string[];
  readonly leftOut: readonly string[];
}

const FINGERPRINT = /^[0-9A-F]{40}$/;
const PUBLISHER_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** @returns the exit status */
export async function addTrust(publisherName: string, options: AddOptions, signal: AbortSignal): Promise<number> {
  const publisher = toPublisher(publisherName, options);
  await requireNoProfile(options.trust);
  const from = options.from ?? publisher.keysUrl;
  const keyFile = await fetchKeyFile(from, options, signal);
  const pinned = publisher.fingerprints.map(({ fingerprint }) => fingerprint);
  const { armored, kept, leftOut } = select(keyFile, pinned, from);
  const { profile } = publisher;
  const documents: TrustDocument[] = [
    {
      name: 'release-verification.yaml',
      bytes: Buffer.from(toTrustConfigMap(publisher.keyring, armored, publisher.stores)),
    },
    ...toProfileDocuments(profile, options.repository),
  ];
  // What is written must load: better an error now than a profile that fails later.
  await prepareTrust(profile, documents);
  signal.throwIfAborted();
  const directory = path.join(options.trust, profile);
  for (const { name, bytes } of documents) await writeNew(path.join(directory, name), bytes);
  const files = documents.map(({ name }) => path.join(directory, name));
  printResult<Added>(options.output, { profile, files, kept, leftOut }, formatAdded);
  return ExitStatus.done;
}

function select(keyFile: Uint8Array, pinned: readonly string[], from: string): SelectedCertificates {
  try {
    return selectCertificates(keyFile, pinned);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    const url = isUrlLike(from) ? URL.parse(from) : null;
    const shown = url === null ? from : toShownUrl(url);
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: shown } });
  }
}

/** The pinned publisher, or one that the command line describes. @throws InputError */
function toPublisher(name: string, { profile, fingerprint, store }: AddOptions): PinnedPublisher {
  const pinned = findPinnedPublisher(name);
  const fingerprints = fingerprint.map(parseFingerprint);
  const stores = store.map((url, index) => ({ key: `store-${name}-${index + 1}`, url }));
  if (pinned !== undefined) {
    if (fingerprints.length > 0) throw invalid(`the fingerprints of ${name} are built in; use another name for others`);
    return { ...pinned, profile: profile ?? pinned.profile, stores: stores.length > 0 ? stores : pinned.stores };
  }
  if (!PUBLISHER_NAME.test(name)) throw invalid(`${JSON.stringify(name)} is not a publisher name: a-z, 0-9 and -`);
  if (fingerprints.length === 0) throw invalid(`no fingerprint of ${name} is built in: give --fingerprint`);
  if (profile === undefined) throw invalid('name the profile to write with --profile');
  if (stores.length === 0) throw invalid('name its signature store with --store');
  return { profile, keyring: `verifier-public-key-${name}`, keysUrl: '', fingerprints, stores };
}

function parseFingerprint(text: string): { fingerprint: string; name: string } {
  const fingerprint = text.replaceAll(/[\s:]/g, '').toUpperCase();
  if (!FINGERPRINT.test(fingerprint)) {
    throw invalid(`${JSON.stringify(text)} is not a fingerprint: 40 hex digits; a short key ID proves nothing`);
  }
  return { fingerprint, name: fingerprint };
}

async function fetchKeyFile(from: string, options: AddOptions, signal: AbortSignal): Promise<Uint8Array> {
  if (from === '') throw invalid('name the key file with --from');
  if (!isUrlLike(from)) return await readInput(from, MAX_KEY_FILE_BYTES);
  const url = parseKeysUrl(from);
  const client = await openClient(options, { allowPrivateAddresses: false, ca: undefined });
  try {
    const { status, bytes } = await client.get(url.href, { signal, limitBytes: MAX_KEY_FILE_BYTES });
    if (status !== 200) throw new StoreError('StatusUnexpected', `${toShownUrl(url)} answered ${status}`);
    return bytes;
  } finally {
    client.close();
  }
}

/** @throws InputError, which repeats no password */
function parseKeysUrl(from: string): URL {
  const url = URL.parse(from);
  if (url === null) throw invalid(`${toShownScheme(from)} is not a URL`);
  try {
    checkHttpUrl(url);
  } catch (cause) {
    throw invalid(`--from: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return url;
}

/** Built-in profiles have their repositories; every other one needs `--repository`. */
function toProfileDocuments(profile: string, repositories: readonly string[]): readonly TrustDocument[] {
  if (repositories.length === 0) {
    if (builtInProfile(profile) !== undefined) return [];
    throw invalid(`say where releases of the profile ${profile} are asked for with --repository`);
  }
  const spec = { canonicalRepositories: repositories.map(parseRepository) };
  const document = { apiVersion: 'signet/v1', kind: 'Profile', metadata: { name: profile }, spec };
  return [{ name: 'profile.yaml', bytes: Buffer.from(stringify(document)) }];
}

/** A profile with a directory among its documents would no longer load. */
async function requireNoProfile(directory: string): Promise<void> {
  const names = await unlessAbsent(readdir(directory)).catch((cause: unknown) => {
    throw invalid(`cannot read --trust ${directory}: ${cause instanceof Error ? cause.message : ''}`, cause);
  });
  const document = names?.find((name) => name === REGISTRIES_D || (!name.startsWith('.') && isTrustFileName(name)));
  if (document === undefined) return;
  const above = path.dirname(path.resolve(directory));
  throw invalid(`--trust ${directory} is itself a profile, with ${document} in it: give the directory above, ${above}`);
}

async function writeNew(file: string, document: Uint8Array): Promise<void> {
  try {
    await makeDirectories(path.dirname(file));
    await writeFile(file, document, { flag: 'wx' });
  } catch (cause) {
    if (fileErrorCode(cause) !== 'EEXIST')
      throw invalid(`cannot write ${file}: ${cause instanceof Error ? cause.message : ''}`, cause);
    const hint = 'remove it first, or name another profile: a second keyring would have to be satisfied too';
    throw invalid(`${file} exists; ${hint}`, cause);
  }
}

function formatAdded({ profile, files, kept, leftOut }: Added): string {
  const lines = files.map((file) => `wrote ${file} (profile ${profile})`);
  lines.push(...kept.map((fingerprint) => `  kept      ${fingerprint}`));
  return [...lines, ...leftOut.map((fingerprint) => `  left out  ${fingerprint}`)].join('\n');
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, { cause });
}
