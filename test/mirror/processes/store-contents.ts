/** How a store answers for a digest before it does as it should. */
export type Fault = 'status' | 'hang' | 'truncated' | 'oversize' | 'page';

/** What `serve-stores.ts` serves, by `<algo>=<hex>`. */
export type StoreContents = Readonly<
  Record<
    string,
    {
      /** Base64, in order. */
      readonly signatures: readonly string[];
      /** The first so many times that the digest is asked about. */
      readonly fault?: { readonly kind: Fault; readonly times: number };
    }
  >
>;
