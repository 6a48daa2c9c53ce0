/** Where a caller can fetch a finished bundle. */
export interface BundleLinks {
  /** An address, or a path of this service, for whoever may read the state of this bundle. */
  toLink(id: string): Promise<string>;
}
