import * as v from 'valibot';
import { parse } from 'yaml';
import { isJsonObject } from '../../base/documents/json-value.ts';
import {
  describeObject,
  objectError,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import { InputError } from '../../base/errors/input-error.ts';

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
const related = v.nullish(v.array(v.looseObject({ name: v.nullish(v.string()), image: v.string() })));
const properties = v.nullish(v.array(v.looseObject({ type: v.nullish(v.string()), value: v.unknown() })));
const bundleSchema = v.looseObject({
  name: nonEmpty,
  image: v.nullish(v.string()),
  relatedImages: related,
  properties,
});
const versionSchema = v.looseObject({
  metadata: v.looseObject({ name: nonEmpty }),
  spec: v.pipe(plainObject, v.looseObject({ relatedImages: related, install: v.nullish(plainObject) })),
});
const named = v.nullish(v.array(v.looseObject({ name: v.string() })));
const imageSetSchema = v.looseObject({
  mirror: v.pipe(
    plainObject,
    v.looseObject({
      additionalImages: named,
      operators: v.nullish(v.array(v.looseObject({ catalog: v.string() }))),
    }),
  ),
});
const releaseSchema = v.looseObject({ images: v.pipe(plainObject, v.record(v.string(), v.string())) });
const chartSchema = v.looseObject({
  name: nonEmpty,
  version: nonEmpty,
  annotations: v.pipe(plainObject, v.looseObject({ 'artifacthub.io/images': v.string() })),
});
const chartImages = v.array(v.looseObject({ image: v.string() }));
const embedded = v.looseObject({ data: v.string() });

/** Schemas of a file-based catalog that name no image. */
const CATALOG_SCHEMAS = ['olm.package', 'olm.channel', 'olm.deprecations'];

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

function* listImages(source: SourceObject): Generator<CatalogEntry> {
  const { content, line } = source;
  const { schema, kind } = content;
  if (schema === 'olm.bundle') {
    yield* listBundleImages(source);
    return;
  }
  if (typeof schema === 'string') {
    if (!CATALOG_SCHEMAS.includes(schema)) yield { kind: 'without', of: schema };
    return;
  }
  const origin = describeObject(source);
  const texts = [...listOwnImages(source), ...listPodImages(content, 0)];
  for (const text of texts) yield { kind: 'image', text, origin, line };
  if (texts.length > 0) return;
  if (typeof kind !== 'string') throw objectError(source, origin, 'expected a schema or kind, found neither');
  yield { kind: 'without', of: kind };
}

function* listBundleImages(source: SourceObject): Generator<CatalogEntry> {
  const { name, image, relatedImages, properties: given } = readShape(bundleSchema, source);
  const { file, line } = source;
  const origin = `bundle ${name}`;
  const own = typeof image === 'string' && image !== '' ? [image] : [];
  const texts = [...own, ...(relatedImages ?? []).map((one) => one.image)];
  for (const text of texts) yield { kind: 'image', text, origin, line };
  const objects: CatalogEntry[] = [];
  for (const property of given ?? []) {
    if (property.type !== 'olm.bundle.object') continue;
    const object = v.safeParse(embedded, property.value);
    if (!object.success) throw objectError(source, describeObject(source), 'an olm.bundle.object without its data');
    const text = Buffer.from(object.output.data, 'base64').toString('utf8');
    for (const { content } of readObjects(file, text)) {
      objects.push(...listObjectImages({ content, file, line }));
    }
  }
  for (const entry of objects) {
    if (entry.kind !== 'without') yield { ...entry, origin: `${origin}, ${entry.origin}` };
  }
  if (texts.length + objects.length === 0) throw objectError(source, describeObject(source), 'no image found');
}

/** The lists of images that some kinds have. */
function listOwnImages(source: SourceObject): readonly string[] {
  const { kind, images, annotations } = source.content;
  if (kind === 'ClusterServiceVersion') {
    return (readShape(versionSchema, source).spec.relatedImages ?? []).map(({ image }) => image);
  }
  if (kind === 'ImageSetConfiguration') {
    const { additionalImages, operators } = readShape(imageSetSchema, source).mirror;
    return [...(additionalImages ?? []).map(({ name }) => name), ...(operators ?? []).map(({ catalog }) => catalog)];
  }
  if (kind !== undefined) return [];
  // MicroShift's release-<architecture>.json, and a Helm chart's Chart.yaml.
  if (images !== undefined) return Object.values(readShape(releaseSchema, source).images);
  if (!isJsonObject(annotations) || annotations['artifacthub.io/images'] === undefined) return [];
  return readChartImages(source);
}

/** A list in YAML within a text of the chart. */
function readChartImages(source: SourceObject): readonly string[] {
  const text = readShape(chartSchema, source).annotations['artifacthub.io/images'];
  try {
    return v.parse(chartImages, parse(text, { maxAliasCount: 0 })).map(({ image }) => image);
  } catch {
    throw objectError(source, describeObject(source), 'annotations.artifacthub.io/images: expected a list of images');
  }
}

const MAX_DEPTH = 32;
/** Variables by which an operator is told which images to run. */
const IMAGE_VARIABLE = /^(?:RELATED_IMAGE|OPERAND_IMAGE)(?:_|$)|_IMAGE$/;
const variable = v.looseObject({ name: v.string(), value: v.string() });
const volume = v.looseObject({ image: v.looseObject({ reference: v.string() }) });

/** The images of every pod template in an object, wherever it stands. */
function* listPodImages(value: unknown, depth: number): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  // What is not looked at must not look like what names no image.
  if (depth > MAX_DEPTH) throw new InputError('FileUnreadable', `nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) {
    for (const item of value) yield* listPodImages(item, depth + 1);
    return;
  }
  const pod: Readonly<Record<string, unknown>> = { ...value };
  if (!Array.isArray(pod['containers'])) {
    for (const child of Object.values(pod)) yield* listPodImages(child, depth + 1);
    return;
  }
  for (const member of CONTAINERS) yield* listContainerImages(pod[member]);
  yield* listVolumeImages(pod['volumes']);
}

const CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers'];

function* listContainerImages(containers: unknown): Generator<string> {
  if (!Array.isArray(containers)) return;
  for (const container of containers) {
    if (!isJsonObject(container)) continue;
    const { image, env } = container;
    // What is no text is named as it is, and is a fault.
    if (image !== undefined && image !== null) yield typeof image === 'string' ? image : JSON.stringify(image);
    for (const one of Array.isArray(env) ? env : []) {
      const set = v.safeParse(variable, one);
      if (set.success && IMAGE_VARIABLE.test(set.output.name) && set.output.value !== '') yield set.output.value;
    }
  }
}

/** A volume may be an image, which the node pulls. */
function* listVolumeImages(volumes: unknown): Generator<string> {
  for (const one of Array.isArray(volumes) ? volumes : []) {
    const mounted = v.safeParse(volume, one);
    if (mounted.success) yield mounted.output.image.reference;
  }
}
