import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Digest } from '../../base/names/digest.ts';
import { compareKeys } from '../../platform/objects/port/object-store.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import { type ArchivedFile, readArchive } from './archive.ts';
import { BundleError, type BundleFault, toFault } from './bundle-error.ts';
import { gunzipFile } from './bundle-file.ts';
import { type BundlePath, MANIFEST_PATH } from './bundle-path.ts';
import { checkConfigMap } from './check-config-map.ts';
import { type BundledFile, digestManifest, type Manifest, parseManifest } from './manifest.ts';

/** A signature that was found outside of any trust: what it is said to be for, and where it lay. */
export interface Candidate {
  /** As the path or key says; the signature must say the same. */
  readonly digest: Digest;
  /** Path inside of the bundle or directory, with the key for one in a ConfigMap. */
  readonly location: string;
  readonly untrustedBytes: Uint8Array;
}

/** What a bundle holds. With any fault, none of it may be used. */
export interface BundleContents {
  /** Undefined when the bundle could not be read as far as that. */
  readonly manifest: Manifest | undefined;
  readonly manifestSha256: string | undefined;
  readonly faults: readonly BundleFault[];
  /** The signature tree: intact, not verified. */
  readonly signatures: readonly Candidate[];
  /** As signet writes them; their signatures are not verified. */
  readonly configMaps: readonly TrustDocument[];
  /** By profile. */
  readonly trust: ReadonlyMap<string, readonly TrustDocument[]>;
  /** The OCI layout of what registries keep beside images, by path: intact, not verified. */
  readonly sigstore: ReadonlyMap<string, Uint8Array>;
}

interface Reading {
  manifest: Manifest | undefined;
  manifestSha256: string | undefined;
  readonly listed: Map<string, BundledFile>;
  readonly faults: BundleFault[];
  readonly signatures: Candidate[];
  readonly configMaps: TrustDocument[];
  readonly trust: Map<string, TrustDocument[]>;
  readonly sigstore: Map<string, Uint8Array>;
  last: string;
}

/**
 * Reads a bundle to its end and holds every file against the manifest, which comes first, and every ConfigMap against
 * those that signet writes. A file that differs, is missing or is not listed is one fault each; a fault of the archive
 * itself ends the reading.
 *
 * @throws StoreError when the file cannot be read
 */
export async function readBundle(file: FileHandle, signal: AbortSignal): Promise<BundleContents> {
  const reading: Reading = {
    manifest: undefined,
    manifestSha256: undefined,
    listed: new Map(),
    faults: [],
    signatures: [],
    configMaps: [],
    trust: new Map(),
    sigstore: new Map(),
    last: '',
  };
  try {
    for await (const archived of readArchive(gunzipFile(file))) {
      signal.throwIfAborted();
      if (reading.manifest === undefined) takeManifest(reading, archived);
      else takeFile(reading, archived);
    }
    if (reading.manifest === undefined) throw new BundleError('NotABundle', 'the archive is empty');
    for (const { path } of reading.listed.values()) {
      reading.faults.push({ code: 'Missing', path, message: 'the manifest lists it, and it is not there' });
    }
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    reading.faults.push(toFault(error));
  }
  return reading;
}

function takeManifest(reading: Reading, { untrustedBytes }: ArchivedFile): void {
  reading.manifest = parseManifest(untrustedBytes);
  reading.manifestSha256 = digestManifest(untrustedBytes);
  for (const file of reading.manifest.contents) reading.listed.set(file.path, file);
}

function takeFile(reading: Reading, { path, untrustedBytes }: ArchivedFile): void {
  const { listed, faults, last } = reading;
  const name = path.path;
  if (name === MANIFEST_PATH || name === last)
    throw new BundleError('DuplicatePath', 'it is there twice', { path: name });
  if (compareKeys(name, last) < 0) {
    // A second copy somewhere behind the first is out of order too.
    throw new BundleError('DuplicatePath', `it comes after ${last}: out of order, or there twice`, { path: name });
  }
  reading.last = name;
  const expected = listed.get(name);
  listed.delete(name);
  if (expected === undefined) {
    faults.push({ code: 'NotInManifest', path: name, message: 'the manifest does not list it' });
  } else if (expected.size !== untrustedBytes.length || expected.sha256 !== sha256(untrustedBytes)) {
    faults.push({ code: 'ContentMismatch', path: name, message: 'it is not what the manifest says' });
  } else {
    keep(reading, path, untrustedBytes);
  }
}

function keep({ signatures, configMaps, trust, sigstore, faults }: Reading, path: BundlePath, bytes: Buffer): void {
  switch (path.kind) {
    case 'signature':
      signatures.push({ digest: path.digest, location: path.path, untrustedBytes: bytes });
      break;
    case 'configMap':
      takeConfigMap(configMaps, faults, { name: path.path, bytes });
      break;
    case 'trust':
      if (!trust.has(path.profile)) trust.set(path.profile, []);
      trust.get(path.profile)?.push({ name: path.document, bytes });
      break;
    case 'sigstore':
      sigstore.set(path.path, bytes);
      break;
    case 'manifest':
    case 'readme':
      break;
    default:
      path satisfies never;
  }
}

function takeConfigMap(configMaps: TrustDocument[], faults: BundleFault[], document: TrustDocument): void {
  try {
    checkConfigMap(document.name, document.bytes);
    configMaps.push(document);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    faults.push(toFault(error));
  }
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
