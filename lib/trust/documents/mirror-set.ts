import { z } from 'zod';
import type { MirrorRule } from '../prepared-trust.ts';
import { metadataField, scopeField } from './fields.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { readContent } from './read-content.ts';

export interface MirrorSetDocument {
  readonly kind: 'MirrorSet';
  readonly source: ParsedDocument;
  readonly rules: readonly MirrorRule[];
}

const entry = z.strictObject({ source: scopeField, mirrors: z.array(scopeField).default([]) });
const entryWithPolicy = entry.extend({
  mirrorSourcePolicy: z.enum(['AllowContactingSource', 'NeverContactSource', '']).optional(),
});

const digestMirrors = z.looseObject({
  metadata: metadataField,
  spec: z.strictObject({ imageDigestMirrors: z.array(entryWithPolicy).default([]) }),
});
const tagMirrors = z.looseObject({
  metadata: metadataField,
  spec: z.strictObject({ imageTagMirrors: z.array(entryWithPolicy).default([]) }),
});
const contentSources = z.looseObject({
  metadata: metadataField,
  spec: z.strictObject({ repositoryDigestMirrors: z.array(entry).default([]) }),
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
  entries: readonly z.infer<typeof entryWithPolicy>[],
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
