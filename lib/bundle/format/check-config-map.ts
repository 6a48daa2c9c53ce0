import { toManifestText } from '../../base/documents/manifest-text.ts';
import { isDigest } from '../../base/names/digest.ts';
import {
  RELEASE_NAMESPACE,
  SIGNATURES_NAME,
  type SignatureConfigMapDocument,
} from '../../cluster/render/signature-config-maps.ts';
import { MAX_CONFIG_MAP_SIGNATURES } from '../../stores/config-map-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { BundleError } from './bundle-error.ts';

const FILE_NAME = /^configmaps\/(.*)\.yaml$/;
const ENTRY = /^ {2}((sha[0-9]+)-([0-9a-f]+)-([1-9][0-9]{0,2})): "?([A-Za-z0-9+/]+={0,2})"?$/;

/**
 * Holds a ConfigMap of a bundle against the one that signet writes of the same entries. People give it to `oc apply`,
 * so it must be, byte for byte, that text: another document, kind, name or member would be applied unseen, a key that
 * clusters read by its beginning would hold what was not verified, and two readers of YAML could see different things.
 *
 * @param path inside of the bundle
 * @throws BundleError `EntryRefused`
 */
export function checkConfigMap(path: string, untrustedBytes: Uint8Array): void {
  const lines = Buffer.from(untrustedBytes).toString('latin1').split('\n');
  const entries = lines.flatMap(toEntry);
  const name = FILE_NAME.exec(path)?.[1] ?? '';
  if (!name.startsWith(`${SIGNATURES_NAME}-`)) throw refused(path, `its name does not begin with ${SIGNATURES_NAME}-`);
  if (entries.length === 0) throw refused(path, 'it holds no signature');
  const expected = toManifestText(toDocument(name, entries), 'yaml').split('\n');
  const at = lines.findIndex((line, index) => line !== expected[index]);
  if (at >= 0 || lines.length !== expected.length) {
    throw refused(path, `line ${at < 0 ? lines.length : at + 1} is not one that signet writes`);
  }
}

function toEntry(line: string): readonly (readonly [key: string, value: string])[] {
  const [, key, algorithm = '', hex = '', index, value] = ENTRY.exec(line) ?? [];
  if (key === undefined || value === undefined) return [];
  const digest = `${algorithm}:${hex}`;
  const isKey = isDigest(digest) && Number(index) <= MAX_CONFIG_MAP_SIGNATURES;
  return isKey && isSignatureText(value) ? [[key, value]] : [];
}

/** Only base64 that encodes back to itself: what decoders skip could hide something. */
function isSignatureText(value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length <= MAX_SIGNATURE_BYTES && bytes.toString('base64') === value;
}

function toDocument(name: string, entries: readonly (readonly [string, string])[]): SignatureConfigMapDocument {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: RELEASE_NAMESPACE, labels: { [SIGNATURES_LABEL]: '' } },
    binaryData: Object.fromEntries(entries),
  };
}

function refused(path: string, reason: string): BundleError {
  return new BundleError('EntryRefused', `it is not a ConfigMap that signet writes: ${reason}`, { path });
}
