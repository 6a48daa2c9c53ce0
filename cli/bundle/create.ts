import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import { type CollectedAttachments, collectAttachments } from '../../lib/bundle/create/collect-attachments.ts';
import { type CreatedBundle, createBundle } from '../../lib/bundle/create/create-bundle.ts';
import { type CreatedCarried, createCarried } from '../../lib/bundle/create/create-carried.ts';
import { type Earlier, readEarlier } from '../../lib/bundle/create/earlier.ts';
import { openFileSink } from '../../lib/bundle/create/file-sink.ts';
import { readBundleProfiles } from '../../lib/bundle/format/bundle-trust.ts';
import { listMirroredDigests } from '../../lib/mirror/audit/list-mirrored-digests.ts';
import { listReleaseComponents } from '../../lib/mirror/check/check-mirror.ts';
import { findCopiedImages } from '../../lib/mirror/sigstore/find-copied-images.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { type MirrorRegistryOptions, openMirrorRegistry, parseRegistryRepository } from '../open/registries.ts';
import { openSource } from '../open/stores.ts';
import type { OutputOptions, TrustOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { createProgress, preferMemory } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { type CarriedOptions, createMemorySink, formatCarried, readTool } from './carried.ts';

export interface CreateBundleOptions extends TrustOptions, OutputOptions, SigstoreOptions, CarriedOptions {
  readonly from: string;
  readonly since: readonly string[];
}

interface WrittenBundle extends CreatedBundle {
  readonly file: string;
  readonly carried?: CreatedCarried;
  readonly sigstore?: Omit<CollectedAttachments, 'files'>;
}

/** @returns the exit status: 3 when a link or a device lies where signatures are, of which nothing was read */
export async function writeBundle(file: string, options: CreateBundleOptions, signal: AbortSignal): Promise<number> {
  preferMemory();
  const now = new Date();
  const tool = await readTool(options);
  const profiles = await readBundleProfiles(options.trust, options.profile, now);
  const earlier: Earlier[] = [];
  for (const name of options.since) earlier.push(await readEarlier(name, signal));
  const store = await openSource(options.from);
  const prepared = profiles.map(({ trust }) => trust.prepared);
  const collected = await collectSigstore(options, store, prepared, { now, signal });
  const target = await openFileSink(file);
  const isCarried = tool !== undefined || options.withTrust === true;
  const { sink, bytes } = isCarried ? createMemorySink(file, target) : { sink: target, bytes: () => new Uint8Array() };
  const progress = createProgress('signatures read');
  try {
    const objects = countReads(store, progress.show);
    const created = await createBundle({
      objects,
      profiles,
      sigstore: collected?.files,
      earlier,
      sink,
      now,
      signal,
    });
    progress.end();
    const carriedProfiles = options.withTrust === true ? profiles : [];
    const carried = isCarried
      ? { carried: await createCarried({ bundle: bytes(), tool, profiles: carriedProfiles, sink: target, signal }) }
      : {};
    printResult(options.output, { file, ...created, ...carried, ...summariseSigstore(collected) }, formatCreated);
    const isWhole = created.leftOut.every(({ isIrregular }) => isIrregular !== true);
    return isWhole ? ExitStatus.done : ExitStatus.indeterminate;
  } finally {
    progress.end();
  }
}

function countReads(store: ObjectStore, onRead: (count: number) => void): ObjectStore {
  let count = 0;
  return {
    ...store,
    readObject(key, limit) {
      count += 1;
      onRead(count);
      return store.readObject(key, limit);
    },
  };
}

function formatCreated(created: WrittenBundle): string {
  const { file, signatures, digests, configMaps, files, bytes, since, heldEarlier, manifestSha256, leftOut } = created;
  const lines = [
    `created  ${file}`,
    `  signatures  ${signatures} of ${digests} digests`,
    `  ConfigMaps  ${configMaps}`,
    `  files       ${files}, ${bytes} bytes unpacked`,
    `  manifest    sha256:${manifestSha256}`,
  ];
  if (created.sigstore !== undefined) lines.push(...formatSigstore(created.sigstore));
  if (since.length > 0)
    lines.push(`  since       ${since.join(', ')}; held there: ${countOf(heldEarlier, 'signature')}`);
  if (created.carried !== undefined) lines.push(...formatCarried(created.carried));
  for (const { location, attempts } of leftOut) {
    lines.push(`  left out    ${location}`);
    for (const { keyring, code, message } of attempts)
      lines.push(`    ${code}  ${keyring ?? 'any keyring'}: ${message}`);
  }
  return lines.join('\n');
}

function summariseSigstore(collected: CollectedAttachments | undefined): Pick<WrittenBundle, 'sigstore'> {
  if (collected === undefined) return {};
  const { attachments, withoutAny, leftOut } = collected;
  return { sigstore: { attachments, withoutAny, leftOut } };
}

function formatSigstore({
  attachments,
  withoutAny,
  leftOut,
}: NonNullable<WrittenBundle['sigstore']>): readonly string[] {
  return [
    `  sigstore    ${countOf(attachments, 'attachment')}; ${countOf(withoutAny.length, 'image')} without one`,
    ...leftOut.map(
      ({ location, reasons }) => `    left out  ${location}: ${reasons[0]?.message ?? 'it does not verify'}`,
    ),
  ];
}

interface SigstoreOptions extends MirrorRegistryOptions {
  readonly sigstoreFrom?: string;
  readonly components?: boolean;
}

const PAGE = 1000;
const CONCURRENCY = 32;

/**
 * What the registry of `--sigstore-from` keeps beside the releases of a mirror, and with `--components` what registries
 * keep beside the images that they are made of. Undefined where it was not asked for. @throws InputError, StoreError
 */
async function collectSigstore(
  { sigstoreFrom, components, ...access }: SigstoreOptions,
  objects: ObjectStore,
  profiles: readonly PreparedTrust[],
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<CollectedAttachments | undefined> {
  if (sigstoreFrom === undefined) {
    if (components !== true) return undefined;
    throw new InputError('ArgumentInvalid', '--components needs --sigstore-from');
  }
  const from = parseRegistryRepository(sigstoreFrom);
  const [repository] = profiles.flatMap(({ canonicalRepositories }) => canonicalRepositories);
  if (repository === undefined) throw new InputError('ArgumentInvalid', 'the profile has no canonical repository');
  const { client, close } = await openMirrorRegistry([from], access);
  try {
    const releases = (await listDigests(objects, signal)).map((digest) => ({ digest, versions: [], repository }));
    const list = (digest: Digest) => listReleaseComponents(client, from, digest, signal);
    const found = await findCopiedImages({
      releases,
      from,
      to: from,
      registry: client,
      components: components === true ? { to: repository, list } : undefined,
      concurrency: CONCURRENCY,
      signal,
    });
    // A release that the registry does not have is left out; nothing else is missing.
    const unread = found.unread.find(({ code }) => components === true || code !== 'NotFound');
    if (unread !== undefined) {
      throw new StoreError('BodyInvalid', `what belongs to ${unread.digest} is not known: ${unread.message}`);
    }
    const { images } = found;
    return await collectAttachments({ images, reader: client, profiles, concurrency: CONCURRENCY, now, signal });
  } finally {
    close();
  }
}

async function listDigests(objects: ObjectStore, signal: AbortSignal): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  let after: string | undefined;
  do {
    const page = await listMirroredDigests(objects, { after, limit: PAGE, signal });
    digests.push(...page.digests);
    after = page.next;
  } while (after !== undefined);
  return digests;
}
