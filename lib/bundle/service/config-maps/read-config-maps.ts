import { type ManifestFormat, toManifestsText } from '../../../base/documents/manifest-text.ts';
import { StoreError } from '../../../base/errors/store-error.ts';
import {
  type HeldSignatures,
  readSignedReleases,
  type SignedReleases,
} from '../../../cluster/render/read-signed-releases.ts';
import { toMinor } from '../../../cluster/render/release-version.ts';
import {
  type SignatureConfigMapDocument,
  toSignatureConfigMaps,
} from '../../../cluster/render/signature-config-maps.ts';
import { type ConfigMapsRequest, compareCursors, parseConfigMapCursor } from './parse-config-maps-request.ts';

/** Bytes of one answer, so that it passes through Lambda (6 MB, as JSON within JSON). */
export const MAX_PAGE_BYTES = 4_000_000;
/** What stands between two documents. */
const SEPARATOR_BYTES = 4;

export interface ConfigMapsPage {
  readonly text: string;
  /** Name of the last ConfigMap of this page, where more follow. */
  readonly next: string | undefined;
  readonly read: SignedReleases;
}

/**
 * One page of the ConfigMaps of what the mirror holds and the profile verifies, in the order of their names' versions
 * and numbers. A cursor is a place in that order: a digest that is added between two pages changes ConfigMaps in their
 * places, and moves to later ones alone (`toShards`), so that no digest is missed by who reads on.
 *
 * @throws ConfigurationError, StoreError, `TimedOut` when the signal ends it
 */
export async function readConfigMaps(
  { digests, minors, after }: ConfigMapsRequest,
  format: ManifestFormat,
  held: HeldSignatures,
  maxBytes: number = MAX_PAGE_BYTES,
): Promise<ConfigMapsPage> {
  const read = await readInTime({ ...held, digests });
  const releases =
    minors === undefined
      ? read.releases
      : read.releases.filter(({ version }) => version !== undefined && minors.includes(toMinor(version) ?? ''));
  const all = toSignatureConfigMaps(releases);
  const rest = after === undefined ? all : all.filter((one) => compareCursors(toCursor(one), after) > 0);
  const page = takePage(rest, format, maxBytes);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  return { text: toText(page, format), next: last?.metadata.name, read };
}

async function readInTime(request: Parameters<typeof readSignedReleases>[0]): Promise<SignedReleases> {
  try {
    return await readSignedReleases(request);
  } catch (cause) {
    if (!request.signal.aborted) throw cause;
    throw new StoreError('TimedOut', 'the signatures could not be read in time', { cause });
  }
}

/** At least one: a ConfigMap is far smaller than a page. */
function takePage(
  configMaps: readonly SignatureConfigMapDocument[],
  format: ManifestFormat,
  maxBytes: number,
): readonly SignatureConfigMapDocument[] {
  let total = 0;
  const end = configMaps.findIndex((configMap, index) => {
    // With the frame of a list of its own, which is more than it takes within one.
    total += Buffer.byteLength(toManifestsText([configMap], format)) + SEPARATOR_BYTES;
    return index > 0 && total > maxBytes;
  });
  return end === -1 ? configMaps : configMaps.slice(0, end);
}

/** Nothing at all would be no YAML document. */
function toText(page: readonly SignatureConfigMapDocument[], format: ManifestFormat): string {
  if (page.length > 0 || format === 'json') return toManifestsText(page, format);
  return 'apiVersion: v1\nkind: List\nitems: []\n';
}

function toCursor({ metadata }: SignatureConfigMapDocument): ReturnType<typeof parseConfigMapCursor> {
  return parseConfigMapCursor(metadata.name);
}
