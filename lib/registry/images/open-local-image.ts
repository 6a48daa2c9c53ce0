import { decodeUtf8 } from '../../base/documents/decode.ts';
import { findOtherSpelling, isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest, toKeySegment } from '../../base/names/digest.ts';
import { toFileReason } from '../../platform/files/file-error.ts';
import { MAX_LOOKASIDE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { walkSignatures } from '../../stores/port/walk-signatures.ts';
import { verifyContent } from '../client/registry-answers.ts';
import { MAX_MANIFEST_BYTES } from '../client/registry-client.ts';
import type { ImageSource } from './image-source.ts';
import { findImageDirectory, findImageFile, readImageFile, unreadable } from './read-image-file.ts';

const VERSIONS = ['Directory Transport Version: 1.0', 'Directory Transport Version: 1.1'];
const MAX_VERSION_BYTES = 256;

/**
 * `dir:PATH`, as skopeo copies images to: `manifest.json`, `signature-1`, `signature-2`, … and perhaps `version`.
 *
 * @throws InputError `FileUnreadable` for another directory, or one of a later version
 */
export async function openDirectoryImage(path: string): Promise<ImageSource> {
  const directory = await findImageDirectory(path);
  await checkVersion(directory);
  const description = `dir:${directory}`;
  return {
    description,
    image: { transport: 'dir', path: directory },
    readManifest: async (_signal, instance) =>
      instance === undefined
        ? await readImageFile(directory, ['manifest.json'], MAX_MANIFEST_BYTES)
        : await readInstance(directory, instance),
    readSignatures: ({ digest, isInstance }, signal) => {
      const prefix = isInstance ? toInstancePrefix(digest) : '';
      const walk = {
        store: description,
        last: MAX_LOOKASIDE_SIGNATURES,
        overflow: 'failed',
        toLocation: (index: number) => `${directory}/${prefix}signature-${index}`,
        readSignature: (index: number) =>
          findImageFile(directory, [`${prefix}signature-${index}`], MAX_SIGNATURE_BYTES),
      } as const;
      return walkSignatures(walk, signal);
    },
  };
}

/** @throws StoreError `NotFound`, `ContentMismatch` */
async function readInstance(directory: string, digest: Digest): Promise<Uint8Array> {
  const name = `${toInstancePrefix(digest)}manifest.json`;
  const bytes = await findImageFile(directory, [name], MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new StoreError('NotFound', `there is no ${name} in ${directory}`);
  verifyContent(bytes, { asked: digest, header: undefined });
  return bytes;
}

/** The prefix of skopeo's `--all` for the files of one image of an index. */
function toInstancePrefix(digest: Digest): string {
  return `${digest.startsWith('sha256:') ? digest.slice('sha256:'.length) : toKeySegment(digest)}.`;
}

async function checkVersion(directory: string): Promise<void> {
  const bytes = await findImageFile(directory, ['version'], MAX_VERSION_BYTES).catch((cause: unknown) => {
    throw unreadable(directory, toFileReason(cause), cause);
  });
  if (bytes === undefined || VERSIONS.includes(Buffer.from(bytes).toString().trimEnd())) return;
  throw unreadable(directory, 'its file version is neither 1.0 nor 1.1');
}

const LAYOUT_VERSION = '1.0.0';
const MAX_LAYOUT_BYTES = 4096;
const NAME_ANNOTATION = 'org.opencontainers.image.ref.name';
const NAMED_TYPES: readonly unknown[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
];

/**
 * Opens `oci:PATH[:NAME]`, an OCI image layout. The format has no simple signing signatures, so none is found.
 *
 * @param name the image's name in the layout's index; undefined for the only one
 * @throws InputError `FileUnreadable` for anything else
 */
export async function openLayoutImage(path: string, name: string | undefined): Promise<ImageSource> {
  const directory = await findImageDirectory(path);
  const layout = await readJson(directory, 'oci-layout', MAX_LAYOUT_BYTES);
  if (layout['imageLayoutVersion'] !== LAYOUT_VERSION) {
    throw unreadable(directory, `its oci-layout names another version than ${LAYOUT_VERSION}`);
  }
  const description = `oci:${directory}${name === undefined ? '' : `:${name}`}`;
  return {
    description,
    // Without the name, as on a node: the same image may have several, or none.
    image: { transport: 'oci', path: directory },
    async readManifest(_signal, instance) {
      if (instance !== undefined) return await readBlob(directory, instance);
      const { digest, size } = findDescriptor(
        directory,
        await readJson(directory, 'index.json', MAX_MANIFEST_BYTES),
        name,
      );
      const bytes = await readBlob(directory, digest);
      if (size === bytes.length) return bytes;
      throw new StoreError('ContentMismatch', `${digest} has ${bytes.length} bytes; index.json says otherwise`);
    },
    async *readSignatures() {
      yield { kind: 'absent', store: description, location: directory };
    },
  };
}

/** @throws StoreError `ContentMismatch`; InputError `FileUnreadable` */
async function readBlob(directory: string, digest: Digest): Promise<Uint8Array> {
  const [algorithm = '', hex = ''] = digest.split(':');
  const bytes = await readImageFile(directory, ['blobs', algorithm, hex], MAX_MANIFEST_BYTES);
  verifyContent(bytes, { asked: digest, header: undefined });
  return bytes;
}

async function readJson(directory: string, file: string, limitBytes: number): Promise<JsonObject> {
  const bytes = await readImageFile(directory, [file], limitBytes);
  try {
    const value = parseStrictJson(decodeUtf8(bytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw unreadable(directory, `${file} is not strict JSON`, cause);
  }
  throw unreadable(directory, `${file} is not an object`);
}

interface Descriptor {
  readonly digest: Digest;
  readonly size: number;
}

/** Exactly one image: if two have the name, the choice is ambiguous. */
function findDescriptor(directory: string, index: JsonObject, name: string | undefined): Descriptor {
  const { manifests } = requireSpelling(directory, index, ['manifests']);
  if (!Array.isArray(manifests)) throw unreadable(directory, 'index.json has no list of manifests');
  const entries = manifests.filter(isJsonObject).map((entry) => requireSpelling(directory, entry, DESCRIPTOR_MEMBERS));
  const meant = entries.filter((entry) => name === undefined || isNamed(entry, name));
  const [descriptor] = meant;
  if (descriptor === undefined || meant.length !== 1) throw unreadable(directory, choiceFault(meant.length, name));
  const { digest, size } = descriptor;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof size !== 'number') {
    throw unreadable(directory, 'index.json has a descriptor without digest or size');
  }
  return { digest, size };
}

function choiceFault(count: number, name: string | undefined): string {
  if (name === undefined)
    return count === 0 ? 'it holds no image' : `it holds ${count} images: name one, as in oci:PATH:NAME`;
  const called = JSON.stringify(name);
  return count === 0 ? `no image in it is called ${called}` : `${count} images in it are called ${called}`;
}

const DESCRIPTOR_MEMBERS = ['mediaType', 'digest', 'size', 'annotations'];

/** Nodes, written in Go, take `Manifests` for `manifests`, and would read another image. */
function requireSpelling(directory: string, object: JsonObject, known: readonly string[]): JsonObject {
  const other = findOtherSpelling(object, known);
  if (other === undefined) return object;
  throw unreadable(directory, `index.json has the member ${JSON.stringify(other)}, spelled in another way`);
}

function isNamed({ mediaType, annotations }: JsonObject, name: string): boolean {
  return NAMED_TYPES.includes(mediaType) && isJsonObject(annotations) && annotations[NAME_ANNOTATION] === name;
}
