import * as v from 'valibot';
import { plainObject } from '../../base/documents/schema.ts';
import type { MirrorRule } from '../prepared/prepared-trust.ts';
import { comparedScopeField, metadataField, type ParsedDocument, readContent, scopeField } from './parsed-document.ts';

export interface MirrorSetDocument {
  readonly kind: 'MirrorSet';
  readonly source: ParsedDocument;
  readonly rules: readonly MirrorRule[];
}

const entry = v.strictObject({ source: comparedScopeField, mirrors: v.optional(v.array(scopeField), []) });
const entryWithPolicy = v.strictObject({
  ...entry.entries,
  mirrorSourcePolicy: v.optional(v.picklist(['AllowContactingSource', 'NeverContactSource', ''])),
});

const digestMirrors = v.looseObject({
  metadata: metadataField,
  spec: v.pipe(plainObject, v.strictObject({ imageDigestMirrors: v.optional(v.array(entryWithPolicy), []) })),
});
const tagMirrors = v.looseObject({
  metadata: metadataField,
  spec: v.pipe(plainObject, v.strictObject({ imageTagMirrors: v.optional(v.array(entryWithPolicy), []) })),
});
const contentSources = v.looseObject({
  metadata: metadataField,
  spec: v.pipe(plainObject, v.strictObject({ repositoryDigestMirrors: v.optional(v.array(entry), []) })),
});

/** @throws ConfigurationError `DocumentInvalid` */
export function parseImageDigestMirrorSet(source: ParsedDocument): MirrorSetDocument {
  const { metadata, spec } = readContent(digestMirrors, source);
  return toMirrorSet(source, `ImageDigestMirrorSet/${metadata.name}`, spec.imageDigestMirrors);
}

/** Its rules hold for pulls by tag alone. @throws ConfigurationError `DocumentInvalid` */
export function parseImageTagMirrorSet(source: ParsedDocument): MirrorSetDocument {
  const { metadata, spec } = readContent(tagMirrors, source);
  return toMirrorSet(source, `ImageTagMirrorSet/${metadata.name}`, spec.imageTagMirrors, true);
}

/** @throws ConfigurationError `DocumentInvalid` */
export function parseImageContentSourcePolicy(source: ParsedDocument): MirrorSetDocument {
  const { metadata, spec } = readContent(contentSources, source);
  return toMirrorSet(source, `ImageContentSourcePolicy/${metadata.name}`, spec.repositoryDigestMirrors);
}

function toMirrorSet(
  source: ParsedDocument,
  origin: string,
  entries: readonly v.InferOutput<typeof entryWithPolicy>[],
  tagsOnly?: true,
): MirrorSetDocument {
  const rules = entries.map(({ source: mirrored, mirrors, mirrorSourcePolicy }) => ({
    source: mirrored,
    mirrors,
    neverContactSource: mirrorSourcePolicy === 'NeverContactSource',
    origin,
    ...(tagsOnly === undefined ? {} : { tagsOnly }),
  }));
  return { kind: 'MirrorSet', source, rules };
}
