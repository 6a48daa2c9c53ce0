/** Pieces of a manual page in the macros of man(7), which every system has. Each is one or more lines without the last end. */

/** Whoever lints it misses a date: two builds of one version are identical. */
export function titleLine(title: string, number: string, version: string): string {
  return `.TH ${title} ${number} "" "signet ${version}" "Signet Manual"`;
}

export function section(name: string): string {
  return `.SH ${name}`;
}

export function subsection(name: string): string {
  return `.SS ${text(name)}`;
}

/** A term, which is roff already, and what it means. */
export function tagged(term: string, meaning: string): string {
  return `.TP\n${term}\n${text(meaning.trim())}`;
}

/** Paragraphs where empty lines stand between them; the first goes on from what is before it. */
export function paragraphs(plain: string): string {
  return plain.trim().split(/\n\n+/).map(text).join('\n.PP\n');
}

/** Lines as they are. */
export function unfilled(plain: string): string {
  return `.nf\n${text(plain)}\n.fi`;
}

export function bold(plain: string): string {
  return `\\fB${escapeInline(plain)}\\fR`;
}

/** Text of one or more lines, none of which is a request or a macro. */
export function text(plain: string): string {
  return plain
    .split('\n')
    .map((line) => {
      const escaped = escapeInline(line.trimEnd());
      // A period or an apostrophe at its start would be a request, and an empty line is a fault of style.
      return escaped === '' ? '.sp' : escaped.replace(/^[.']/, '\\&$&');
    })
    .join('\n');
}

const SPECIAL = /[\\-]|[^\x20-\x7e]/gu;

/** Backslashes, minus signs that may be copied, and characters beyond ASCII by their number. */
function escapeInline(plain: string): string {
  return plain.replace(SPECIAL, (character) => {
    if (character === '\\') return '\\e';
    if (character === '-') return '\\-';
    const number = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `\\[u${number}]`;
  });
}
