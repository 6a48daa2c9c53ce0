import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { fileErrorCode, toFileReason, toWriteError, unlessAbsent } from '../../lib/platform/files/file-error.ts';
import { makeDirectories, writeNewFile } from '../../lib/platform/objects/directory/store-directory.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { listExpiryWarnings } from '../../lib/trust/prepared/key-expiry.ts';
import { builtInProfile } from '../../lib/trust/prepared/profiles.ts';
import { isTrustFileName, type TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import {
  findKeyName,
  findPinnedPublisher,
  type PinnedPublisher,
  toTrustConfigMap,
} from '../../lib/trust/publish/publisher-keys.ts';
import { readPinnedPolicy } from '../../lib/trust/publish/publisher-policy.ts';
import { REGISTRIES_D } from '../../lib/trust/registries-d/registries-d.ts';
import type { NodeVersion } from '../../lib/verdict/judge/nodes.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { fetchKeyFile, parseFingerprint, selectPinned } from './key-file.ts';

export interface AddOptions extends TrustOptions, StoreOptions, OutputOptions {
  readonly from?: string;
  readonly fingerprint: readonly string[];
  readonly repository: readonly string[];
  readonly imagePolicy?: string;
  readonly targetVersion?: NodeVersion;
  readonly keyring?: string;
  readonly objects?: string;
  readonly dryRun?: boolean;
}

interface Added {
  readonly profile: string;
  readonly files: readonly string[];
  readonly kept: readonly string[];
  readonly leftOut: readonly string[];
  /** Fingerprints that are built in and not in the key file. */
  readonly absent: readonly string[];
  /** SHA-256 of the Sigstore key of an image policy that came along. */
  readonly imagePolicyKey?: string;
  readonly warnings: readonly string[];
}

const PUBLISHER_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** @returns the exit status */
export async function addTrust(publisherName: string, options: AddOptions, signal: AbortSignal): Promise<number> {
  const publisher = toPublisher(publisherName, options);
  await requireNoProfile(options.trust);
  const from = options.from ?? publisher.keysUrl;
  const policy = await readPolicy(publisherName, options);
  const keyFile = await fetchKeyFile(from, options, signal).catch((cause: unknown) => {
    if (options.from !== undefined || !(cause instanceof StoreError)) throw cause;
    throw new StoreError(cause.code, `${cause.message}; ${WITHOUT_INTERNET}`, { cause });
  });
  const { armored, kept, leftOut, absent } = selectPinned(keyFile, publisher.fingerprints, from);
  const { profile } = publisher;
  const documents: TrustDocument[] = [
    {
      name: 'release-verification.yaml',
      bytes: Buffer.from(toTrustConfigMap(publisher.keyring, armored, publisher.stores)),
    },
    ...toProfileDocuments(profile, options.repository),
    ...(policy === undefined ? [] : [policy.document]),
  ];
  // What is written must load: better an error now than a profile that fails later.
  const prepared = await prepareTrust(profile, documents);
  const warnings = [...prepared.warnings, ...(policy?.warnings ?? []), ...listExpiryWarnings(prepared, new Date())];
  signal.throwIfAborted();
  const directory = path.join(options.trust, profile);
  for (const { name, bytes } of documents) await writeNew(path.join(directory, name), bytes);
  const files = documents.map(({ name }) => path.join(directory, name));
  const key = policy === undefined ? {} : { imagePolicyKey: policy.keySha256 };
  printResult<Added>(options.output, { profile, files, kept, leftOut, absent, ...key, warnings }, formatAdded);
  return ExitStatus.done;
}

const WITHOUT_INTERNET =
  'without internet name a file with --from: release-verification.yaml of a release (oc adm release extract), the ConfigMap release-verification of a cluster, or RPM-GPG-KEY-redhat-release of RHEL';

/** The image policy of a release, compared with the key that is pinned; undefined where none is named. @throws InputError */
async function readPolicy(publisher: string, { imagePolicy, targetVersion }: AddOptions) {
  if (imagePolicy === undefined) {
    if (targetVersion !== undefined) throw invalid('--target-version needs --image-policy');
    return undefined;
  }
  if (publisher !== 'redhat') throw invalid(`no Sigstore key of ${publisher} is built in: write its policy by hand`);
  const bytes = await readInput(imagePolicy, MAX_TRUST_FILE_BYTES);
  const pinned = readPinnedPolicy({ name: imagePolicy, bytes }, targetVersion);
  const name = imagePolicy.toLowerCase().endsWith('.json') ? 'image-policy.json' : 'image-policy.yaml';
  return { ...pinned, document: { name, bytes } satisfies TrustDocument };
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
export async function requireNoProfile(directory: string): Promise<void> {
  const names = await unlessAbsent(readdir(directory)).catch((cause: unknown) => {
    throw invalid(`cannot read --trust ${directory}: ${toFileReason(cause)}`, cause);
  });
  const document = names?.find((name) => name === REGISTRIES_D || (!name.startsWith('.') && isTrustFileName(name)));
  if (document === undefined) return;
  const above = path.dirname(path.resolve(directory));
  throw invalid(`--trust ${directory} is itself a profile, with ${document} in it: give the directory above, ${above}`);
}

async function writeNew(file: string, document: Uint8Array): Promise<void> {
  try {
    await makeDirectories(path.dirname(file));
    await writeNewFile(file, document);
  } catch (cause) {
    if (fileErrorCode(cause) !== 'EEXIST') throw toWriteError(file, cause);
    const hint = 'remove it first, name another profile, or add to a keyring of it with --keyring';
    throw invalid(`${file} exists; ${hint}`, cause);
  }
}

function formatAdded({ profile, files, kept, leftOut, absent, imagePolicyKey, warnings }: Added): string {
  return [
    ...files.map((file) => `wrote ${file} (profile ${profile})`),
    ...kept.map((fingerprint) => `  kept      ${named(fingerprint)}`),
    ...leftOut.map((name) => `  left out  ${named(name)}`),
    ...absent.map((fingerprint) => `  not there ${named(fingerprint)}`),
    ...(imagePolicyKey === undefined ? [] : [`  policy    key sha256:${imagePolicyKey}, as it is built in`]),
    ...warnings.map((warning) => `  warning   ${warning}`),
  ].join('\n');
}

function named(fingerprint: string): string {
  const name = findKeyName(fingerprint);
  return name === undefined ? fingerprint : `${fingerprint}  ${name}`;
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, { cause });
}
