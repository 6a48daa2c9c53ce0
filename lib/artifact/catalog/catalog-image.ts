import type { Pullspec } from '../../base/names/pullspec.ts';

/** An image that a catalog, bundle or list names, once. */
export interface CatalogImage {
  readonly pullspec: Pullspec;
  /** What names it, in the order of the file: `bundle a.v1`, `line 3`. */
  readonly origins: readonly string[];
}

/** One place of a file that names an image. */
export interface NamedImage {
  readonly text: string;
  readonly origin: string;
  readonly line: number;
}
