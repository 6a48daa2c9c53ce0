import * as v from 'valibot';
import { describeObject, objectError, readShape, type SourceObject } from '../../base/documents/read-objects.ts';
import { plainObject } from '../../base/documents/schema.ts';
import type { NamedImage } from './catalog-image.ts';

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
 * What an object of a catalog or bundle names: an `olm.bundle` its image and related ones, a ClusterServiceVersion its
 * related images and those of its deployments. Other schemas and kinds name none.
 *
 * @throws InputError `FileUnreadable` with the place and name of the object
 */
export function listObjectImages(source: SourceObject): readonly NamedImage[] {
  const { schema, kind } = source.content;
  if (schema === 'olm.bundle') return listBundleImages(source);
  if (kind === 'ClusterServiceVersion') return listVersionImages(source);
  if (typeof schema === 'string' || typeof kind === 'string') return [];
  throw objectError(source, describeObject(source), 'it has neither a schema nor a kind');
}

function listBundleImages(source: SourceObject): readonly NamedImage[] {
  const { name, image, relatedImages } = readShape(bundleSchema, source);
  const own = typeof image === 'string' && image !== '' ? [image] : [];
  const texts = [...own, ...(relatedImages ?? []).map((one) => one.image)];
  if (texts.length === 0) throw objectError(source, describeObject(source), 'it names no image');
  return texts.map((text) => ({ text, origin: `bundle ${name}`, line: source.line }));
}

/** A deployment's image is pulled whether or not it is among the related ones. */
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
