import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { withoutServerMetadata } from '../../base/documents/server-metadata.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { TRUST_ANNOTATION } from '../documents/config-map.ts';
import { parseTrustFile } from '../documents/parse-trust-file.ts';
import { isTrustFileName, type TrustDocument } from '../prepared/trust-document.ts';

/** Members of `metadata` that only an object has that came from an API server. */
const OF_SERVER = ['uid', 'resourceVersion', 'managedFields', 'creationTimestamp'];

/**
 * Files that `oc get -o yaml` or `-o json` wrote, as their authors wrote the objects: without what the API server and its
 * controllers put in, so that all exports of the same objects are the same bytes and one revision. ConfigMaps that are no
 * trust and stand beside what is, as a list of a namespace has them, are left out. All other files stay what they are.
 */
export function toWrittenDocuments(files: readonly TrustDocument[]): readonly TrustDocument[] {
  const parsed = files.map((file) => ({ file, objects: readObjects(file) }));
  const referred = parsed.flatMap(({ objects }) => objects.flatMap(listReferred));
  return parsed.map(({ file, objects }) => {
    if (!objects.some(isExported)) return file;
    const kept = objects.filter((object) => !isExported(object) || !isUnrelated(object, referred));
    // Where nothing would be left, what is there is said to be no trust.
    const items = (kept.length === 0 ? objects : kept).map((object) =>
      isExported(object) ? toWritten(object) : object,
    );
    const list = { apiVersion: 'v1', kind: 'List', items };
    // JSON is YAML too, so that the name of the file fits.
    return { name: file.name, bytes: new TextEncoder().encode(`${JSON.stringify(list, null, 2)}\n`) };
  });
}

/** None for a file that is no Kubernetes object or cannot be read: where it is prepared, its fault is found again. */
function readObjects(file: TrustDocument): readonly JsonObject[] {
  if (!isTrustFileName(file.name) || file.name.includes('/')) return [];
  try {
    return parseTrustFile(file).map(({ content }) => content);
  } catch (error) {
    if (error instanceof ConfigurationError) return [];
    throw error;
  }
}

function isExported({ metadata, apiVersion }: JsonObject): boolean {
  return (
    typeof apiVersion === 'string' && isJsonObject(metadata) && OF_SERVER.some((name) => Object.hasOwn(metadata, name))
  );
}

function toWritten(object: JsonObject): JsonObject {
  const { status: _, ...written } = withoutServerMetadata(object);
  return written;
}

type Named = readonly [namespace: unknown, name: unknown];

/** What a HiveConfig refers to counts without the annotation. */
function listReferred({ kind, spec }: JsonObject): readonly Named[] {
  const reference = isJsonObject(spec) ? spec['releaseImageVerificationConfigMapRef'] : undefined;
  if (kind !== 'HiveConfig' || !isJsonObject(reference)) return [];
  return [[reference['namespace'], reference['name']]];
}

function isUnrelated({ apiVersion, kind, metadata }: JsonObject, referred: readonly Named[]): boolean {
  if (apiVersion !== 'v1' || kind !== 'ConfigMap' || !isJsonObject(metadata)) return false;
  const { annotations, namespace, name } = metadata;
  if (isJsonObject(annotations) && Object.hasOwn(annotations, TRUST_ANNOTATION)) return false;
  return !referred.some((one) => one[0] === namespace && one[1] === name);
}
