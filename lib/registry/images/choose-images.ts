import type { Digest } from '../../base/names/digest.ts';
import { formatPlatform, type Platform } from '../../base/names/platform.ts';
import type { ManifestMediaType } from '../client/registry-answers.ts';
import { DOCKER_LIST, type IndexEntry, invalidIndex, OCI_INDEX, readIndexEntries } from './read-index.ts';

/** An image that a node would choose from an index. */
export interface ChosenImage {
  readonly digest: Digest;
  /** The platforms whose nodes choose it, formatted; never empty. */
  readonly platforms: readonly string[];
  /** Only nodes of platforms that the index does not name choose it, because its entry names none: perhaps an artefact. */
  readonly isFallback: boolean;
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
 * The images that nodes choose from an index, as containers/image's ChooseInstance chooses them.
 *
 * @param index whose digest has been compared with the one asked for
 * @param wanted undefined: every `linux/*` platform that the index names, and all others where an entry names none
 * @throws StoreError `BodyInvalid` for what is not an index, for one that names another index, and where no image is
 *   left; `LimitExceeded`
 */
export function chooseImages(
  index: { readonly bytes: Uint8Array; readonly mediaType: ManifestMediaType },
  wanted: readonly Platform[] | undefined,
): ChosenImages {
  const entries = readIndexEntries(index);
  const isList = index.mediaType === DOCKER_LIST;
  const choices = (wanted ?? listLinuxPlatforms(entries)).flatMap((platform) => {
    const nodes = wanted === undefined ? [platform] : toNodes(platform);
    const chosen = new Set(nodes.flatMap((node) => chooseAll(entries, node, isList)));
    return [...chosen].map((entry) => ({ entry, platform: formatPlatform(platform) }));
  });
  if (choices.length === 0) {
    const named = wanted === undefined ? 'linux' : wanted.map(formatPlatform).join(', ');
    throw invalidIndex(`it names no image for ${named}`);
  }
  const fallback = wanted === undefined ? chooseBest(entries.filter(isForAny)) : undefined;
  if (fallback !== undefined) choices.push({ entry: fallback, platform: OTHER_PLATFORMS });
  const chosen = new Map<Digest, string[]>();
  for (const { entry, platform } of choices) {
    const { digest, mediaType } = entry;
    if (mediaType === OCI_INDEX || mediaType === DOCKER_LIST) {
      throw invalidIndex(`the image for ${platform}, ${digest}, is an index itself`);
    }
    chosen.set(digest, [...(chosen.get(digest) ?? []), platform]);
  }
  const others = entries.filter(({ digest }) => !chosen.has(digest));
  return {
    images: [...chosen].map(([digest, names]) => toImage(digest, [...new Set(names)])),
    others: distinct(others),
  };
}

/** The platforms of an image that nodes choose where the index names no image of theirs. */
const OTHER_PLATFORMS = 'any other platform';

function toImage(digest: Digest, names: readonly string[]): ChosenImage {
  const platforms = names.length > 1 ? names.filter((name) => name !== OTHER_PLATFORMS) : names;
  return { digest, platforms, isFallback: platforms[0] === OTHER_PLATFORMS };
}

/**
 * The platforms of Linux nodes that an index has an image for. An entry without a platform is what nodes of every other
 * platform choose, so it counts as the commonest one where the index names none.
 */
function listLinuxPlatforms(entries: readonly IndexEntry[]): readonly Platform[] {
  // By its parts: the architecture `arm64/v8` must not stand for the variant v8 of arm64.
  const named = new Map<string, Platform>();
  for (const { platform } of entries) {
    if (platform?.os !== 'linux') continue;
    named.set(JSON.stringify([platform.architecture, platform.variant]), platform);
  }
  if (named.size > 0) return [...named.values()];
  return entries.some(isForAny) ? [COMMONEST] : [];
}

const COMMONEST: Platform = { os: 'linux', architecture: 'amd64', variant: '' };

function isForAny({ platform }: IndexEntry): boolean {
  return platform === undefined;
}

/**
 * Nodes detect the variant of their processor: one of arm64 asks for v8 first. What is said of a platform without a
 * variant has to hold for each of them, and for a node that detects none.
 */
function toNodes(platform: Platform): readonly Platform[] {
  if (platform.variant !== '') return [platform];
  return ['', ...(VARIANTS.get(platform.architecture) ?? [])].map((variant) => ({ ...platform, variant }));
}

/**
 * What a node chooses. Of a Docker list it is also what a node chooses that a registry gives the list as an OCI index:
 * nothing but the registry's header tells nodes how to read one, and no list of Docker's makers differs in the two.
 */
function chooseAll(entries: readonly IndexEntry[], node: Platform, isList: boolean): readonly IndexEntry[] {
  const chosen = [chooseFromIndex(entries, node), isList ? chooseFromList(entries, node) : undefined];
  return [...new Set(chosen)].flatMap((entry) => entry ?? []);
}

/** The lower the place among the wanted variants the better, then zstd, then the first; no platform comes last. */
function chooseFromIndex(entries: readonly IndexEntry[], platform: Platform): IndexEntry | undefined {
  const variants = listVariants(platform);
  const candidates = entries.flatMap((entry) => {
    const rank = entry.platform === undefined ? variants.length : findRank(entry.platform, platform, variants);
    return rank === undefined ? [] : [{ entry, rank }];
  });
  const best = Math.min(...candidates.map(({ rank }) => rank));
  return chooseBest(candidates.filter(({ rank }) => rank === best).map(({ entry }) => entry));
}

/** Of entries for the same platform. */
function chooseBest(equal: readonly IndexEntry[]): IndexEntry | undefined {
  return equal.find(({ isZstd }) => isZstd) ?? equal[0];
}

function chooseFromList(entries: readonly IndexEntry[], platform: Platform): IndexEntry | undefined {
  const variants = listVariants(platform);
  for (const rank of variants.keys()) {
    const found = entries.find(
      (entry) => entry.platform !== undefined && findRank(entry.platform, platform, variants) === rank,
    );
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
