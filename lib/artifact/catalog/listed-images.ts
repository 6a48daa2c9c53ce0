import { parse } from 'yaml';
import { findOtherSpelling, isJsonObject } from '../../base/documents/json-value.ts';

/** An entry of a list: the image that it names, or why it names none. */
export type Listed =
  | { readonly kind: 'named'; readonly text: string }
  | { readonly kind: 'none'; readonly why: string };

/**
 * The images of a list whose entries name one each, in a member of them. What is no list, or an entry without the member,
 * is told by its place, and every other entry is read.
 *
 * @param place of the list, such as `relatedImages`
 */
export function* listMembers(list: unknown, place: string, member: string): Generator<Listed> {
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) {
    yield { kind: 'none', why: `${place}: expected a list` };
    return;
  }
  for (const [index, entry] of list.entries()) {
    const image = isJsonObject(entry) ? entry[member] : undefined;
    const other = isJsonObject(entry) ? findOtherSpelling(entry, [member]) : undefined;
    if (other !== undefined) yield { kind: 'none', why: `${place}.${index}.${describeOther(other, member)}` };
    yield typeof image === 'string'
      ? { kind: 'named', text: image }
      : { kind: 'none', why: `${place}.${index}.${member}: expected a string` };
  }
}

/** What readers in Go take for a member: the last one counts, whatever its case. */
export function describeOther(other: string, member: string): string {
  return `${other}: programs in Go read it as ${member}: write it so, or take it out`;
}

/** The images of an object whose members name one each, as the release information of MicroShift does. */
export function* listValues(object: unknown, place: string): Generator<Listed> {
  if (!isJsonObject(object)) {
    yield { kind: 'none', why: `${place}: expected an object` };
    return;
  }
  for (const [name, image] of Object.entries(object)) {
    yield typeof image === 'string'
      ? { kind: 'named', text: image }
      : { kind: 'none', why: `${place}.${name}: expected a string` };
  }
}

/** The images of a list in YAML within a text, as the annotation of a Helm chart has it. */
export function* listText(text: unknown, place: string): Generator<Listed> {
  let list: unknown;
  try {
    list = typeof text === 'string' ? parse(text, { maxAliasCount: 0, merge: true }) : undefined;
  } catch {
    // What is no YAML is no list.
  }
  if (Array.isArray(list)) yield* listMembers(list, place, 'image');
  else yield { kind: 'none', why: `${place}: expected a list of images` };
}

/** The images of a plain list: each entry is one, or names one as `image`. */
export function* listEntries(list: readonly unknown[]): Generator<Listed> {
  for (const entry of list) {
    const image = isJsonObject(entry) ? entry['image'] : entry;
    yield typeof image === 'string'
      ? { kind: 'named', text: image }
      : { kind: 'none', why: 'expected an image, or an object with one' };
  }
}
