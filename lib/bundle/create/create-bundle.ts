import { hash } from 'node:crypto';
import { toManifestText } from '../../base/documents/manifest-text.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { LeftOutSignature } from '../../cluster/render/list-held.ts';
import { type SignedRelease, toSignatureConfigMaps } from '../../cluster/render/signature-config-maps.ts';
import { compareKeys, type ObjectStore } from '../../platform/objects/port/object-store.ts';
import { VERIFIER_VERSION } from '../../verdict/judge/verdict.ts';
import { type BundleFile, type BundleSink, writeArchive } from '../format/archive.ts';
import { BundleError } from '../format/bundle-error.ts';
import { MANIFEST_PATH, maxBytesOf, parseBundlePath, README_PATH, signaturePath } from '../format/bundle-path.ts';
import type { BundleProfile } from '../format/bundle-trust.ts';
import { type BundledFile, checkContents, digestManifest, type Manifest, toManifestBytes } from '../format/manifest.ts';
import { toReadmeBytes } from '../format/readme.ts';
import { collectReleases } from './collect-releases.ts';
import type { Earlier } from './earlier.ts';

export interface BundleRequest {
  /** Holds the mirror. Not trusted. */
  readonly objects: ObjectStore;
  readonly profiles: readonly BundleProfile[];
  /** Files of an OCI layout with what registries keep beside these images, verified by the caller. */
  readonly sigstore?: readonly BundleFile[] | undefined;
  /** What earlier bundles hold is left out; none makes a complete bundle. */
  readonly earlier: readonly Earlier[];
  readonly sink: BundleSink;
  readonly now: Date;
  readonly signal: AbortSignal;
}

export interface CreatedBundle {
  readonly manifestSha256: string;
  readonly since: readonly string[];
  /** Of this bundle. */
  readonly digests: number;
  readonly signatures: number;
  readonly configMaps: number;
  readonly files: number;
  /** Unpacked. */
  readonly bytes: number;
  /** Signatures that earlier bundles hold. */
  readonly heldEarlier: number;
  readonly leftOut: readonly LeftOutSignature[];
}

/**
 * Writes what a mirror holds and the profiles verify as one archive: the same input, the same bytes, by the same Signet
 * on the same Node. Either the whole of it is there afterwards, or nothing.
 *
 * @throws InputError when nothing verifies: a mistyped place looks like an empty mirror; ConfigurationError for what a
 *   bundle cannot hold; StoreError; the abort reason of the signal
 */
export async function createBundle(request: BundleRequest): Promise<CreatedBundle> {
  const { sink, signal } = request;
  try {
    const { files, manifest, leftOut, heldEarlier } = await collectFiles(request);
    const manifestBytes = toManifestBytes(manifest);
    await writeArchive([{ path: MANIFEST_PATH, bytes: manifestBytes }, ...files], sink, signal);
    await sink.commit();
    return {
      manifestSha256: digestManifest(manifestBytes),
      since: manifest.since ?? [],
      digests: manifest.digests.length,
      signatures: manifest.digests.reduce((sum, { signatures }) => sum + signatures, 0),
      configMaps: manifest.contents.filter(({ path }) => path.startsWith('configmaps/')).length,
      files: files.length + 1,
      bytes: manifestBytes.length + manifest.contents.reduce((sum, { size }) => sum + size, 0),
      heldEarlier,
      leftOut,
    };
  } catch (error) {
    // The first error is the one to report.
    await sink.abort().catch(() => undefined);
    throw error;
  }
}

async function collectFiles({ objects, earlier, sink, now, signal, ...request }: BundleRequest) {
  const { sigstore = [] } = request;
  const profiles = request.profiles.toSorted((left, right) => compareKeys(nameOf(left), nameOf(right)));
  const trusts = profiles.map(({ trust }) => trust);
  const { releases, leftOut } = await collectReleases(objects, trusts, now, signal);
  if (releases.length === 0) {
    const rest = leftOut.length === 0 ? 'no signature' : `${leftOut.length} signatures, and none verifies`;
    throw new InputError(
      'ArgumentInvalid',
      `nothing to put into ${sink.description}: ${objects.description} holds ${rest}`,
    );
  }
  const held = new Set(earlier.flatMap(({ manifest }) => manifest.contents.map(toIdentity)));
  const signatures = releases.flatMap(toSignatureFiles);
  const all = [...signatures, ...toConfigMapFiles(releases), ...profiles.flatMap(toTrustFiles), ...sigstore];
  // A layout without its index or blobs is none: what an earlier bundle has of it is written again.
  const kept = all.filter((file) => sigstore.includes(file) || !held.has(toIdentity(toBundledFile(file))));
  const head = {
    createdBy: VERIFIER_VERSION,
    trustRevisions: profiles.map(({ trust }) => ({
      profile: trust.prepared.profile,
      revision: trust.prepared.revision,
    })),
    ...(earlier.length === 0 ? {} : { since: [...new Set(earlier.map(({ sha256 }) => sha256))].toSorted() }),
    digests: countSignatures(kept),
  };
  const readme = { path: README_PATH, bytes: toReadmeBytes({ ...head, contents: kept.map(toBundledFile) }) };
  const files = [readme, ...kept].toSorted((left, right) => compareKeys(left.path, right.path));
  const manifest: Manifest = { schema: 1, ...head, contents: files.map(toBundledFile) };
  checkWritable(manifest);
  const heldEarlier = signatures.filter((file) => held.has(toIdentity(toBundledFile(file)))).length;
  return { files, manifest, leftOut, heldEarlier };
}

/** Numbered anew, so that a reader of the unpacked bundle meets no gap where something was left out. */
function toSignatureFiles({ digest, signatures }: SignedRelease): readonly BundleFile[] {
  return signatures.map((bytes, index) => ({ path: signaturePath(digest, index + 1), bytes }));
}

/** One YAML file for each ConfigMap, named as the ConfigMap is. */
function toConfigMapFiles(releases: readonly SignedRelease[]): readonly BundleFile[] {
  return toSignatureConfigMaps(releases).map((configMap) => ({
    path: `configmaps/${configMap.metadata.name}.yaml`,
    bytes: new TextEncoder().encode(toManifestText(configMap, 'yaml')),
  }));
}

/** The documents that count for the revision, and nothing else that may lie beside them. */
function toTrustFiles({ trust: { prepared }, documents }: BundleProfile): readonly BundleFile[] {
  const counted = new Set(prepared.documents.map(({ name }) => name));
  return documents
    .filter(({ name }) => counted.has(name))
    .map(({ name, bytes }) => ({ path: `trust/${prepared.profile}/${name}`, bytes }));
}

function countSignatures(files: readonly BundleFile[]): Manifest['digests'] {
  const counts = new Map<Manifest['digests'][number]['digest'], number>();
  for (const { path } of files) {
    const parsed = parseBundlePath(path);
    if (parsed?.kind === 'signature') counts.set(parsed.digest, (counts.get(parsed.digest) ?? 0) + 1);
  }
  return [...counts].map(([digest, signatures]) => ({ digest, signatures }));
}

/** Nothing is written that could not be read. */
function checkWritable(manifest: Manifest): void {
  for (const { path, size } of manifest.contents) {
    const parsed = parseBundlePath(path);
    const document = { position: { document: path } };
    if (parsed === undefined) throw new ConfigurationError('DocumentInvalid', NAME_FAULT, document);
    const limit = maxBytesOf(parsed);
    if (size > limit)
      throw new ConfigurationError('LimitExceeded', `a bundle takes at most ${limit} bytes of it`, document);
  }
  try {
    checkContents(manifest);
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    const code = cause.code === 'LimitExceeded' ? 'LimitExceeded' : 'DocumentInvalid';
    throw new ConfigurationError(code, cause.message, { cause });
  }
}

const NAME_FAULT =
  'a bundle cannot hold a file of this name: use letters, digits, ".", "_" and "-", at most 100 of them';

function nameOf({ trust }: BundleProfile): string {
  return trust.prepared.profile;
}

function toBundledFile({ path, bytes }: BundleFile): BundledFile {
  return { path, sha256: hash('sha256', bytes), size: bytes.length };
}

function toIdentity({ path, sha256 }: BundledFile): string {
  return `${sha256} ${path}`;
}
