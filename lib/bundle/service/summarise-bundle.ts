import type { BundleLinks } from './bundle-links.ts';
import type { BundleState } from './bundle-state.ts';

/** What a caller is told of a bundle; with a link when it is done. */
export async function summariseBundle(
  state: BundleState,
  links: BundleLinks,
): Promise<Readonly<Record<string, unknown>>> {
  const { schema: _, ...told } = state;
  return state.state === 'done' ? { ...told, link: await links.toLink(state.id) } : told;
}
