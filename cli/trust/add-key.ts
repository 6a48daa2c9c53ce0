import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { readKeyFile } from '../../lib/crypto/openpgp/keys/key-file.ts';
import { toWriteError } from '../../lib/platform/files/file-error.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { compareTrust, type TrustChange } from '../../lib/trust/prepared/compare-trust.ts';
import { listExpiryWarnings } from '../../lib/trust/prepared/key-expiry.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { findPinnedPublisher, selectCertificates } from '../../lib/trust/publish/publisher-keys.ts';
import { readRecordsIn } from '../record/places.ts';
import { printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { type AddOptions, requireNoProfile } from './add.ts';
import { fetchKeyFile, parseFingerprint, selectPinned } from './key-file.ts';
import { formatImpact, measureImpact, type RotationImpact } from './rotation-impact.ts';

interface AddedKey {
  readonly profile: string;
  readonly keyring: string;
  readonly file: string;
  readonly isWritten: boolean;
  readonly added: readonly string[];
  readonly leftOut: readonly string[];
  readonly revision: { readonly before: string; readonly after: string };
  readonly changes: readonly TrustChange[];
  readonly impact?: RotationImpact;
  readonly warnings: readonly string[];
}

/**
 * Adds certificates to a keyring of a profile that is there. The keys that it has stay, so that a signature by either is
 * enough while a publisher changes from one to the other.
 *
 * @returns the exit status
 */
export async function addKey(publisher: string, options: AddOptions, signal: AbortSignal): Promise<number> {
  const { keyring, objects, dryRun = false, trust } = options;
  if (keyring === undefined) throw invalid('--objects and --dry-run need --keyring');
  const profile = requireOptions(publisher, options);
  await requireNoProfile(trust);
  const documents = (await readTrustDirectory(trust)).find((one) => one.profile === profile)?.documents;
  if (documents === undefined)
    throw invalid(`there is no profile ${profile} in ${trust}: add it without --keyring first`);
  const before = await prepareTrust(profile, documents);
  const { name, text, rewrite } = await findKeyring(path.join(trust, profile), documents, keyring);
  const file = path.join(trust, profile, name);
  const pinned = findPinnedPublisher(publisher)?.fingerprints ?? options.fingerprint.map(parseFingerprint);
  const from = options.from ?? findPinnedPublisher(publisher)?.keysUrl ?? '';
  const chosen = selectPinned(await fetchKeyFile(from, options, signal), pinned, from);
  const held = readKeyFile(Buffer.from(text)).certificates.map(({ packets }) => packets.primary.fingerprint);
  const added = chosen.kept.filter((fingerprint) => !held.includes(fingerprint));
  if (added.length === 0) throw invalid(`${keyring} of ${file} has ${chosen.kept.join(', ')} already`);
  // What is there may not get lost, and a revocation in one of the two files counts in both.
  const every = [...held, ...added].map((fingerprint) => ({ fingerprint, name: fingerprint, kept: 'always' }) as const);
  const { armored } = selectCertificates(Buffer.from(`${text.trimEnd()}\n${chosen.armored}`), every);
  const bytes = rewrite(armored);
  const after = await prepareTrust(
    profile,
    documents.map((one) => (one.name === name ? { name, bytes } : one)),
  );
  const now = new Date();
  const impact =
    objects === undefined
      ? undefined
      : await untilAborted(measureImpact(readRecordsIn(objects), before, after, now, signal), signal);
  signal.throwIfAborted();
  if (!dryRun) await replaceFile(file, bytes);
  const result: AddedKey = {
    profile,
    keyring,
    file,
    isWritten: !dryRun,
    added,
    leftOut: chosen.leftOut,
    revision: { before: before.revision, after: after.revision },
    changes: compareTrust(before, after),
    ...(impact === undefined ? {} : { impact }),
    warnings: [...after.warnings, ...listExpiryWarnings(after, now)],
  };
  printResult(options.output, result, formatAdded);
  return ExitStatus.done;
}

/** @returns the profile @throws InputError for what goes with a new profile alone */
function requireOptions(publisher: string, options: AddOptions): string {
  const { store, repository, imagePolicy, targetVersion, fingerprint } = options;
  const isNew = store.length + repository.length > 0 || imagePolicy !== undefined || targetVersion !== undefined;
  if (isNew) throw invalid('--keyring takes neither --store, --repository, --image-policy nor --target-version');
  if (publisher === 'sigstore') throw invalid('--keyring is of OpenPGP keys: sigstore has none');
  const known = findPinnedPublisher(publisher);
  if (known !== undefined && fingerprint.length > 0) {
    throw invalid(`the fingerprints of ${publisher} are built in; use another name for others`);
  }
  if (known === undefined && fingerprint.length === 0) {
    throw invalid(`no fingerprint of ${publisher} is built in: give --fingerprint`);
  }
  const profile = options.profile ?? known?.profile;
  if (profile === undefined) throw invalid('name the profile with --profile');
  return profile;
}

interface FoundKeyring {
  /** Of its file. */
  readonly name: string;
  readonly text: string;
  /** The file with another text of the keyring, and all else as it is. */
  readonly rewrite: (armored: string) => Uint8Array;
}

/** The one file of the profile whose ConfigMap has the keyring. @throws InputError */
async function findKeyring(
  folder: string,
  documents: readonly TrustDocument[],
  keyring: string,
): Promise<FoundKeyring> {
  const found: FoundKeyring[] = [];
  for (const { name } of documents) {
    if (!/\.(?:ya?ml|json)$/i.test(name) || name.includes('/')) continue;
    const bytes = await readInput(path.join(folder, name), MAX_TRUST_FILE_BYTES);
    // The profile has loaded: what is twice in a file, as in that of releases, says the same twice.
    const document = parseDocument(Buffer.from(bytes).toString(), { uniqueKeys: false });
    if (document.errors.length > 0 || document.get('kind') !== 'ConfigMap') continue;
    const text = document.getIn(['data', keyring]);
    if (typeof text !== 'string') continue;
    const rewrite = (armored: string): Uint8Array => {
      document.setIn(['data', keyring], armored);
      const isJson = name.toLowerCase().endsWith('.json');
      return Buffer.from(
        isJson ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0 }),
      );
    };
    found.push({ name, text, rewrite });
  }
  const [one, other] = found;
  if (one === undefined) throw invalid(`no ConfigMap with ${keyring} is a file of its own in ${folder}`);
  if (other !== undefined) throw invalid(`${one.name} and ${other.name} in ${folder} both have ${keyring}`);
  return one;
}

/** Whole or not at all: what reads the folder meanwhile sees the old file or the new one. */
async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const aside = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  try {
    await writeFile(aside, bytes, { flag: 'wx' });
    await rename(aside, file);
  } catch (cause) {
    await rm(aside, { force: true });
    throw toWriteError(file, cause);
  }
}

function formatAdded({
  profile,
  keyring,
  file,
  isWritten,
  added,
  leftOut,
  changes,
  impact,
  warnings,
}: AddedKey): string {
  return [
    `${isWritten ? 'wrote' : 'would write'} ${file} (profile ${profile}, ${keyring})`,
    ...added.map((fingerprint) => `  added     ${fingerprint}`),
    ...leftOut.map((name) => `  left out  ${name}`),
    ...changes
      .filter(({ what }) => what !== 'document')
      .map(
        ({ what, change, name, after }) =>
          `  ${change.padEnd(8)}  ${what} ${name}${after === undefined ? '' : `: ${after}`}`,
      ),
    ...warnings.map((warning) => `  warning   ${warning}`),
    ...(impact === undefined ? [] : formatImpact(impact)),
  ].join('\n');
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, { cause });
}
