import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { AttachmentReader } from '../../registry/attachments/attachment.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { PushedBlob, RegistryPusher, TagCondition } from '../../registry/client/registry-pusher.ts';

/** A registry that attachments are copied to. */
export interface AttachmentDestination {
  readonly reader: AttachmentReader;
  readonly pusher: Pick<RegistryPusher, 'pushBlob' | 'pushManifest'>;
}

/** The next content of a tag, with the blobs to push first; or the result, if no write is needed. */
export type TagStep<Result> =
  | { readonly kind: 'write'; readonly manifest: Manifest; readonly blobs: readonly PushedBlob[] }
  | { readonly kind: 'done'; readonly result: Result };

/** Writes of one tag before giving up. Each lost one means that another writer was faster. */
export const MAX_TAG_WRITES = 5;

/** A strong entity tag, which identifies the content byte for byte (RFC 9110, section 8.8.1). */
const STRONG_ETAG = /^"[\x21\x23-\x7e]{1,256}"$/;

/**
 * Changes the content of a tag, starting from its current content. The tag is read again before the write, which is
 * conditional if the registry returns entity tags, and after it. A change by another writer starts the next try.
 *
 * A registry without conditional writes leaves a gap between the last read and the write. Of two writers within it the
 * last one wins. Both have kept the tag's content from before.
 *
 * @param step called with the tag's content, undefined for a missing tag, until it has nothing to write
 * @throws StoreError; `ConditionFailed` when others write the tag each time; the abort reason of the signal
 */
export async function updateTag<Result>(
  place: Repository,
  tag: string,
  { reader, pusher }: AttachmentDestination,
  signal: AbortSignal,
  step: (current: Manifest | undefined) => Promise<TagStep<Result>>,
): Promise<{ readonly result: Result; readonly isWritten: boolean }> {
  let isWritten = false;
  /** The version on which the registry refused a write although the tag still names it: its conditions do not work. */
  let refused: Manifest['digest'] | 'nothing' | undefined;
  for (let tries = 0; ; tries += 1) {
    const current = await readTag(reader, place, tag, signal);
    const next = await step(current);
    if (next.kind === 'done') return { result: next.result, isWritten };
    if (tries === MAX_TAG_WRITES) {
      throw new StoreError('ConditionFailed', `${place}:${tag} is written by others at the same time; run again`);
    }
    for (const blob of next.blobs) await pusher.pushBlob(place, blob, signal);
    const latest = await readTag(reader, place, tag, signal);
    if (latest?.digest !== current?.digest) continue;
    const version = latest?.digest ?? 'nothing';
    const condition = refused === version ? undefined : toCondition(latest);
    try {
      await pusher.pushManifest(place, next.manifest, { tag, condition, signal });
      isWritten = true;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'ConditionFailed') throw error;
      refused = version;
    }
  }
}

/** Undefined if the repository has no such tag or manifest. @throws StoreError */
export async function readTag(
  reader: Pick<AttachmentReader, 'readManifest'>,
  place: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  try {
    return await reader.readManifest(place, reference, signal);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

function toCondition(current: Manifest | undefined): TagCondition | undefined {
  if (current === undefined) return { kind: 'absent' };
  const { etag } = current;
  return etag !== undefined && STRONG_ETAG.test(etag) ? { kind: 'unchanged', etag } : undefined;
}

/** Nested arrays and objects. A manifest has 6; `JSON.stringify` overflows the stack at some thousands. */
export const MAX_LEVELS = 64;

/**
 * Parses a JSON object of a registry that is written back with a change.
 *
 * @param name for messages
 * @throws StoreError `BodyInvalid` if it is no object in strict JSON, `LimitExceeded` if it is nested too deep
 */
export function parseRewritten(untrustedBytes: Uint8Array, name: string): JsonObject {
  const value = parse(untrustedBytes, name);
  if (!isJsonObject(value)) throw new StoreError('BodyInvalid', `${name} is not an object`);
  if (isDeep(value)) throw new StoreError('LimitExceeded', `${name} is nested more than ${MAX_LEVELS} levels deep`);
  return value;
}

function parse(bytes: Uint8Array, name: string): JsonValue {
  try {
    return parseStrictJson(decodeUtf8(bytes));
  } catch (cause) {
    if (!(cause instanceof StrictJsonError) && !(cause instanceof TypeError)) throw cause;
    throw new StoreError('BodyInvalid', `${name} is not strict JSON`, { cause });
  }
}

/** Walks level by level, so that no depth overflows the stack here. */
function isDeep(value: JsonValue): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_LEVELS) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
