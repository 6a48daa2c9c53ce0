import { z } from 'zod';
import { objectError, type SourceObject } from '../rollout/read-objects.ts';
import { describeObject, readShape } from '../rollout/read-shape.ts';
import type { NamedImage } from './catalog-image.ts';

const related = z.array(z.looseObject({ name: z.string().nullish(), image: z.string() })).nullish();
const bundleSchema = z.looseObject({
  name: z.string().min(1),
  image: z.string().nullish(),
  relatedImages: related,
});
const containers = z.array(z.looseObject({ name: z.string().nullish(), image: z.string() })).nullish();
const podSchema = z.looseObject({ containers, initContainers: containers });
const versionSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string().min(1) }),
  spec: z.looseObject({
    relatedImages: related,
    install: z
      .looseObject({
        spec: z
          .looseObject({
            deployments: z
              .array(z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSchema }) }) }))
              .nullish(),
          })
          .nullish(),
      })
      .nullish(),
  }),
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
