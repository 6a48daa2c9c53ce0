import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../..');

export function readText(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

/** The TypeScript sources below a folder of the repository, in the order of their names. */
export function listSources(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

/** The one source of `lib/` that holds a declaration. By content, so that a file may move without this script. */
export function findSource(declaration: string): string {
  const texts = listSources('lib')
    .map(readText)
    .filter((text) => text.includes(declaration));
  const [text, ...others] = texts;
  if (text === undefined || others.length > 0) {
    throw new Error(`${texts.length} sources in lib/ hold ${JSON.stringify(declaration)}, not one`);
  }
  return text;
}

/** The text of a doc comment, on one line. */
export function toPlainComment(comment: string): string {
  return comment
    .replaceAll(/^\s*\*(?!\/) ?/gm, '')
    .replaceAll(/\{@link ([^}]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Members of an interface with their doc comments, in order. */
export function readMembers(
  source: string,
  name: string,
): readonly { readonly name: string; readonly about: string }[] {
  const body = new RegExp(`interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1];
  if (body === undefined) throw new Error(`there is no interface ${name}`);
  const members = [...body.matchAll(/\/\*\*([\s\S]*?)\*\/\s+readonly (\w+)\??:/g)];
  const names = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)];
  if (members.length !== names.length) throw new Error(`${name}: a member has no comment`);
  return members.map(([, about = '', member = '']) => ({ name: member, about: toPlainComment(about) }));
}

/** A table whose rows are as long as their words. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const toRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [toRow(head), toRow(head.map(() => '---')), ...rows.map(toRow)].join('\n');
}

export function toCode(text: string): string {
  return `\`${text.replaceAll('|', String.raw`\|`)}\``;
}

/** A sentence as a cell: without its full stop, and in lower case unless it starts with a name. */
export function toCell(sentence: string): string {
  const text = toText(sentence.replace(/\.$/, '')).replaceAll('|', String.raw`\|`);
  return /^[A-Z][a-z]*(?:[ ,:;]|$)/.test(text) && !/^(?:Lambda|Sigstore|Kubernetes)\b/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}

/** Words as Markdown shows them: `<name>` outside of code would be taken for HTML. */
export function toText(words: string): string {
  return words
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', String.raw`\<`)))
    .join('');
}

export function toHead(title: string, sources: string): string {
  return `# ${title}\n\n<!-- Made from ${sources} by \`npm run reference\`: change those, not this page. -->\n`;
}
