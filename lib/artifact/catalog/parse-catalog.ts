import { parse } from 'yaml';
import { FOREIGN_BREAKS } from '../../base/documents/find-yaml-fault.ts';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { decodeText, faultAt, isJson, readObjects } from '../../base/documents/read-objects.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';
import { type CatalogEntry, listObjectImages, type NamedImage, toEntry } from './list-object-images.ts';
import { listEntries } from './listed-images.ts';

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
  for (const entry of listEntriesOf(file, text)) {
    if (entry.kind === 'without') without.add(entry.of);
    else if (entry.kind === 'fault') faults.push({ origin: entry.origin, line: entry.line, message: entry.message });
    else addImage(entry, images, faults);
  }
  if (images.size === 0) {
    const [fault] = faults;
    if (fault !== undefined) throw faultAt(file, fault.line, describeFault(fault, text));
    throw new InputError('FileUnreadable', `${file}: no image found`);
  }
  return {
    images: [...images.values()].map(({ pullspec, origins }) => ({ pullspec, origins: [...origins] })),
    faults,
    without: [...without],
  };
}

/** All entries; of a YAML text with breaks of programs in Go also those that only their reading has. */
function* listEntriesOf(file: string, text: string): Generator<CatalogEntry> {
  if (!isStream(text)) {
    yield* listLines(text);
    return;
  }
  const other = isJson(text) ? text : text.replaceAll(FOREIGN_BREAKS, '\n');
  const faults = new Set<string>();
  for (const entry of listStreamEntries(file, text)) {
    if (entry.kind === 'fault' && other !== text) faults.add(entry.message);
    yield entry;
  }
  if (other === text) return;
  for (const entry of listStreamEntries(file, other)) {
    if (entry.kind !== 'fault' || !faults.has(entry.message)) yield entry;
  }
}

/** A value that cannot be read has no name, and its line is told already. */
function describeFault({ origin, message }: CatalogFault, text: string): string {
  return isStream(text) && origin.startsWith('line ') ? message : `${origin}: ${message}`;
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
  const first = readFirst(text);
  return /^\s*[{[]/.test(first) || first.startsWith('---') || /:(?:\s|$)/.test(first);
}

/** The first line that holds anything. */
function readFirst(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#')) ?? '';
}

function* listStreamEntries(file: string, text: string): Generator<CatalogEntry> {
  const list = readList(file, text);
  if (list !== undefined) {
    for (const [index, entry] of list.entries()) yield* listItem(file, entry, index);
    return;
  }
  const broken: CatalogEntry[] = [];
  const onFault = (line: number, message: string): void => {
    broken.push({ kind: 'fault', origin: `line ${line}`, line, message });
  };
  for (const source of readObjects(file, text, onFault)) yield* listObjectImages(source);
  yield* broken;
}

/** A list at the top, as Helm and jq write them; undefined for objects. @throws InputError `FileUnreadable` */
function readList(file: string, text: string): readonly unknown[] | undefined {
  const first = readFirst(text).trimStart();
  if (!first.startsWith('[') && !first.startsWith('- ')) return undefined;
  try {
    const list: unknown = parse(text, { maxAliasCount: 0, merge: true });
    return Array.isArray(list) ? list : undefined;
  } catch (error) {
    throw faultAt(file, 1, error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error), error);
  }
}

function* listItem(file: string, entry: unknown, index: number): Generator<CatalogEntry> {
  if (isJsonObject(entry) && ('schema' in entry || 'kind' in entry)) {
    yield* listObjectImages({ content: entry, file, line: 1 });
    return;
  }
  for (const one of listEntries([entry])) yield toEntry(one, `entry ${index + 1}`, 1);
}

function* listLines(text: string): Generator<CatalogEntry> {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    // A comment may follow, and YAML has a mark before each entry.
    const named = (line.split(' #', 1)[0] ?? '').trim().replace(/^- /, '').trim();
    if (named === '' || named.startsWith('#')) continue;
    yield { kind: 'image', text: toSource(named), origin: `line ${index + 1}`, line: index + 1 };
  }
}

/** What oc-mirror, oc image mirror and skopeo take: `source=destination`, or both with a space. */
function toSource(named: string): string {
  const words = named.split(/[ \t]/).filter((word) => word !== '');
  const isPair = words.length === 2 && words.every((word) => word.includes('/'));
  const [source = ''] = (isPair ? (words[0] ?? '') : named).split('=');
  return source
    .trim()
    .replace(/^docker:\/\//, '')
    .replace(/^"(.*)"$/, '$1')
    .replace(/^'(.*)'$/, '$1');
}
