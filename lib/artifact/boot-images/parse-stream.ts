import * as v from 'valibot';
import { findOtherSpelling } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { plainObject, recordOf, toFaults } from '../../base/documents/schema.ts';
import { InputError } from '../../base/errors/input-error.ts';

/** Bytes of stream metadata; those of 2026 have about 70 KB. */
export const MAX_STREAM_BYTES = 8 * 1024 * 1024;
/** Files that stream metadata may name. */
const MAX_BOOT_IMAGES = 4096;

/** One file to boot from, as stream metadata names it. Nothing about it is verified. */
export interface BootImage {
  readonly architecture: string;
  /** `metal`, `aws`, `qemu` and so on. */
  readonly artifact: string;
  /** `iso`, `pxe`, `raw.gz` and so on. */
  readonly format: string;
  /** `disk`, `kernel`, `initramfs` or `rootfs`. */
  readonly part: string;
  readonly untrustedLocation: string;
  /** The last part of its location. */
  readonly fileName: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Stream metadata of CoreOS, as `openshift-install coreos print-stream-json` prints it. */
export interface StreamMetadata {
  readonly stream: string;
  readonly images: readonly BootImage[];
  /** Images in clouds, by architecture: they are named by IDs, which no list of checksums holds. */
  readonly cloudImages: readonly string[];
}

const SHA256 = /^[0-9a-f]{64}$/;
/** Other members are allowed, but none in another case: programs in Go would read it for the one that is compared. */
const spelled = <T extends v.ObjectEntries>(entries: T) =>
  v.pipe(
    plainObject,
    v.check((object) => findOtherSpelling(object, Object.keys(entries)) === undefined, 'a member in another case'),
    v.looseObject(entries),
  );
const File = spelled({
  location: v.string(),
  sha256: v.pipe(v.string(), v.regex(SHA256, 'expected SHA-256 in lower-case hex')),
});
const byName = <T>(value: v.GenericSchema<unknown, T>) => recordOf(v.string(), value);
const Stream = spelled({
  stream: v.string(),
  architectures: byName(
    spelled({
      artifacts: byName(spelled({ formats: byName(byName(File)) })),
      images: v.optional(byName(v.unknown())),
    }),
  ),
});

/**
 * Reads stream metadata.
 *
 * @param file names it in errors
 * @throws InputError `FileUnreadable` for what is none, or names no file
 */
export function parseStream(untrustedBytes: Uint8Array, file: string): StreamMetadata {
  const result = v.safeParse(Stream, parseText(untrustedBytes, file));
  if (!result.success) {
    const [fault] = toFaults(result.issues);
    throw unreadable(file, ['not stream metadata', fault?.path.join('.'), fault?.message].filter(Boolean).join(': '));
  }
  const content = result.output;
  const images = Object.entries(content.architectures).flatMap(([architecture, { artifacts }]) =>
    Object.entries(artifacts).flatMap(([artifact, { formats }]) =>
      Object.entries(formats).flatMap(([format, parts]) =>
        Object.entries(parts).map(([part, { location, sha256 }]) => ({
          architecture,
          artifact,
          format,
          part,
          untrustedLocation: location,
          fileName: toFileName(location, file),
          sha256,
        })),
      ),
    ),
  );
  if (images.length === 0) throw unreadable(file, 'it names no file to boot from');
  if (images.length > MAX_BOOT_IMAGES) throw unreadable(file, `it names more than ${MAX_BOOT_IMAGES} files`);
  const cloudImages = Object.entries(content.architectures).flatMap(([architecture, { images: clouds = {} }]) =>
    Object.keys(clouds).map((cloud) => `${architecture} ${cloud}`),
  );
  return { stream: content.stream, images, cloudImages };
}

function parseText(untrustedBytes: Uint8Array, file: string): unknown {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(untrustedBytes));
  } catch (cause) {
    if (!(cause instanceof StrictJsonError || cause instanceof TypeError)) throw cause;
    throw unreadable(file, `not JSON: ${cause.message}`, cause);
  }
}

function toFileName(location: string, file: string): string {
  const name = URL.canParse(location) ? (new URL(location).pathname.split('/').at(-1) ?? '') : '';
  if (name === '') throw unreadable(file, `${JSON.stringify(location)} is not the URL of a file`);
  return name;
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
