import { faultAt } from '../../base/documents/read-objects.ts';

/** One line of `oc describe` with the lines indented below it. Elements of a list repeat their keys. */
export interface Entry {
  readonly key: string;
  value: string;
  readonly line: number;
  readonly indent: number;
  readonly children: Entry[];
  /** Elements of a list of plain values. */
  readonly items: string[];
}

/** One object of `oc describe`, or an excerpt of it. */
export interface Description {
  readonly line: number;
  /** True when `...` stands for omitted lines. */
  readonly isCut: boolean;
  readonly sections: readonly Entry[];
}

interface Reading {
  readonly file: string;
  line: number;
  isCut: boolean;
  readonly sections: Entry[];
  /** The entries that enclose the last line, from its section down. */
  open: Entry[];
}

const LINE = /^( *)([A-Za-z][A-Za-z0-9 ./_-]*):(?:[ \t](.*))?$/;
const SECTIONS = ['Name', 'Namespace', 'Labels', 'Annotations', 'API Version', 'Kind', 'Metadata', 'Spec', 'Status'];
/** Sections that are ignored: their content has no fixed shape. */
const UNREAD = new Set(['Labels', 'Annotations', 'Events']);
const CUT = '...';

/**
 * Reads the text of `oc describe` for one or more objects, or an excerpt in which `...` stands for omitted lines.
 *
 * @throws InputError `FileUnreadable` with the line
 */
export function readDescriptions(file: string, text: string): readonly Description[] {
  const readings: Reading[] = [];
  let reading: Reading | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    if (reading === undefined || line.startsWith('Name:')) {
      reading = { file, line: index + 1, isCut: false, sections: [], open: [] };
      readings.push(reading);
    }
    readLine(reading, index + 1, line);
  }
  return readings;
}

/** True for text that starts like `oc describe` or an excerpt of it. */
export function isDescription(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '') ?? '';
  return first.trim() === CUT || /^Name:\s+\S/.test(first);
}

/** The child with this key. @throws InputError for a second one, which would be ambiguous */
export function findEntry(file: string, entries: readonly Entry[], key: string): Entry | undefined {
  const [first, second] = entries.filter((entry) => entry.key === key);
  if (second !== undefined) throw faultAt(file, second.line, `${JSON.stringify(key)} occurs twice`);
  return first;
}

/** The elements of a list: a repeated key starts the next one. */
export function splitElements(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const elements: Entry[][] = [];
  for (const entry of entries) {
    const last = elements.at(-1);
    if (last === undefined || last.some(({ key }) => key === entry.key)) elements.push([entry]);
    else last.push(entry);
  }
  return elements;
}

function readLine(reading: Reading, line: number, text: string): void {
  if (text.trim() === CUT) {
    reading.isCut = true;
    reading.open = [];
    return;
  }
  const [, space, key, value] = LINE.exec(text) ?? [];
  const section = reading.open[0]?.key;
  if (space === undefined || key === undefined) {
    if (section !== undefined && UNREAD.has(section)) return;
    addText(reading, line, text);
    return;
  }
  const indent = space.length;
  if (indent === 0) {
    if (SECTIONS.includes(key) || UNREAD.has(key))
      openSection(reading, { key, line, indent, value: (value ?? '').trim(), children: [], items: [] });
    else addText(reading, line, text);
    return;
  }
  if (section !== undefined && UNREAD.has(section)) return;
  if (reading.open.length === 0) resumeConditions(reading, line, indent);
  while ((reading.open.at(-1)?.indent ?? -1) >= indent) reading.open.pop();
  const entry: Entry = { key, line, indent, value: (value ?? '').trim(), children: [], items: [] };
  const parent = reading.open.at(-1);
  if (parent === undefined) throw faultAt(reading.file, line, 'expected a section before this line');
  parent.children.push(entry);
  reading.open.push(entry);
}

function openSection(reading: Reading, entry: Entry): void {
  const twice = entry.key !== 'Events' && reading.sections.some(({ key }) => key === entry.key);
  if (twice) throw faultAt(reading.file, entry.line, `the section ${entry.key} occurs twice`);
  reading.sections.push(entry);
  reading.open = [entry];
}

/** An excerpt may resume within the conditions, as in the documentation: the only needed list of that indent. */
function resumeConditions(reading: Reading, line: number, indent: number): void {
  const shown = reading.sections.find(({ key }) => key === 'Status');
  if (!reading.isCut || indent !== 4 || shown !== undefined) {
    throw faultAt(reading.file, line, 'the section of this line is missing: give the whole text');
  }
  const conditions: Entry = { key: 'Conditions', value: '', line, indent: 2, children: [], items: [] };
  const status: Entry = { key: 'Status', value: '', line, indent: 0, children: [conditions], items: [] };
  reading.sections.push(status);
  reading.open = [status, conditions];
}

/** Adds a further line of a message, which `oc describe` does not indent, or a plain value to the list above it. */
function addText(reading: Reading, line: number, text: string): void {
  const last = reading.open.at(-1);
  if (last?.key === 'Message' || last?.key === 'Reason') {
    last.value = `${last.value}\n${text}`;
    return;
  }
  const indent = text.length - text.trimStart().length;
  const list = reading.open.findLast((entry) => entry.indent < indent);
  if (list === undefined) {
    throw faultAt(reading.file, line, `${JSON.stringify(text.trim().slice(0, 80))} is not a line of oc describe`);
  }
  list.items.push(text.trim());
}
