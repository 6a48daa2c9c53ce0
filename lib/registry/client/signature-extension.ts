import { hash } from 'node:crypto';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type Repository, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import type { RequestContent } from '../../platform/http/http-client.ts';
import type { RegistryRequests } from './registry-requests.ts';

/** OpenPGP signatures of an image by a registry's signature extension, in the registry's order. */
export interface ExtensionSignatures {
  readonly untrustedSignatures: readonly Uint8Array[];
  /** Why there may be more; undefined for a whole list. */
  readonly fault?: StoreError | undefined;
}

/** Signatures read of one list, as many as of a lookaside. */
export const MAX_EXTENSION_SIGNATURES = 128;
/** Bytes of one list, as many as nodes read. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;
/** The only kind of entry that nodes read: an OpenPGP message of a simple signing payload. */
const SCHEMA_VERSION = 2;
const TYPE = 'atomic';

/** Milliseconds for which a registry's answer about its extension counts. */
export const EXTENSION_LIFETIME_MS = 5 * 60 * 1000;

/**
 * GET /extensions/v2/<name>/signatures/<digest>, as containers/image reads it. Entries of other kinds are passed over.
 *
 * @returns undefined for a registry that does not say that it has the extension, as the one of OpenShift does
 * @throws StoreError as the registry client does; `BodyInvalid` for what is no list
 */
export type SignatureExtension = (
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
) => Promise<ExtensionSignatures | undefined>;

/** @param now milliseconds since 1970 */
export function createSignatureExtension(requests: RegistryRequests, now: () => number = Date.now): SignatureExtension {
  /** What registries said, by host, and when. */
  const known = new Map<string, { readonly isThere: boolean; readonly at: number }>();

  async function isThere(repository: Repository, signal: AbortSignal): Promise<boolean> {
    const host = repositoryHost(repository);
    const said = known.get(host);
    if (said !== undefined && now() - said.at < EXTENSION_LIFETIME_MS) return said.isThere;
    const answered = await requests.ping(repository, signal).catch(toUndefinedWithoutRoot);
    const answer = { isThere: answered?.headers['x-registry-supports-signatures'] === '1', at: now() };
    known.set(host, answer);
    return answer.isThere;
  }

  return async (repository, digest, signal) => {
    if (!(await isThere(repository, signal))) return undefined;
    const { bytes } = await requests.ask({
      api: API,
      repository,
      path: `signatures/${digest}`,
      method: 'GET',
      accept: 'application/json',
      limitBytes: MAX_LIST_BYTES,
      signal,
    });
    return parseList(bytes, `the signatures of ${repository}@${digest}`);
  };
}

/**
 * The path of an image's signatures, and what is put there for one of them. Named by its content, so that a registry that
 * keeps names apart, as OpenShift's, takes it once.
 */
export function toExtensionEntry(
  repository: Repository,
  digest: Digest,
  message: Uint8Array,
): { readonly path: string; readonly content: RequestContent } {
  const name = `${digest}@${hash('sha256', message).slice(0, NAME_LENGTH)}`;
  const entry = { schemaVersion: SCHEMA_VERSION, name, type: TYPE, content: Buffer.from(message).toString('base64') };
  const content = { type: 'application/json', bytes: Buffer.from(JSON.stringify(entry)) };
  return { path: `/${API}/${repositoryPath(repository)}/signatures/${digest}`, content };
}

/** Hex digits after the digest, as many as containers/image writes. */
const NAME_LENGTH = 32;
const API = 'extensions/v2';

/** A server of manifests alone has no root of the API, and no extension. */
function toUndefinedWithoutRoot(error: unknown): undefined {
  if (error instanceof StoreError && error.code === 'NotFound') return undefined;
  throw error;
}

function parseList(untrustedBytes: Uint8Array, name: string): ExtensionSignatures {
  const { signatures } = parseObject(untrustedBytes, name);
  if (signatures === undefined || signatures === null) return { untrustedSignatures: [] };
  if (!Array.isArray(signatures)) throw invalid(`${name} are no list`);
  const entries = signatures.filter(isReadEntry);
  const read = entries.slice(0, MAX_EXTENSION_SIGNATURES).map(({ content }) => parseContent(content));
  const untrustedSignatures = read.flatMap((message) => message ?? []);
  if (entries.length > MAX_EXTENSION_SIGNATURES) {
    const reason = `${name} are more than ${MAX_EXTENSION_SIGNATURES}; no further one is read`;
    return { untrustedSignatures, fault: new StoreError('LimitExceeded', reason) };
  }
  if (untrustedSignatures.length === read.length) return { untrustedSignatures };
  return { untrustedSignatures, fault: invalid(`of ${name} one is no OpenPGP message in base64`) };
}

function isReadEntry(entry: JsonValue): entry is JsonObject {
  return isJsonObject(entry) && entry['schemaVersion'] === SCHEMA_VERSION && entry['type'] === TYPE;
}

/** Undefined for what is no base64, and for a content that other readers would take for another format. */
function parseContent(content: JsonValue | undefined): Uint8Array | undefined {
  if (typeof content !== 'string') return undefined;
  const text = content.replaceAll(/[\r\n]/g, '');
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes[0] !== 0 && bytes.toString('base64') === text ? bytes : undefined;
}

function parseObject(untrustedBytes: Uint8Array, name: string): JsonObject {
  try {
    const value = parseStrictJson(decodeUtf8(untrustedBytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw invalid(`${name} are not strict JSON`, cause);
  }
  throw invalid(`${name} are no object`);
}

function invalid(message: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', message, cause === undefined ? {} : { cause });
}
