import * as v from 'valibot';
import { plainObject } from '../../base/documents/schema.ts';
import { parseStoreUrl } from '../../base/names/parse-store-url.ts';
import type { ConfiguredStore } from '../prepared/prepared-trust.ts';
import { documentError, documentWarning, metadataField, type ParsedDocument, readContent } from './parsed-document.ts';

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

const schema = v.looseObject({
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
  const { metadata, spec } = readContent(schema, source);
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
