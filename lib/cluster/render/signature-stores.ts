import { InputError } from '../../base/errors/input-error.ts';
import { parseStoreUrl } from '../../base/names/store-url.ts';
import { parseDnsName } from './dns-name.ts';

/** Entries of `spec.signatureStores` of one ClusterVersion (`openshift/api` config/v1). */
export const MAX_SIGNATURE_STORES = 32;

interface SignatureStoreEntry {
  readonly url: string;
  readonly ca?: { readonly name: string };
}

/** A merge patch of a cluster's ClusterVersion. */
export interface SignatureStoresPatch {
  readonly spec: { readonly signatureStores: readonly SignatureStoreEntry[] };
}

/** The patch, the command that applies it, and warnings to read before. */
export interface SignatureStoresManifest {
  readonly patch: SignatureStoresPatch;
  /** For a shell. */
  readonly command: string;
  readonly warnings: readonly string[];
}

const WARNINGS = [
  'spec.signatureStores is a Technology Preview: a cluster has the field only with the feature gate SignatureStores (TechPreviewNoUpgrade or DevPreviewNoUpgrade), which cannot be undone and prevents minor updates',
  'it replaces the default stores: a release whose signatures are in none of these stores, nor in a signature ConfigMap, no longer verifies',
  'to use the default stores again, remove the field: the cluster-version operator treats an empty list as an error',
];
const CA_WARNING = 'current cluster-version operators ignore ca: they do not trust its private certificates';

/**
 * Renders the patch that sets a cluster's signature stores. The operator appends `/<algo>=<hex>/signature-<n>` to each URL.
 *
 * @param ca name of a ConfigMap in openshift-config that holds `ca.crt`
 * @throws InputError `ArgumentInvalid` for a list that is empty or too long, a URL that a cluster cannot use or that
 *   occurs twice, and an invalid name
 */
export function toSignatureStores(
  urls: readonly string[],
  { ca }: { readonly ca?: string | undefined } = {},
): SignatureStoresManifest {
  if (urls.length === 0) {
    const reason =
      'name at least one store: the cluster-version operator treats an empty spec.signatureStores as an error';
    throw invalid(`${reason}; to use the default stores, remove the field`);
  }
  if (urls.length > MAX_SIGNATURE_STORES) {
    throw invalid(`${urls.length} stores; a ClusterVersion allows at most ${MAX_SIGNATURE_STORES}`);
  }
  const reference = ca === undefined ? {} : { ca: { name: parseDnsName(ca) } };
  const stores = urls.map(parseClusterStore);
  const twice = stores.find((url, index) => stores.indexOf(url) !== index);
  if (twice !== undefined) throw invalid(`the store ${twice} is given twice`);
  const patch = { spec: { signatureStores: stores.map((url) => ({ url, ...reference })) } };
  return {
    patch,
    command: `oc patch clusterversion version --type merge --patch ${quote(JSON.stringify(patch))}`,
    warnings: ca === undefined ? WARNINGS : [...WARNINGS, CA_WARNING],
  };
}

/** @throws InputError without the URL, which may hold a password */
function parseClusterStore(text: string, index: number): string {
  let url: string;
  try {
    url = parseStoreUrl(text);
  } catch (cause) {
    throw invalid(`URL ${index + 1}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (url.startsWith('file:')) throw invalid(`URL ${index + 1}: a cluster’s store must be http:// or https://`);
  return url;
}

/** Quotes a text as one word of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, { cause });
}
