import { inspectRelease } from '../../artifact/release/inspect-release.ts';
import { openRegistryRelease } from '../../artifact/release/release-source.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import type { ChildManifest } from '../../registry/images/list-children.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import { toCompleteness } from '../slots/slots.ts';
import { type CheckedImage, type CheckPlaces, checkImage, type WantedImage } from './check-image.ts';

/** A release that a mirror should hold. */
export interface WantedRelease {
  readonly digest: Digest;
  readonly versions: readonly string[];
  /** Its canonical repository. */
  readonly repository: Repository;
}

/** A payload of an update graph that nothing leads back to a canonical repository: nothing of it is checked. */
export interface LeftOutPayload {
  readonly pullspec: string;
  readonly versions: readonly string[];
}

/** A component image by its digest. */
export interface WantedComponent {
  readonly name: string;
  readonly repository: Repository;
  readonly digest: Digest;
}

export interface MirrorCheckRequest extends CheckPlaces {
  /** The mirror's repository of release images; where each release is named when left out. */
  readonly mirror?: Repository | undefined;
  readonly releases: readonly WantedRelease[];
  /** Of the same graphs: the result is not whole without them. */
  readonly leftOut?: readonly LeftOutPayload[] | undefined;
  /** Undefined: components are not checked. */
  readonly components?: MirroredComponents | undefined;
  /** Images checked at once. */
  readonly concurrency: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

interface MirroredComponents {
  /** The mirror's repository of component images; where each is named when left out. */
  readonly mirror?: Repository | undefined;
  /** Read from the release image in the mirror. @throws StoreError for what could not be read */
  readonly list: (
    release: Digest,
    signal: AbortSignal,
    /** The name of the release. */
    repository: Repository,
  ) => Promise<readonly WantedComponent[]>;
}

export interface MirrorCheck {
  readonly outcome: CheckedImage['outcome'];
  /** Releases, the images of lists among them, then components, each once. */
  readonly images: readonly CheckedImage[];
  /** Releases whose components could not be listed. */
  readonly unlisted: readonly { readonly digest: Digest; readonly message: string }[];
  /** Missing where there is none. */
  readonly leftOut?: readonly LeftOutPayload[];
}

/**
 * Checks whether a mirror has all that clusters read: manifests, the Sigstore signatures beside them, and the OpenPGP
 * signatures of releases. Each signature is verified. A mirror without anything to check is incomplete.
 *
 * @throws the abort reason of the signal
 */
export async function checkMirror(request: MirrorCheckRequest): Promise<MirrorCheck> {
  const { mirror, releases, leftOut = [], components, concurrency, onProgress, signal } = request;
  let [done, total] = [0, releases.length];
  const checkEach = async (wanted: readonly WantedImage[]) =>
    await runBounded(wanted, concurrency, async (image) => {
      const result = await checkImage(image, request);
      done += 1;
      onProgress?.(done, total);
      return result;
    });
  /** These, and the images of those that are lists, each once. */
  const checkAll = async (wanted: readonly WantedImage[]) => {
    const top = await checkEach(wanted);
    // A list within another list is refused there, so it is checked again even if it was checked by itself.
    const known = new Set(top.flatMap(({ checked, children }) => (children.length > 0 ? [] : nameImage(checked))));
    const inLists = top.flatMap(({ checked, children }) => children.map((child) => toListed(checked, child)));
    const below = takeNew(inLists, known);
    total += below.length;
    return [...top, ...(await checkEach(below))];
  };
  const own = await checkAll(releases.map((release) => toRelease(release, mirror)));
  const images = own.map(({ checked }) => checked);
  if (components === undefined) return conclude(images, [], leftOut);
  const readable = own.filter(({ checked, children }) => checked.manifest.state === 'present' && children.length === 0);
  const { wanted, unlisted } = await listComponents(
    readable.map(({ checked }) => checked),
    components,
    concurrency,
    signal,
  );
  total += wanted.length;
  const parts = await checkAll(wanted);
  return conclude([...images, ...parts.map(({ checked }) => checked)], unlisted, leftOut);
}

function toRelease({ digest, repository, versions }: WantedRelease, place: Repository = repository): WantedImage {
  return { digest, repository, place, kind: 'release', names: versions };
}

function toListed({ digest: list, repository, place, kind, names }: CheckedImage, child: ChildManifest): WantedImage {
  const { digest, platform } = child;
  const named = names.map((name) => (platform === undefined ? name : `${name} ${platform.architecture}`));
  return { digest, repository, place, kind, names: named, list };
}

/** The same digest under another name is another image: other policies may cover it. */
function nameImage({ repository, digest }: Pick<WantedImage, 'repository' | 'digest'>): string {
  return `${repository}@${digest}`;
}

function takeNew<T extends Pick<WantedImage, 'repository' | 'digest'>>(
  items: readonly T[],
  known: Set<string>,
): readonly T[] {
  return items.filter((item) => {
    const name = nameImage(item);
    if (known.has(name)) return false;
    known.add(name);
    return true;
  });
}

/** Each component once, whatever releases it is part of. */
async function listComponents(
  releases: readonly CheckedImage[],
  { mirror, list }: MirroredComponents,
  concurrency: number,
  signal: AbortSignal,
): Promise<{ readonly wanted: readonly WantedImage[]; readonly unlisted: MirrorCheck['unlisted'] }> {
  const unlisted: MirrorCheck['unlisted'][number][] = [];
  const lists = await runBounded(releases, concurrency, async ({ digest, repository }) => {
    try {
      return await list(digest, signal, repository);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      unlisted.push({ digest, message: error.message });
      return [];
    }
  });
  const wanted = takeNew(lists.flat(), new Set()).map(({ digest, repository, name }) => ({
    digest,
    repository,
    place: mirror ?? repository,
    kind: 'component' as const,
    names: [name],
  }));
  return { wanted, unlisted };
}

function conclude(
  images: readonly CheckedImage[],
  unlisted: MirrorCheck['unlisted'],
  leftOut: readonly LeftOutPayload[],
): MirrorCheck {
  const held = allOf(images.map(({ outcome }) => OUTCOMES[outcome]));
  const outcome = toCompleteness(allOf([held, ...[...unlisted, ...leftOut].map(() => 'indeterminate' as const)]));
  return { outcome, images, unlisted, ...(leftOut.length === 0 ? {} : { leftOut }) };
}

const OUTCOMES = { complete: 'accepted', incomplete: 'rejected', indeterminate: 'indeterminate' } as const;

/**
 * The components that a release image in a mirror is made of, read from its layers.
 *
 * @throws StoreError of the registry; `BodyInvalid` for contents with a fault, or a component that is not by digest
 */
export async function listReleaseComponents(
  registry: Pick<RegistryClient, 'readManifest' | 'streamBlob'>,
  mirror: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly WantedComponent[]> {
  const pullspec = parsePullspec(`${mirror}@${digest}`);
  const { images, faults } = await inspectRelease(openRegistryRelease(pullspec, registry), { signal });
  const [fault] = [...faults, ...images.flatMap((image) => image.faults)];
  if (fault !== undefined) throw new StoreError('BodyInvalid', `${pullspec.text}: ${fault.message}`);
  const components = images.flatMap((image) => image.components);
  if (components.length === 0) throw new StoreError('BodyInvalid', `${pullspec.text} names no component`);
  return components.map(({ name, pullspec: text, digest: pinned }) => {
    if (pinned === undefined) throw new StoreError('BodyInvalid', `${name} is not by digest: ${text}`);
    return { name, repository: parsePullspec(text).repository, digest: pinned };
  });
}
