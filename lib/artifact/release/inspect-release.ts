import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import { type ListedImages, listImages } from '../../registry/images/list-children.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import { ReleaseError } from './image/release-error.ts';
import { inspectImage, type LayerBudget, toReleaseFault } from './inspect-image.ts';
import type {
  InspectedImage,
  ReleaseInspection,
  ReleaseSource,
  ReleaseVerifier,
  Verification,
} from './release-source.ts';

/** Images of a list that are inspected. */
const MAX_IMAGES = 16;
/** Components that are verified at the same time. */
export const MAX_CONCURRENT_COMPONENTS = 8;

interface InspectOptions {
  /** Only the image of this architecture; by default all images of a list. */
  readonly architecture?: string | undefined;
  /** Without it only digests are verified. */
  readonly verifier?: ReleaseVerifier | undefined;
  /** Called with the number of verified components. */
  readonly onVerified?: ((done: number, total: number) => void) | undefined;
  /** The limits of each image; by default 512 MiB. */
  readonly budget?: LayerBudget | undefined;
  readonly signal: AbortSignal;
}

/**
 * Inspects the components of a release image, from bytes whose digests were all checked. A fault of the contents, a
 * component without a digest, and one that does not verify reject the release.
 *
 * @throws StoreError for a failed read; InputError for an architecture that the release does not have
 */
export async function inspectRelease(source: ReleaseSource, options: InspectOptions): Promise<ReleaseInspection> {
  const read = await readImages(source, options);
  const { verifier, onVerified } = options;
  if (verifier === undefined || read.digest === undefined) return conclude(read);
  const verification = await verifier.release(read.digest, source);
  const images = await verifyComponents(read.images, verifier.component, onVerified);
  return conclude({ ...read, verification, images });
}

type Findings = Omit<ReleaseInspection, 'outcome'>;

function conclude(findings: Findings): ReleaseInspection {
  const { images, faults, verification } = findings;
  const components = images.flatMap((image) => image.components);
  const isFaulty =
    faults.length > 0 ||
    images.length === 0 ||
    images.some((image) => image.faults.length > 0 || image.components.length === 0) ||
    components.some(({ digest }) => digest === undefined);
  const verified = [{ verification }, ...components].flatMap((one) => one.verification?.outcome ?? []);
  return { outcome: allOf([isFaulty ? 'rejected' : 'accepted', ...verified]), ...findings };
}

async function readImages(source: ReleaseSource, options: InspectOptions): Promise<Findings> {
  const { description: release } = source;
  const { architecture, signal, budget } = options;
  const wanted = architecture === undefined ? undefined : toArchitecture(architecture);
  let digest: Digest | undefined;
  const images: InspectedImage[] = [];
  try {
    const manifest = await source.readManifest(undefined, signal);
    digest = manifest.digest;
    const children = selectImages(manifest, wanted);
    if (children === undefined) {
      const image = await inspectImage(source, manifest, signal, budget);
      checkArchitecture(image, wanted);
      images.push(image);
    }
    for (const child of children ?? []) images.push(await inspectChild(source, child, options));
    return { release, digest, images, faults: [] };
  } catch (error) {
    const faults = [toReleaseFault(error)];
    return { release, ...(digest === undefined ? {} : { digest }), images, faults };
  }
}

async function inspectChild(
  source: ReleaseSource,
  digest: Digest,
  { signal, budget }: InspectOptions,
): Promise<InspectedImage> {
  let manifest: Manifest;
  try {
    manifest = await source.readManifest(digest, signal);
  } catch (error) {
    return { digest, components: [], faults: [toReleaseFault(error)] };
  }
  return await inspectImage(source, manifest, signal, budget);
}

function checkArchitecture({ platform }: InspectedImage, wanted: string | undefined): void {
  if (wanted === undefined || platform === undefined || platform.architecture === wanted) return;
  throw new InputError(
    'ArgumentInvalid',
    `the release has no image for ${JSON.stringify(wanted)}: it has ${platform.architecture}`,
  );
}

/** The architectures whose names in OpenShift versions differ from those in images. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
]);

function toArchitecture(name: string): string {
  return OTHER_NAMES.get(name) ?? name;
}

/**
 * Selects the images of a list, all or those of one architecture; undefined for a manifest that is not a list. Entries that
 * are not images of a platform, such as attestations, are ignored. A nested list is refused: nodes cannot pull it.
 *
 * @throws ReleaseError `ImageUnsupported`, `LimitExceeded`; StoreError `LimitExceeded`; InputError `ArgumentInvalid`
 */
function selectImages(manifest: Manifest, wanted: string | undefined): readonly Digest[] | undefined {
  const children = list(manifest);
  if (children === undefined) return undefined;
  const selected = children.filter(({ platform }) => wanted === undefined || platform?.architecture === wanted);
  if (selected.length === 0) {
    const there = children.map(({ platform }) => platform?.architecture ?? 'unknown').join(', ');
    throw new InputError('ArgumentInvalid', `the release has no image for ${JSON.stringify(wanted)}: it has ${there}`);
  }
  if (selected.length > MAX_IMAGES) {
    throw new ReleaseError('LimitExceeded', `the list has more than ${MAX_IMAGES} images: choose an architecture`);
  }
  return selected.map(({ digest }) => digest);
}

function list(manifest: Manifest): ListedImages['images'] | undefined {
  try {
    return listImages(manifest)?.images;
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== 'BodyInvalid') throw cause;
    throw new ReleaseError('ImageUnsupported', cause.message, { cause });
  }
}

/** Verifies each component with a digest. Images of a list share components: each pullspec is verified once. */
async function verifyComponents(
  images: readonly InspectedImage[],
  verify: ReleaseVerifier['component'],
  onVerified: (done: number, total: number) => void = () => undefined,
): Promise<readonly InspectedImage[]> {
  const components = images.flatMap((image) => image.components);
  const pinned = new Set(components.filter(({ digest }) => digest !== undefined).map(({ pullspec }) => pullspec));
  const decided = new Map<string, Verification>();
  await runBounded([...pinned], MAX_CONCURRENT_COMPONENTS, async (pullspec) => {
    decided.set(pullspec, await verify(pullspec));
    onVerified(decided.size, pinned.size);
  });
  return images.map((image) => ({
    ...image,
    components: image.components.map((component) => {
      const verification = decided.get(component.pullspec);
      return verification === undefined || component.digest === undefined ? component : { ...component, verification };
    }),
  }));
}
