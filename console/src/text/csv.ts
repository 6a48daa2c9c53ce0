/** A spreadsheet runs a cell that starts so as a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const MAX_NAME = 180;

/** Rows as RFC 4180 has them. A cell of strangers' text never becomes a formula: an apostrophe goes before it. */
export function formatCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(formatCell).join(',')}\r\n`).join('');
}

function formatCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * A file name that says the filter, as in `signet-decisions_outcome-rejected_since-2026-11-01.csv`. Values may be of
 * strangers: what could be anything but a name is left out.
 */
export function toFileName(stem: string, query: Readonly<Record<string, string>>, extension: string): string {
  const parts = Object.entries(query)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${toNamePart(name)}-${toNamePart(value)}`);
  return `${[stem, ...parts].join('_').slice(0, MAX_NAME)}.${extension}`;
}

function toNamePart(text: string): string {
  return text
    .replace(/[^A-Za-z0-9.-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+/, '');
}
