/** What an object asks for that it did not ask for before. */
export type AdmissionQuestion =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'images'; readonly images: readonly AskedImage[]; readonly force: boolean }
  /** A version that nothing in the object leads to an image for. */
  | { readonly kind: 'unresolved'; readonly path: string; readonly message: string; readonly force: boolean };

export interface AskedImage {
  /** Where in the object it stands, or what led to it. */
  readonly path: string;
  /** As it is written. */
  readonly image: string;
}

export const NOTHING_ASKED: AdmissionQuestion = { kind: 'nothing' };
