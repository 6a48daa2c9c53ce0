/** A colour as logs, syslog and shells write the escape of it. */
const COLOURS = /(?:\^\[|\\u001[bB]|\\x1[bB]|\\033|#033)\[[0-9;]{0,32}[mK]/g;
const ESCAPE = '\u001B';
const COLOUR = /^\[[0-9;]{0,32}[mK]/;
/** Escapes are undone as often as one log may stand in another. */
const MAX_ESCAPED = 4;

const SPELLED: readonly (readonly [string, string])[] = [
  ['&quot;', '"'],
  ['&#34;', '"'],
  ['&#39;', "'"],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&amp;', '&'],
  ['\u201C', '"'],
  ['\u201D', '"'],
  ['\u00A0', ' '],
  ['\u200B', ''],
  ['\uFEFF', ''],
];

/**
 * A text as its program wrote it: without colours, marks of mails, the line ends of Windows, and what pages and word
 * processors make of quotes.
 */
export function withoutColours(untrustedText: string): string {
  let text = withoutEscapes(untrustedText).replaceAll(COLOURS, '').replaceAll(/\r\n?/g, '\n');
  if (/^[ \t]{0,8}>/m.test(text)) text = text.split('\n').map(withoutMarks).join('\n');
  for (const [spelled, meant] of SPELLED) text = text.replaceAll(spelled, meant);
  return text;
}

/** Escapes that are no colours stay, to be shown as what they are. */
function withoutEscapes(text: string): string {
  const [first = '', ...more] = text.split(ESCAPE);
  return first + more.map((part) => (COLOUR.test(part) ? part.replace(COLOUR, '') : ESCAPE + part)).join('');
}

/** A line without the marks in front of quoted lines of a mail. */
function withoutMarks(line: string): string {
  let start = 0;
  for (let at = 0; ' \t>'.includes(line.charAt(at)) && at < line.length; at += 1) {
    if (line.charAt(at) === '>') start = at + 1;
  }
  return start > 0 && line.charAt(start) === ' ' ? line.slice(start + 1) : line.slice(start);
}

/** Undoes what JSON logs and shells escape: quotes and line feeds. */
export function unescapeText(untrustedText: string): string {
  let text = untrustedText;
  for (let depth = 0; depth < MAX_ESCAPED && text.includes('\\\\'); depth += 1) {
    text = text.replaceAll(String.raw`\\"`, String.raw`\"`).replaceAll(/\\\\(?=[nrt])/g, '\\');
  }
  return text
    .replaceAll(String.raw`\"`, '"')
    .replaceAll(/\\n|\\u000a/g, '\n')
    .replaceAll(/\\r/g, '')
    .replaceAll(/\\t/g, ' ')
    .replaceAll(/\\u003[cC]/g, '<')
    .replaceAll(/\\u003[eE]/g, '>')
    .replaceAll(/\\u0026/g, '&');
}

/** A text that stands in a JSON string, with its quotes or without. */
export function unquoteText(untrustedText: string): string {
  const text = untrustedText.trim();
  if (!/\\["n]/.test(text) || text.includes('\n')) return untrustedText;
  for (const quoted of text.startsWith('"') ? [text, `"${text}"`] : [`"${text}"`]) {
    try {
      const value: unknown = JSON.parse(quoted);
      if (typeof value === 'string') return value;
    } catch {
      // Whatever is no string is the text itself.
    }
  }
  return untrustedText;
}
