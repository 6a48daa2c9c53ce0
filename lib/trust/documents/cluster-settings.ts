import * as v from 'valibot';
import { plainObject } from '../../base/documents/schema.ts';
import { parseStoreUrl } from '../../base/names/store-url.ts';
import type { ConfiguredStore, MirrorRule } from '../prepared/prepared-trust.ts';
import {
  comparedScopeField,
  documentError,
  documentWarning,
  metadataField,
  type ParsedDocument,
  readContent,
  scopeField,
} from './parsed-document.ts';

export interface ClusterVersionDocument {
  readonly kind: 'ClusterVersion';
  readonly source: ParsedDocument;
  /** Undefined when the cluster leaves its stores to the release. */
  readonly stores: readonly ConfiguredStore[] | undefined;
  readonly warnings: readonly string[];
}

/** `signatureStores` of one ClusterVersion (`openshift/api` config/v1, types_cluster_version.go). */
const MAX_SIGNATURE_STORES = 32;
const ORIGIN = 'spec.signatureStores';
// The cluster-version operator's own words.
const EMPTY_STORES =
  'ClusterVersion spec.signatureStores is an empty array. Unset signatureStores entirely if you want to enable the default signature stores';

const clusterVersion = v.looseObject({
  metadata: metadataField,
  spec: v.optional(
    v.pipe(
      plainObject,
      v.looseObject({
        signatureStores: v.nullish(
          v.pipe(
            v.array(v.strictObject({ url: v.string(), ca: v.optional(v.looseObject({ name: v.string() })) })),
            v.maxLength(MAX_SIGNATURE_STORES),
          ),
        ),
      }),
    ),
  ),
});

/** @throws ConfigurationError `DocumentInvalid` */
export function parseClusterVersion(source: ParsedDocument): ClusterVersionDocument {
  const { metadata, spec } = readContent(clusterVersion, source);
  const entries = spec?.signatureStores ?? undefined;
  if (entries === undefined) return { kind: 'ClusterVersion', source, stores: undefined, warnings: [] };
  if (entries.length === 0) throw documentError('DocumentInvalid', source, ['spec', 'signatureStores'], EMPTY_STORES);
  const stores: ConfiguredStore[] = [];
  const warnings: string[] = [];
  for (const [index, { url: text, ca }] of entries.entries()) {
    const path = ['spec', 'signatureStores', index];
    const url = readStore(source, [...path, 'url'], text);
    if (stores.some((store) => store.url === url)) {
      throw documentError('DocumentInvalid', source, path, `the store ${url} occurs twice`);
    }
    stores.push({ url, origin: `ClusterVersion/${metadata.name} ${ORIGIN}` });
    if (ca !== undefined) {
      warnings.push(
        documentWarning(source, [...path, 'ca'], "ca is ignored, as clusters do: use the Profile's caFile"),
      );
    }
  }
  return { kind: 'ClusterVersion', source, stores, warnings };
}

function readStore(source: ParsedDocument, path: readonly (string | number)[], text: string): string {
  let url: string;
  try {
    url = parseStoreUrl(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw documentError('DocumentInvalid', source, path, `${ORIGIN}: ${reason}`, cause);
  }
  if (url.startsWith('file:')) {
    throw documentError('DocumentInvalid', source, path, `${ORIGIN}: a cluster's store must be http:// or https://`);
  }
  return url;
}

/** The ConfigMap that Hive verifies releases with. */
interface ConfigMapReference {
  readonly namespace: string;
  readonly name: string;
}

export interface HiveConfigDocument {
  readonly kind: 'HiveConfig';
  readonly source: ParsedDocument;
  readonly reference: ConfigMapReference | undefined;
  readonly warnings: readonly string[];
}

const REFERENCE = ['spec', 'releaseImageVerificationConfigMapRef'];

const hiveConfig = v.looseObject({
  spec: v.optional(
    v.pipe(
      plainObject,
      v.looseObject({
        releaseImageVerificationConfigMapRef: v.nullish(
          v.pipe(plainObject, v.strictObject({ namespace: v.optional(v.string()), name: v.optional(v.string()) })),
        ),
      }),
    ),
  ),
});

/** A reference without a name turns Hive's check off; it never turns off Signet's. @throws ConfigurationError */
export function parseHiveConfig(source: ParsedDocument): HiveConfigDocument {
  const written = readContent(hiveConfig, source).spec?.releaseImageVerificationConfigMapRef ?? undefined;
  const { namespace = '', name = '' } = written ?? {};
  if (name === '') {
    const text = 'a releaseImageVerificationConfigMapRef without a name selects nothing';
    const warnings = written === undefined ? [] : [documentWarning(source, REFERENCE, text)];
    return { kind: 'HiveConfig', source, reference: undefined, warnings };
  }
  if (namespace === '') {
    const reason = `${REFERENCE.join('.')} names the ConfigMap ${JSON.stringify(name)} without a namespace`;
    throw documentError('DocumentInvalid', source, REFERENCE, reason);
  }
  return { kind: 'HiveConfig', source, reference: { namespace, name }, warnings: [] };
}

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
