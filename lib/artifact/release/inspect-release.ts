import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { inspectImage, toReleaseFault } from './inspect-image.ts';
import type { LayerBudget } from './read-release-files.ts';
import type { InspectedImage, ReleaseInspection, ReleaseVerifier } from './release-inspection.ts';
import type { ReleaseSource } from './release-source.ts';
import { selectImages, toArchitecture } from './select-images.ts';
import { verifyComponents } from './verify-components.ts';

export interface InspectOptions {
  /** Of a list, this image alone. */
  readonly architecture?: string | undefined;
  /** Without it nothing is verified but digests. */
  readonly verifier?: ReleaseVerifier | undefined;
  /** How many of the components have been verified. */
  readonly onVerified?: ((done: number, total: number) => void) | undefined;
  /** Of each image; left out: the limits of this folder. */
  readonly budget?: LayerBudget | undefined;
  readonly signal: AbortSignal;
}

/**
 * What a release image says it is made of, read from bytes that all have their digests. A fault of the contents, a
 * component that is not by digest and one that does not verify reject the release.
 *
 * @throws StoreError for what could not be read; InputError for an architecture that is not there
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
  throw new InputError('ArgumentInvalid', `the image is for ${platform.architecture}, and there is no other`);
}

function conclude(findings: Findings): ReleaseInspection {
  const { images, faults, verification } = findings;
  const components = images.flatMap((image) => image.components);
  const isFaulty =
    faults.length > 0 ||
    // Nothing was accepted where there is nothing.
    images.length === 0 ||
    images.some((image) => image.faults.length > 0 || image.components.length === 0) ||
    components.some(({ digest }) => digest === undefined);
  const outcomes: readonly Outcome[] = [
    isFaulty ? 'rejected' : 'accepted',
    ...[{ verification }, ...components].flatMap((one) => one.verification?.outcome ?? []),
  ];
  const outcome = (['rejected', 'indeterminate'] as const).find((worst) => outcomes.includes(worst)) ?? 'accepted';
  return { outcome, ...findings };
}
