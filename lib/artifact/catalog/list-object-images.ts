import * as v from 'valibot';
import { findOtherSpelling, isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import {
  describeObject,
  objectError,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { describeOther, type Listed, listMembers, listText, listValues } from './listed-images.ts';
import { listPodImages } from './pod-images.ts';

/** One place of a file that names an image. */
export interface NamedImage {
  readonly kind: 'image';
  readonly text: string;
  readonly origin: string;
  readonly line: number;
}

/** What an object holds: an image, an entry that cannot be used, or a kind that names none. */
export type CatalogEntry =
  | NamedImage
  | { readonly kind: 'fault'; readonly origin: string; readonly line: number; readonly message: string }
  | { readonly kind: 'without'; readonly of: string };

const nonEmpty = v.pipe(v.string(), v.minLength(1));
const bundleSchema = v.looseObject({ name: nonEmpty, image: v.nullish(v.string()) });
const versionSchema = v.looseObject({
  metadata: v.looseObject({ name: nonEmpty }),
  spec: v.pipe(plainObject, v.looseObject({ install: v.nullish(plainObject) })),
});
const embedded = v.looseObject({ data: v.string() });

/** Schemas of a file-based catalog that name no image. */
const CATALOG_SCHEMAS = ['olm.package', 'olm.channel', 'olm.deprecations'];
/** Members that say what an object is, and those of a bundle, as programs in Go read them in any case. */
const WHAT_IT_IS = ['schema', 'kind'];
const BUNDLE_MEMBERS = ['name', 'image', 'relatedImages', 'properties'];
/** Kinds of oc-mirror, and the member that says what is mirrored or deleted. */
const IMAGE_SETS: ReadonlyMap<unknown, string> = new Map([
  ['ImageSetConfiguration', 'mirror'],
  ['DeleteImageSetConfiguration', 'delete'],
]);
/** Parts of an ImageSetConfiguration whose images stand elsewhere: in the graph of releases, and in charts. */
const ELSEWHERE = ['platform', 'ocp', 'helm', 'samples'];

/**
 * Lists the images of an object: of an `olm.bundle` its image, its related images and those of the objects embedded in it;
 * of a ClusterServiceVersion its related images; of an ImageSetConfiguration, a Helm chart and MicroShift's release info
 * their lists; and of every object the images of its pod templates, with the variables by which an operator names more.
 */
export function* listObjectImages(source: SourceObject): Generator<CatalogEntry> {
  try {
    yield* listImages(source);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { file, line } = source;
    const origin = describeObject(source);
    yield { kind: 'fault', origin, line, message: without(`${origin}: `, without(`${file}:${line}: `, error.message)) };
  }
}

/** Where it is, is told beside the message. */
function without(place: string, message: string): string {
  return message.startsWith(place) ? message.slice(place.length) : message;
}

/** An entry of a list, as one of its object. */
export function toEntry(listed: Listed, origin: string, line: number): CatalogEntry {
  return listed.kind === 'named'
    ? { kind: 'image', text: listed.text, origin, line }
    : { kind: 'fault', origin, line, message: listed.why };
}

function* listImages(source: SourceObject): Generator<CatalogEntry> {
  const { content, line } = source;
  const { schema, kind } = content;
  const origin = describeObject(source);
  const members = [...WHAT_IT_IS, ...(typeof schema === 'string' ? BUNDLE_MEMBERS : [])];
  for (const one of listOthers(content, members)) yield toEntry(one, origin, line);
  if (schema === 'olm.bundle') yield* listBundleImages(source);
  else if (typeof schema === 'string' && !CATALOG_SCHEMAS.includes(schema)) yield { kind: 'without', of: schema };
  // Who reads a catalog goes by the schema alone, and a cluster by the kind alone: an object may have both.
  if (typeof schema === 'string' && kind === undefined) return;
  const listed = [...listOwnImages(source), ...listPodImages(content)];
  for (const one of listed) yield toEntry(one, origin, line);
  const elsewhere = listElsewhere(source);
  for (const part of elsewhere) yield { kind: 'without', of: part };
  const items = [...listItems(source)];
  yield* items;
  if (listed.length + elsewhere.length + items.length > 0) return;
  if (typeof kind !== 'string') throw objectError(source, origin, 'expected a schema or kind, found neither');
  yield { kind: 'without', of: kind };
}

/** kubectl takes any object with items for a list, whatever its kind, and items of one kind may leave theirs out. */
function* listItems({ content, file, line }: SourceObject): Generator<CatalogEntry> {
  const { kind, items } = content;
  if (!Array.isArray(items)) return;
  const isOfKind = typeof kind === 'string' && kind !== 'List' && kind.endsWith('List');
  const inherited: JsonObject = isOfKind ? { kind: kind.slice(0, -'List'.length) } : {};
  for (const item of items) {
    const object = isJsonObject(item) ? { ...inherited, ...item } : {};
    if ('kind' in object || 'schema' in object) yield* listObjectImages({ content: object, file, line });
  }
}

/** What programs in Go take for a member that is meant: the last one counts, whatever its case. */
function* listOthers(object: JsonObject, members: readonly string[], place = ''): Generator<Listed> {
  for (const member of members) {
    const other = findOtherSpelling(object, [member]);
    if (other !== undefined) yield { kind: 'none', why: `${place}${describeOther(other, member)}` };
  }
}

function* listBundleImages(source: SourceObject): Generator<CatalogEntry> {
  const { name, image } = readShape(bundleSchema, source);
  const { line } = source;
  const { relatedImages, properties } = source.content;
  const origin = `bundle ${name}`;
  const own = typeof image === 'string' && image !== '' ? [{ kind: 'named', text: image } as const] : [];
  const listed = [...own, ...listMembers(relatedImages, 'relatedImages', 'image')];
  for (const one of listed) yield toEntry(one, origin, line);
  const objects = [...listEmbedded(properties, source)];
  for (const entry of objects) {
    const isOwn = entry.kind !== 'without' && entry.origin === describeObject(source);
    if (entry.kind !== 'without') yield isOwn ? entry : { ...entry, origin: `${origin}, ${entry.origin}` };
  }
  if (listed.length + objects.length === 0) throw objectError(source, describeObject(source), 'no image found');
}

/** The objects that a bundle holds in its properties; one that cannot be read is told, and the next is read. */
function* listEmbedded(properties: unknown, source: SourceObject): Generator<CatalogEntry> {
  const { file, line } = source;
  const origin = describeObject(source);
  if (properties !== undefined && properties !== null && !Array.isArray(properties)) {
    yield { kind: 'fault', origin, line, message: 'properties: expected a list' };
  }
  for (const property of Array.isArray(properties) ? properties : []) {
    if (!isJsonObject(property)) continue;
    for (const one of listOthers(property, ['type', 'value'], 'properties: ')) yield toEntry(one, origin, line);
    const { type, value } = property;
    if (type !== 'olm.bundle.object') continue;
    if (isJsonObject(value)) {
      for (const one of listOthers(value, ['data'], 'an olm.bundle.object: ')) yield toEntry(one, origin, line);
    }
    const object = v.safeParse(embedded, value);
    if (!object.success) {
      yield { kind: 'fault', origin, line, message: 'an olm.bundle.object without its data' };
      continue;
    }
    const text = Buffer.from(object.output.data, 'base64').toString('utf8');
    try {
      for (const { content } of readObjects(file, text)) yield* listObjectImages({ content, file, line });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      yield { kind: 'fault', origin, line, message: `in an olm.bundle.object: ${without(`${file}:`, error.message)}` };
    }
  }
}

/** The lists of images that some kinds have. */
function* listOwnImages(source: SourceObject): Generator<Listed> {
  const { kind, images, annotations } = source.content;
  if (kind === 'ClusterServiceVersion') {
    yield* listMembers(readShape(versionSchema, source).spec['relatedImages'], 'spec.relatedImages', 'image');
    return;
  }
  const member = IMAGE_SETS.get(kind);
  if (member !== undefined) {
    const set = readSet(source, member);
    yield* listOthers(source.content, [member]);
    yield* listOthers(set, ['additionalImages', 'operators', ...ELSEWHERE], `${member}.`);
    yield* listMembers(set['additionalImages'], `${member}.additionalImages`, 'name');
    yield* listMembers(set['operators'], `${member}.operators`, 'catalog');
    return;
  }
  if (kind !== undefined) return;
  // MicroShift's release-<architecture>.json, and a Helm chart's Chart.yaml.
  if (images !== undefined) yield* listValues(images, 'images');
  else if (isJsonObject(annotations) && annotations['artifacthub.io/images'] !== undefined)
    yield* listText(annotations['artifacthub.io/images'], 'annotations.artifacthub.io/images');
}

/** What an image set mirrors and does not name: it is told, so that nobody takes it for checked. */
function listElsewhere(source: SourceObject): readonly string[] {
  const { kind } = source.content;
  const member = IMAGE_SETS.get(kind);
  if (member === undefined || typeof kind !== 'string') return [];
  const set = readSet(source, member);
  return ELSEWHERE.filter((part) => part in set).map((part) => `${kind} ${member}.${part}`);
}

/** @throws InputError that names the member */
function readSet(source: SourceObject, member: string): JsonObject {
  const set = source.content[member];
  if (isJsonObject(set)) return set;
  throw objectError(source, `${describeObject(source)}: ${member}`, 'expected an object');
}
