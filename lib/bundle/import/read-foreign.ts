import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { compareKeys } from '../../platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { MAX_TRUST_FILE_BYTES } from '../../trust/documents/parse-trust-file.ts';
import { MAX_BUNDLE_BYTES, MAX_FOREIGN_DEPTH, MAX_FOREIGN_ENTRIES } from '../format/limits.ts';
import type { Candidate } from '../format/read-bundle.ts';
import { type FoundSignatures, type ReadFailure, readConfigMapFile } from './read-config-map-file.ts';

const DOCUMENT = /\.(?:json|ya?ml)$/i;

const NUMBERED = /^signature-[1-9][0-9]{0,2}$/;
/** `4.16.37-x86_64-sha256-<hex>` as oc-mirror writes it today, `sha256-<hex>` and `<hex>` as it did. */
const CACHED = /^(?:(?:[A-Za-z0-9._+-]*-)?(sha256|sha384|sha512)-)?([0-9a-f]+)$/;
/** The folder in which oc-mirror keeps signatures. */
const CACHE_FOLDER = 'signatures';

interface Walk {
  readonly root: string;
  readonly candidates: Candidate[];
  readonly failures: ReadFailure[];
  readonly emptied: string[];
  readonly signal: AbortSignal;
  readonly maxEntries: number;
  readonly maxBytes: number;
  entries: number;
  /** Of signatures and labelled documents; other files are not kept. */
  bytes: number;
}

/**
 * The signatures in what another tool left: a file with ConfigMaps, or a directory, which is walked. What is neither a
 * signature by its path nor a labelled ConfigMap is passed over, and so are symbolic links.
 *
 * @throws InputError `FileUnreadable`, also beyond the limits; the abort reason of the signal
 */
export async function readForeign(
  location: string,
  signal: AbortSignal,
  {
    maxEntries = MAX_FOREIGN_ENTRIES,
    maxBytes = MAX_BUNDLE_BYTES,
  }: { readonly maxEntries?: number; readonly maxBytes?: number } = {},
): Promise<FoundSignatures> {
  const root = await realpath(location).catch((cause: unknown) => {
    throw unreadable(location, cause);
  });
  const walk: Walk = {
    root,
    candidates: [],
    failures: [],
    emptied: [],
    signal,
    maxEntries,
    maxBytes,
    entries: 0,
    bytes: 0,
  };
  const contents = await readRegularFile(root, MAX_TRUST_FILE_BYTES, 'refuse').catch((cause: unknown) => {
    throw unreadable(location, cause);
  });
  switch (contents.kind) {
    case 'directory':
      await readFolder(walk, []);
      break;
    case 'whole':
      await takeDocument(walk, location, contents.bytes);
      break;
    case 'cut':
      throw unreadable(location, `it is neither a bundle nor a file of at most ${MAX_TRUST_FILE_BYTES} bytes`);
    case 'irregular':
      throw unreadable(location, 'it is not a regular file');
    default:
      contents satisfies never;
  }
  return walk;
}

async function readFolder(walk: Walk, segments: readonly string[]): Promise<void> {
  const folder = path.join(walk.root, ...segments);
  if (segments.length > MAX_FOREIGN_DEPTH) throw unreadable(folder, `more than ${MAX_FOREIGN_DEPTH} folders deep`);
  for (const entry of await readEntries(folder)) {
    walk.signal.throwIfAborted();
    walk.entries += 1;
    if (walk.entries > walk.maxEntries) throw unreadable(walk.root, `more than ${walk.maxEntries} files and folders`);
    const inner = [...segments, entry.name];
    if (entry.isDirectory()) await readFolder(walk, inner);
    else if (entry.isFile()) await readFile(walk, inner);
  }
}

/** In an order of their own, so that a report is the same whatever the file system. */
async function readEntries(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return entries.toSorted((left, right) => compareKeys(left.name, right.name));
}

async function readFile(walk: Walk, segments: readonly string[]): Promise<void> {
  const location = segments.join('/');
  const digest = recogniseSignatureFile([path.basename(walk.root), ...segments]);
  const isDocument = digest === undefined && DOCUMENT.test(location);
  if (digest === undefined && !isDocument) return;
  const file = path.join(walk.root, ...segments);
  const limit = isDocument ? MAX_TRUST_FILE_BYTES : MAX_SIGNATURE_BYTES;
  const contents = await readRegularFile(file, limit, 'refuse').catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  if (contents.kind === 'directory' || contents.kind === 'irregular') return;
  if (contents.kind === 'cut') {
    // Other tools keep large documents beside signatures; only what could be one is a fault.
    if (!isDocument || isLabelled(contents.bytes))
      walk.failures.push({ location, message: `longer than ${limit} bytes` });
  } else if (digest !== undefined) {
    countBytes(walk, contents.bytes);
    walk.candidates.push({ digest, location, untrustedBytes: contents.bytes });
  } else if (isLabelled(contents.bytes)) {
    await takeDocument(walk, location, contents.bytes);
  }
}

async function takeDocument(walk: Walk, name: string, bytes: Uint8Array): Promise<void> {
  countBytes(walk, bytes);
  const found = await readConfigMapFile({ name, bytes }, walk.signal);
  walk.candidates.push(...found.candidates);
  walk.failures.push(...found.failures);
  walk.emptied.push(...found.emptied);
}

function countBytes(walk: Walk, { length }: Uint8Array): void {
  walk.bytes += length;
  if (walk.bytes > walk.maxBytes) throw unreadable(walk.root, `more than ${walk.maxBytes} bytes of signatures`);
}

/** A signature ConfigMap has the label in its text, however it is written. Nothing else needs to be parsed. */
function isLabelled(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(SIGNATURES_LABEL);
}

function unreadable(location: string, cause: unknown): InputError {
  const why = toFileReason(cause);
  return new InputError('FileUnreadable', `cannot read ${location}: ${why}`, { cause });
}

/**
 * The digest that a file is a signature of, as its path says it; undefined for a file that is none:
 *
 * - `…/<algo>=<hex>/signature-<n>`: the release layout, and with a repository before `@` a lookaside;
 * - `…/<algo>/<hex>/signature-<n>`: an update service's graph data;
 * - `signatures/…<algo>-<hex>` or `signatures/<hex>`: the cache in oc-mirror's working directory.
 *
 * @param segments of the path, from the directory that the user named, with that directory's own name first
 */
export function recogniseSignatureFile(segments: readonly string[]): Digest | undefined {
  const [name = '', folder = '', parent = ''] = segments.toReversed();
  const text = NUMBERED.test(name) ? toLayoutDigest(folder, parent) : toCachedDigest(name, folder);
  return text !== undefined && isDigest(text) ? text : undefined;
}

function toLayoutDigest(folder: string, parent: string): string {
  const segment = folder.slice(folder.lastIndexOf('@') + 1);
  return segment.includes('=') ? segment.replace('=', ':') : `${parent}:${folder}`;
}

function toCachedDigest(name: string, folder: string): string | undefined {
  const [, algorithm = 'sha256', hex] = CACHED.exec(name) ?? [];
  return folder === CACHE_FOLDER && hex !== undefined ? `${algorithm}:${hex}` : undefined;
}
