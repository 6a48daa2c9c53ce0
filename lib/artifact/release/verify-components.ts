import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { InspectedImage, ReleaseVerifier, Verification } from './release-inspection.ts';

/** Components that are verified at the same time. */
export const CONCURRENCY = 8;

/**
 * Puts to each component that is by digest what was decided about it. The images of a list name many components in
 * common: each pullspec is decided about once.
 */
export async function verifyComponents(
  images: readonly InspectedImage[],
  verify: ReleaseVerifier['component'],
  onVerified: (done: number, total: number) => void = () => undefined,
): Promise<readonly InspectedImage[]> {
  const components = images.flatMap((image) => image.components);
  const pinned = new Set(components.filter(({ digest }) => digest !== undefined).map(({ pullspec }) => pullspec));
  const decided = new Map<string, Verification>();
  await runBounded([...pinned], CONCURRENCY, async (pullspec) => {
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
