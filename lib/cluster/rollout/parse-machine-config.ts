import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { describeObject, objectError, readShape, type SourceObject } from '../../base/documents/read-objects.ts';
import { plainObject, recordOf } from '../../base/documents/schema.ts';
import type { KnownMachineConfig } from './pool-state.ts';

/** Bytes of one file, unpacked. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;

// Ignition 2 and 3: the fields that differ are not needed here.
const fileContents = v.pipe(
  plainObject,
  v.looseObject({ source: v.nullish(v.string()), compression: v.nullish(v.string()) }),
);
const storage = v.pipe(
  plainObject,
  v.looseObject({
    files: v.nullish(v.array(v.looseObject({ path: v.string(), contents: v.nullish(fileContents) }))),
    links: v.nullish(v.array(v.looseObject({ path: v.string() }))),
  }),
);
const unit = v.looseObject({
  name: v.string(),
  contents: v.nullish(v.string()),
  dropins: v.nullish(v.array(v.looseObject({ name: v.string(), contents: v.nullish(v.string()) }))),
});
const systemd = v.pipe(plainObject, v.looseObject({ units: v.nullish(v.array(unit)) }));
const config = v.pipe(plainObject, v.looseObject({ storage: v.nullish(storage), systemd: v.nullish(systemd) }));
const schema = v.looseObject({
  metadata: v.looseObject({
    name: v.pipe(v.string(), v.minLength(1)),
    labels: v.nullish(recordOf(v.string(), v.string())),
  }),
  spec: v.pipe(plainObject, v.looseObject({ config: v.nullish(config) })),
});

/** Parses a MachineConfig and decodes its files. @throws InputError `FileUnreadable` that names the object and the file */
export function parseMachineConfig(source: SourceObject): KnownMachineConfig {
  const { metadata, spec } = readShape(schema, source);
  const files = new Map<string, Uint8Array | undefined>();
  for (const { path, contents } of spec.config?.storage?.files ?? []) {
    try {
      files.set(path, decodeContents(contents?.source ?? '', contents?.compression ?? ''));
    } catch (cause) {
      throw objectError(
        source,
        describeObject(source),
        `${path}: ${cause instanceof Error ? cause.message : 'unreadable'}`,
      );
    }
  }
  // What a link leads to is not in here.
  for (const { path } of spec.config?.storage?.links ?? []) files.set(path, undefined);
  const units = new Map((spec.config?.systemd?.units ?? []).flatMap(listUnitFiles));
  return { name: metadata.name, origin: `${source.file}:${source.line}`, labels: metadata.labels ?? {}, files, units };
}

/** A unit and its drop-ins. */
function listUnitFiles({
  name,
  contents,
  dropins,
}: v.InferOutput<typeof unit>): readonly (readonly [string, Uint8Array])[] {
  const file = `/etc/systemd/system/${name}`;
  return [
    [file, Buffer.from(contents ?? '')],
    ...(dropins ?? []).map((one) => [`${file}.d/${one.name}`, Buffer.from(one.contents ?? '')] as const),
  ];
}

/** Decodes a data: URL (RFC 2397) as Ignition does; undefined for any other URL. */
function decodeContents(url: string, compression: string): Uint8Array | undefined {
  if (url === '') return new Uint8Array();
  const comma = url.indexOf(',');
  if (!url.startsWith('data:') || comma < 0) return undefined;
  const body = url.slice(comma + 1);
  const plain = decodePercent(body);
  const bytes = url.slice(0, comma).endsWith(';base64') ? decodeBase64(plain.toString('latin1')) : plain;
  if (compression === '') return bytes;
  return compression === 'gzip' ? gunzipSync(bytes, { maxOutputLength: MAX_FILE_BYTES }) : undefined;
}

/** Decodes to bytes: a file need not be UTF-8. */
function decodePercent(text: string): Buffer {
  const parts = text.split(/(%[0-9A-Fa-f]{2})/);
  const isEscape = (index: number): boolean => index % 2 === 1;
  return Buffer.concat(
    parts.map((part, index) => (isEscape(index) ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part))),
  );
}

/** Strict: Node ignores invalid characters, and would decode other bytes than the cluster. */
function decodeBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('the data: URL is not base64');
  return Buffer.from(text, 'base64');
}
