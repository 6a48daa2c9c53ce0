import { decodeText, faultAt, readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';
import { listObjectImages, type NamedImage } from './list-object-images.ts';

/** An image in a catalog, bundle or list, with every place that names it. */
export interface CatalogImage {
  readonly pullspec: Pullspec;
  /** The places in file order, such as `bundle a.v1` or `line 3`. */
  readonly origins: readonly string[];
}

/** An entry that cannot be used, and why. */
export interface CatalogFault {
  /** Such as `bundle a.v1`. */
  readonly origin: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface Catalog {
  readonly images: readonly CatalogImage[];
  /** In file order. */
  readonly faults: readonly CatalogFault[];
  /** Kinds of objects that name no image. */
  readonly without: readonly string[];
}

/**
 * Parses the images of a file-based catalog (a stream of JSON or YAML), of ClusterServiceVersions and other objects, or of
 * a plain list with one pullspec, or one `source=destination` of oc-mirror, on each line. The text shows which it is;
 * images keep the order of the file. An entry that cannot be used is a fault and never the end.
 *
 * @throws InputError `FileUnreadable` for a file that is neither, and for one that names no image
 */
export function parseCatalog(file: string, bytes: Uint8Array): Catalog {
  const text = decodeText(file, bytes);
  const images = new Map<string, { readonly pullspec: Pullspec; readonly origins: Set<string> }>();
  const faults: CatalogFault[] = [];
  const without = new Set<string>();
  for (const entry of isStream(text) ? listStreamEntries(file, text) : listLines(text)) {
    if (entry.kind === 'without') without.add(entry.of);
    else if (entry.kind === 'fault') faults.push({ origin: entry.origin, line: entry.line, message: entry.message });
    else addImage(entry, images, faults);
  }
  if (images.size === 0) {
    const [fault] = faults;
    if (fault !== undefined) throw faultAt(file, fault.line, `${fault.origin}: ${fault.message}`);
    throw new InputError('FileUnreadable', `${file}: no image found`);
  }
  return {
    images: [...images.values()].map(({ pullspec, origins }) => ({ pullspec, origins: [...origins] })),
    faults,
    without: [...without],
  };
}

function addImage(
  { text, origin, line }: NamedImage,
  images: Map<string, { readonly pullspec: Pullspec; readonly origins: Set<string> }>,
  faults: CatalogFault[],
): void {
  const known = images.get(text);
  if (known !== undefined) {
    known.origins.add(origin);
    return;
  }
  try {
    images.set(text, { pullspec: parsePullspec(text), origins: new Set([origin]) });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    faults.push({ origin, line, message: error.message });
  }
}

/** True for JSON or YAML: no pullspec starts with a bracket or `---`, or has a colon before a space or the end. */
function isStream(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? '';
  return /^\s*[{[]/.test(first) || first.startsWith('---') || /:(?:\s|$)/.test(first);
}

function* listStreamEntries(file: string, text: string): ReturnType<typeof listObjectImages> {
  for (const source of readObjects(file, text)) yield* listObjectImages(source);
}

function* listLines(text: string): ReturnType<typeof listObjectImages> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const named = line.trim();
    if (named === '' || named.startsWith('#')) continue;
    // What oc-mirror and oc image mirror take: source=destination. No pullspec has an equals sign.
    const [source = ''] = named.split('=');
    const reference = source.replace(/^docker:\/\//, '');
    yield { kind: 'image', text: reference, origin: `line ${index + 1}`, line: index + 1 };
  }
}
