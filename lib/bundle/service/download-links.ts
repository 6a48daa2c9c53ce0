import type { BundleLinks } from './bundle-links.ts';

/** Links to the service itself, where objects are files of its own machine. */
export function createDownloadLinks(): BundleLinks {
  return { toLink: async (id) => `/v1/bundles/${id}/download` };
}
