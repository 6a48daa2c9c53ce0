import type { Digest } from '../../base/names/digest.ts';
import { formatPlatform, type Platform } from '../../base/names/platform.ts';
import type { ManifestMediaType } from '../client/registry-answers.ts';
import { DOCKER_LIST, type IndexEntry, invalidIndex, OCI_INDEX, readIndexEntries } from './read-index.ts';

/** An image that a node would choose from an index. */
export interface ChosenImage {
  readonly digest: Digest;
  /** The platforms whose nodes choose it, formatted; never empty. */
  readonly platforms: readonly string[];
}

/** An entry of an index that no node of the platforms in question runs, such as an attestation. */
export interface ListedEntry {
  readonly digest: Digest;
  /** Formatted; undefined where the index names none. */
  readonly platform: string | undefined;
}

export interface ChosenImages {
  /** Never empty; each digest once. */
  readonly images: readonly ChosenImage[];
  readonly others: readonly ListedEntry[];
}

/**
 * The images that nodes choose from an index, one for each platform, as containers/image's ChooseInstance chooses them.
 *
 * @param index whose digest has been compared with the one asked for
 * @param wanted undefined: every `linux/*` platform that the index names
 * @throws StoreError `BodyInvalid` for what is not an index, for one that names another index, and where no image is
 *   left; `LimitExceeded`
 */
export function chooseImages(
  index: { readonly bytes: Uint8Array; readonly mediaType: ManifestMediaType },
  wanted: readonly Platform[] | undefined,
): ChosenImages {
  const entries = readIndexEntries(index);
  const platforms = wanted ?? listLinuxPlatforms(entries);
  const chosen = new Map<Digest, string[]>();
  for (const platform of platforms) {
    const entry =
      index.mediaType === OCI_INDEX ? chooseFromIndex(entries, platform) : chooseFromList(entries, platform);
    if (entry === undefined) continue;
    if (entry.mediaType === OCI_INDEX || entry.mediaType === DOCKER_LIST) {
      throw invalidIndex(`the image for ${formatPlatform(platform)}, ${entry.digest}, is an index itself`);
    }
    chosen.set(entry.digest, [...(chosen.get(entry.digest) ?? []), formatPlatform(platform)]);
  }
  if (chosen.size === 0) {
    const named = wanted === undefined ? 'linux' : wanted.map(formatPlatform).join(', ');
    throw invalidIndex(`it names no image for ${named}`);
  }
  const others = entries.filter(({ digest }) => !chosen.has(digest));
  return {
    images: [...chosen].map(([digest, names]) => ({ digest, platforms: [...new Set(names)] })),
    others: distinct(others),
  };
}

/**
 * The platforms of Linux nodes that an index has an image for. An entry without a platform is what nodes of every other
 * platform choose, so it counts as the commonest one where the index names none.
 */
function listLinuxPlatforms(entries: readonly IndexEntry[]): readonly Platform[] {
  const named = new Map<string, Platform>();
  for (const { platform } of entries) {
    if (platform?.os === 'linux') named.set(formatPlatform(platform), platform);
  }
  if (named.size > 0) return [...named.values()];
  return entries.some(({ platform }) => platform === undefined) ? [COMMONEST] : [];
}

const COMMONEST: Platform = { os: 'linux', architecture: 'amd64', variant: '' };

/** The lower the place among the wanted variants the better, then zstd, then the first; no platform comes last. */
function chooseFromIndex(entries: readonly IndexEntry[], platform: Platform): IndexEntry | undefined {
  const variants = listVariants(platform);
  const candidates = entries.flatMap((entry) => {
    const rank = entry.platform === undefined ? variants.length : findRank(entry.platform, platform, variants);
    return rank === undefined ? [] : [{ entry, rank }];
  });
  const best = Math.min(...candidates.map(({ rank }) => rank));
  const equal = candidates.filter(({ rank }) => rank === best).map(({ entry }) => entry);
  return equal.find(({ isZstd }) => isZstd) ?? equal[0];
}

function chooseFromList(entries: readonly IndexEntry[], platform: Platform): IndexEntry | undefined {
  for (const [rank] of listVariants(platform).entries()) {
    const found = entries.find((entry) => {
      return entry.platform !== undefined && findRank(entry.platform, platform, listVariants(platform)) === rank;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function findRank(own: Platform, { os, architecture }: Platform, variants: readonly string[]): number | undefined {
  const rank = own.os === os && own.architecture === architecture ? variants.indexOf(own.variant) : -1;
  return rank < 0 ? undefined : rank;
}

/** Known variants, from the most capable. */
const VARIANTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['arm', ['v8', 'v7', 'v6', 'v5']],
  ['arm64', ['v8']],
]);

/** The variants that a node of a platform takes, the best one first. */
function listVariants({ architecture, variant }: Platform): readonly string[] {
  const known = VARIANTS.get(architecture) ?? [];
  if (variant === '') return ['', ...known];
  const from = known.indexOf(variant);
  return [...(from < 0 ? [variant] : known.slice(from)), ''];
}

function distinct(entries: readonly IndexEntry[]): readonly ListedEntry[] {
  const listed = new Map<Digest, ListedEntry>();
  for (const { digest, platform } of entries) {
    if (listed.has(digest)) continue;
    listed.set(digest, { digest, platform: platform === undefined ? undefined : formatPlatform(platform) });
  }
  return [...listed.values()];
}
