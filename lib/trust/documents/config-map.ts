import * as v from 'valibot';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { recordOf } from '../../base/documents/schema.ts';
import type { ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { parseRepository, type Repository } from '../../base/names/reference.ts';
import { parseStoreUrl } from '../../base/names/store-url.ts';
import type { ConfiguredStore } from '../prepared/prepared-trust.ts';
import { documentError, documentWarning, type ParsedDocument, readContent } from './parsed-document.ts';

/** Marks the ConfigMap that release verification reads. */
export const TRUST_ANNOTATION = 'release.openshift.io/verification-config-map';
/** Its presence marks a ConfigMap that holds signatures; the value does not matter. */
export const SIGNATURES_LABEL = 'release.openshift.io/verification-signatures';

/** Any ConfigMap; its data are read only if it is the one that counts. */
export interface ConfigMapDocument {
  readonly kind: 'ConfigMap';
  readonly source: ParsedDocument;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly isAnnotated: boolean;
  /** Labelled as a signature store's. */
  readonly holdsSignatures: boolean;
}

/** Looks at the metadata alone, so that a ConfigMap that does not count may be broken. */
export function parseConfigMap(source: ParsedDocument): ConfigMapDocument {
  const { metadata } = source.content;
  const { namespace, name, annotations, labels } = isJsonObject(metadata) ? metadata : {};
  return {
    kind: 'ConfigMap',
    source,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    name: typeof name === 'string' ? name : undefined,
    isAnnotated: isJsonObject(annotations) && Object.hasOwn(annotations, TRUST_ANNOTATION),
    holdsSignatures: isJsonObject(labels) && Object.hasOwn(labels, SIGNATURES_LABEL),
  };
}

/** `namespace/name`, for messages. */
export function configMapTitle({ namespace, name }: ConfigMapDocument): string {
  return [namespace, name ?? '(no name)'].filter((part) => part !== undefined).join('/');
}

/** A keyring as written, with its place for what may be wrong in it. */
export interface KeyringEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly source: ParsedDocument;
  readonly path: readonly string[];
}

/** What the release-verification ConfigMap says. */
export interface TrustConfigMap {
  readonly stores: readonly ConfiguredStore[];
  readonly keyrings: readonly KeyringEntry[];
  readonly repositories: readonly Repository[];
  readonly warnings: readonly string[];
}

const STORE = 'store-';
const KEY = 'verifier-public-key-';
const REPOSITORY = 'release-repository-';

const schema = v.looseObject({ data: v.nullish(recordOf(v.string(), v.string())) });

/**
 * Reads the data of a release-verification ConfigMap as the cluster-version operator does: one bad store spoils
 * all, at least one store and one key are needed, and a bare prefix counts. An empty key rejects, which there it
 * does not. @throws ConfigurationError
 */
export function parseTrustConfigMap(configMap: ConfigMapDocument): TrustConfigMap {
  const { source } = configMap;
  const stores: ConfiguredStore[] = [];
  const keyrings: KeyringEntry[] = [];
  const repositories: Repository[] = [];
  const warnings: string[] = [];
  for (const [key, value] of Object.entries(readContent(schema, source).data ?? {})) {
    const path = ['data', key];
    if (key.startsWith(STORE)) {
      stores.push({ url: readStore(source, path, value), origin: key });
    } else if (key.startsWith(KEY)) {
      if (value.trim() === '') throw documentError('KeyUnreadable', source, path, `${key} is empty`);
      keyrings.push({ name: key, bytes: new TextEncoder().encode(value), source, path });
    } else if (key.startsWith(REPOSITORY)) {
      repositories.push(readRepository(source, path, value));
    } else {
      warnings.push(documentWarning(source, path, `the key ${JSON.stringify(key)} is not known and is ignored`));
    }
  }
  if (source.content['binaryData'] !== undefined) {
    warnings.push(documentWarning(source, ['binaryData'], 'binaryData is not read from a trust ConfigMap'));
  }
  if (stores.length === 0) throw missing(configMap, 'signature store (store-*)');
  if (keyrings.length === 0) throw missing(configMap, 'public key (verifier-public-key-*)');
  return { stores, keyrings, repositories, warnings };
}

function readStore(source: ParsedDocument, path: readonly string[], value: string): string {
  try {
    return parseStoreUrl(value);
  } catch (cause) {
    throw invalid(source, path, cause);
  }
}

function readRepository(source: ParsedDocument, path: readonly string[], value: string): Repository {
  try {
    return parseRepository(value.trim());
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw invalid(source, path, cause);
  }
}

function invalid(source: ParsedDocument, path: readonly string[], cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return documentError('DocumentInvalid', source, path, `${path.join('.')}: ${reason}`, cause);
}

function missing(configMap: ConfigMapDocument, what: string) {
  const code: ConfigurationErrorCode = 'TrustUnusable';
  return documentError(code, configMap.source, ['data'], `the ConfigMap ${configMapTitle(configMap)} has no ${what}`);
}
