/** Where a comment begins: at `#` anywhere outside of quotation marks, or at the start of a line alone. */
export type Comments = 'anywhere' | 'line';

/** Whether a line sets it to another place, as it stands or with its escapes read: TOML and systemd know them. */
export function sets(setting: string, place: string, text: string, comments: Comments): boolean {
  const isElsewhere = (value: string): boolean => value !== '' && value !== place;
  return [text, readEscapes(text)].some((one) =>
    one.split('\n').some((line) => listValues(setting, line.trim(), comments).some(isElsewhere)),
  );
}

/** A text with its escapes read. */
export function readEscapes(text: string): string {
  const escape = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/g;
  return text.replace(escape, (_, octet?: string, unit?: string) =>
    String.fromCharCode(Number.parseInt(octet ?? unit ?? '', 16)),
  );
}

/** Characters of a line that is looked into; of a longer one, the name is enough. */
const MAX_LINE = 4096;
const MARKS = ['"', "'"] as const;

/** What is set in a line: `x = "y"`, `Environment="x=y"`, `--x y`. */
function listValues(setting: string, line: string, comments: Comments): readonly string[] {
  if (line.length > MAX_LINE) return line.includes(setting) ? ['unknown'] : [];
  const values: string[] = [];
  const end = findComment(line, comments);
  for (let at = line.indexOf(setting); at >= 0 && at < end; at = line.indexOf(setting, at + 1)) {
    const [before, behind] = [line.slice(0, at), line.slice(at + setting.length)];
    const isWhole = !/[\w-]/.test(before.slice(-1)) && !/[\w-]/.test(behind.slice(0, 1));
    if (isWhole) values.push(readValue(before, behind, setting.startsWith('-')));
  }
  return values;
}

/** The place at which a comment begins; the end of the line where there is none. */
function findComment(line: string, comments: Comments): number {
  if (line.startsWith('#') || line.startsWith(';')) return 0;
  if (comments === 'line') return line.length;
  let mark: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (character === '#' && mark === undefined) return at;
    if (mark === undefined) mark = MARKS.find((one) => one === character);
    else if (character === mark) mark = undefined;
  }
  return line.length;
}

/** Empty where nothing is set. */
function readValue(before: string, behind: string, isOption: boolean): string {
  const next = isOption ? behind : behind.replace(/^["'\s]{1,4}/, '');
  if (!isOption && !next.startsWith('=')) return '';
  const given = (next.startsWith('=') ? next.slice(1) : next).trimStart();
  const isOpen = (mark: string): boolean => (before.split(mark).length - 1) % 2 === 1;
  const mark = MARKS.find((one) => given.startsWith(one)) ?? MARKS.find(isOpen);
  const body =
    mark !== undefined && given.startsWith(mark) ? given.slice(given.startsWith(mark.repeat(3)) ? 3 : 1) : given;
  const end = mark === undefined ? body.search(/[\s,}]/) : body.indexOf(mark);
  return end < 0 ? body : body.slice(0, end);
}
