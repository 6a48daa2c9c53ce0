import { faultAt } from '../../base/documents/read-objects.ts';

/** One line of `oc describe`, with what is indented below it. Elements of a list repeat their keys. */
export interface Entry {
  readonly key: string;
  value: string;
  readonly line: number;
  readonly indent: number;
  readonly children: Entry[];
  /** Elements of a list of plain values. */
  readonly items: string[];
}

/** One object as `oc describe` shows it, or a part of one. */
export interface Description {
  readonly line: number;
  /** Some lines are left out: `...` stands for them. */
  readonly isCut: boolean;
  readonly sections: readonly Entry[];
}

interface Reading {
  readonly file: string;
  line: number;
  isCut: boolean;
  readonly sections: Entry[];
  /** From the section down to the last line. */
  open: Entry[];
}

const LINE = /^( *)([A-Za-z][A-Za-z0-9 ./_-]*):(?:[ \t]+(.*))?$/;
const SECTIONS = ['Name', 'Namespace', 'Labels', 'Annotations', 'API Version', 'Kind', 'Metadata', 'Spec', 'Status'];
/** What they hold is the cluster's own, of no shape that could be relied on, and not needed. */
const UNREAD = new Set(['Labels', 'Annotations', 'Events']);
const CUT = '...';

/**
 * Reads the text of `oc describe`, of one object or several, or an excerpt in which `...` stands for what is left out.
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

/** True for text that starts as `oc describe` does, or as an excerpt of it. */
export function isDescription(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '') ?? '';
  return first.trim() === CUT || /^Name:\s+\S/.test(first);
}

/** The only child of that key. @throws InputError for a second one, of which either could be meant */
export function findEntry(file: string, entries: readonly Entry[], key: string): Entry | undefined {
  const [first, second] = entries.filter((entry) => entry.key === key);
  if (second !== undefined) throw faultAt(file, second.line, `${JSON.stringify(key)} a second time`);
  return first;
}

/** Elements of a list: each starts where a key comes again. */
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
  if (parent === undefined) throw faultAt(reading.file, line, 'no section above it');
  parent.children.push(entry);
  reading.open.push(entry);
}

function openSection(reading: Reading, entry: Entry): void {
  const twice = entry.key !== 'Events' && reading.sections.some(({ key }) => key === entry.key);
  if (twice) throw faultAt(reading.file, entry.line, `the section ${entry.key} a second time`);
  reading.sections.push(entry);
  reading.open = [entry];
}

/** The documentation's excerpt begins in the middle of the conditions: no other list is indented so and needed. */
function resumeConditions(reading: Reading, line: number, indent: number): void {
  const shown = reading.sections.find(({ key }) => key === 'Status');
  if (!reading.isCut || indent !== 4 || shown !== undefined) {
    throw faultAt(reading.file, line, 'it cannot be told what this line belongs to: give the whole text');
  }
  const conditions: Entry = { key: 'Conditions', value: '', line, indent: 2, children: [], items: [] };
  const status: Entry = { key: 'Status', value: '', line, indent: 0, children: [conditions], items: [] };
  reading.sections.push(status);
  reading.open = [status, conditions];
}

/** A message may have several lines, and `oc describe` indents none of them; a plain value stands below its list. */
function addText(reading: Reading, line: number, text: string): void {
  const last = reading.open.at(-1);
  if (last?.key === 'Message' || last?.key === 'Reason') {
    last.value = `${last.value}\n${text}`;
    return;
  }
  const indent = text.length - text.trimStart().length;
  const list = reading.open.findLast((entry) => entry.indent < indent);
  if (list === undefined) {
    throw faultAt(reading.file, line, `${JSON.stringify(text.trim().slice(0, 80))} is no line of oc describe`);
  }
  list.items.push(text.trim());
}
