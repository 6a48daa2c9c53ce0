import { decodeText, faultAt, readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../base/names/pullspec.ts';
import type { CatalogImage, NamedImage } from './catalog-image.ts';
import { listObjectImages } from './list-object-images.ts';

/**
 * The images of a file-based catalog (a stream of JSON or YAML), of a bundle's ClusterServiceVersion, or of a plain
 * list with one pullspec to a line, in the order in which they come. The text tells which it is.
 *
 * @throws InputError `FileUnreadable` with the line and the object at fault, and for a file that names no image
 */
export function parseCatalog(file: string, bytes: Uint8Array): readonly CatalogImage[] {
  const text = decodeText(file, bytes);
  const images = new Map<string, { readonly pullspec: Pullspec; readonly origins: Set<string> }>();
  for (const { text: named, origin, line } of isStream(text) ? listStreamImages(file, text) : listLines(text)) {
    const known = images.get(named);
    if (known !== undefined) {
      known.origins.add(origin);
      continue;
    }
    images.set(named, { pullspec: parseNamed(file, line, origin, named), origins: new Set([origin]) });
  }
  if (images.size === 0) throw new InputError('FileUnreadable', `${file}: it names no image`);
  return [...images.values()].map(({ pullspec, origins }) => ({ pullspec, origins: [...origins] }));
}

function* listStreamImages(file: string, text: string): Generator<NamedImage> {
  for (const source of readObjects(file, text)) yield* listObjectImages(source);
}

function* listLines(text: string): Generator<NamedImage> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const named = line.trim();
    if (named !== '' && !named.startsWith('#')) {
      yield { text: named, origin: `line ${index + 1}`, line: index + 1 };
    }
  }
}

/** No pullspec starts with a brace, is a document mark, or has a colon before a space or the end. */
function isStream(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? '';
  return /^\s*[{[]/.test(first) || first.startsWith('---') || /:(?:\s|$)/.test(first);
}

function parseNamed(file: string, line: number, origin: string, text: string): Pullspec {
  try {
    return parsePullspec(text);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw faultAt(file, line, `${origin}: ${cause.message}`, cause);
  }
}
