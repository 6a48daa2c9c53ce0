import * as v from 'valibot';
import {
  decodeText,
  describeObject,
  faultAt,
  objectError,
  readObjects,
  readShape,
  type SourceObject,
} from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';

/** An image in a catalog, bundle or list, with every place that names it. */
export interface CatalogImage {
  readonly pullspec: Pullspec;
  /** The places in file order, such as `bundle a.v1` or `line 3`. */
  readonly origins: readonly string[];
}

/** One place of a file that names an image. */
interface NamedImage {
  readonly text: string;
  readonly origin: string;
  readonly line: number;
}

/**
 * Parses the images of a file-based catalog (a stream of JSON or YAML), of a bundle's ClusterServiceVersion, or of a plain
 * list with one pullspec on each line. The text shows which it is; images keep the order of the file.
 *
 * @throws InputError `FileUnreadable` with the line and the object at fault, and for a file that names no image
 */
export function parseCatalog(file: string, bytes: Uint8Array): readonly CatalogImage[] {
  const text = decodeText(file, bytes);
  const images = new Map<string, { readonly pullspec: Pullspec; readonly origins: Set<string> }>();
  for (const { text: named, origin, line } of isStream(text) ? listStreamImages(file, text) : listLines(text)) {
    const known = images.get(named);
    if (known !== undefined) {
      known.origins.add(origin);
      continue;
    }
    images.set(named, { pullspec: parseNamed(file, line, origin, named), origins: new Set([origin]) });
  }
  if (images.size === 0) throw new InputError('FileUnreadable', `${file}: no image found`);
  return [...images.values()].map(({ pullspec, origins }) => ({ pullspec, origins: [...origins] }));
}

/** True for JSON or YAML: no pullspec starts with a bracket or `---`, or has a colon before a space or the end. */
function isStream(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? '';
  return /^\s*[{[]/.test(first) || first.startsWith('---') || /:(?:\s|$)/.test(first);
}

function* listLines(text: string): Generator<NamedImage> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const named = line.trim();
    if (named !== '' && !named.startsWith('#')) {
      yield { text: named, origin: `line ${index + 1}`, line: index + 1 };
    }
  }
}

function* listStreamImages(file: string, text: string): Generator<NamedImage> {
  for (const source of readObjects(file, text)) yield* listObjectImages(source);
}

function parseNamed(file: string, line: number, origin: string, text: string): Pullspec {
  try {
    return parsePullspec(text);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw faultAt(file, line, `${origin}: ${cause.message}`, cause);
  }
}

const nonEmpty = v.pipe(v.string(), v.minLength(1));
const related = v.nullish(v.array(v.looseObject({ name: v.nullish(v.string()), image: v.string() })));
const bundleSchema = v.looseObject({ name: nonEmpty, image: v.nullish(v.string()), relatedImages: related });
const containers = v.nullish(v.array(v.looseObject({ name: v.nullish(v.string()), image: v.string() })));
const podSchema = v.pipe(plainObject, v.looseObject({ containers, initContainers: containers }));
const deploymentSchema = v.looseObject({ spec: v.looseObject({ template: v.looseObject({ spec: podSchema }) }) });
const strategy = v.pipe(plainObject, v.looseObject({ deployments: v.nullish(v.array(deploymentSchema)) }));
const install = v.pipe(plainObject, v.looseObject({ spec: v.nullish(strategy) }));
const versionSchema = v.looseObject({
  metadata: v.looseObject({ name: nonEmpty }),
  spec: v.pipe(plainObject, v.looseObject({ relatedImages: related, install: v.nullish(install) })),
});

/**
 * Lists the images of an object: of an `olm.bundle` its image and related images, of a ClusterServiceVersion the related
 * images and those of its deployments. Other schemas and kinds name none.
 *
 * @throws InputError `FileUnreadable` with the place and name of the object
 */
function listObjectImages(source: SourceObject): readonly NamedImage[] {
  const { schema, kind } = source.content;
  if (schema === 'olm.bundle') return listBundleImages(source);
  if (kind === 'ClusterServiceVersion') return listVersionImages(source);
  if (typeof schema === 'string' || typeof kind === 'string') return [];
  throw objectError(source, describeObject(source), 'expected a schema or kind, found neither');
}

function listBundleImages(source: SourceObject): readonly NamedImage[] {
  const { name, image, relatedImages } = readShape(bundleSchema, source);
  const own = typeof image === 'string' && image !== '' ? [image] : [];
  const texts = [...own, ...(relatedImages ?? []).map((one) => one.image)];
  if (texts.length === 0) throw objectError(source, describeObject(source), 'no image found');
  return texts.map((text) => ({ text, origin: `bundle ${name}`, line: source.line }));
}

/** The images of deployments count too: they are pulled even if they are not among the related images. */
function listVersionImages(source: SourceObject): readonly NamedImage[] {
  const { metadata, spec } = readShape(versionSchema, source);
  const pods = (spec.install?.spec?.deployments ?? []).map((deployment) => deployment.spec.template.spec);
  const pulled = pods.flatMap((pod) => [...(pod.initContainers ?? []), ...(pod.containers ?? [])]);
  return [...(spec.relatedImages ?? []), ...pulled].map(({ image }) => ({
    text: image,
    origin: `ClusterServiceVersion ${metadata.name}`,
    line: source.line,
  }));
}
