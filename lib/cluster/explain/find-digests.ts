import { type Digest, isDigest } from '../../base/names/digest.ts';

/** As pullspecs, signature stores and ConfigMap keys spell a digest. */
const SPELLED = /(?<![A-Za-z0-9])(sha(?:256|384|512))[:=-]([0-9a-f]+)(?![A-Za-z0-9])/g;

/** The digests that stand in a text, each once; one that is cut off or misspelt is none. */
export function findDigests(text: string): readonly Digest[] {
  const found = [...text.matchAll(SPELLED)].map(([, algorithm = '', hex = '']) => `${algorithm}:${hex}`);
  return [...new Set(found.filter(isDigest))];
}
