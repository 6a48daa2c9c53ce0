import path from 'node:path';
import { listSources, readText, toCell, toCode, toHead, toPlainComment, toTable } from './read-source.ts';

interface Limit {
  readonly folder: string;
  readonly name: string;
  readonly value: string;
  readonly about: string;
}

const CONSTANT =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export )?const (M(?:AX|IN)_\w+|\w+_TIMEOUT_MS|\w+_AGE_MS) = ([^;]+);/gm;

/** docs/reference/limits.md */
export function makeLimits(): string {
  const limits = listSources('lib').flatMap(readLimits);
  const folders = [...new Set(limits.map(({ folder }) => folder))];
  const sections = folders.map((folder) => {
    const rows = limits
      .filter((limit) => limit.folder === folder)
      .map(({ name, value, about }) => [toCode(name), value, about]);
    return `## ${folder}\n\n${toTable(['constant', 'value', 'what it limits'], rows)}`;
  });
  return `${toHead('Limits', 'the constants in `lib/`')}
Each is enforced in the reader itself, which reads no further.

${sections.join('\n\n')}
`;
}

function readLimits(file: string): readonly Limit[] {
  return [...readText(file).matchAll(CONSTANT)].flatMap(([, comment = '', name = '', expression = '']) => {
    const value = toValue(name, expression);
    const [about = ''] = toPlainComment(comment).split(/(?<=\.) (?=[A-Z])/);
    if (value === undefined) return [];
    const words = about === '' ? toWords(name) : about.replace(/^Milliseconds/, 'Time');
    return [{ folder: path.dirname(file), name, value, about: toCell(words) }];
  });
}

/** `MAX_INDEX_BYTES` is index bytes: what a constant without a comment limits. */
function toWords(name: string): string {
  return name
    .replace(/^M(?:AX|IN)_/, '')
    .replace(/_MS$/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
}

/** A product of whole numbers as a person reads it; undefined for anything else. */
function toValue(name: string, expression: string): string | undefined {
  if (!/^[\d_]+(?: \* [\d_]+)*$/.test(expression)) return undefined;
  const value = expression.split(' * ').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1);
  if (name.endsWith('_BYTES') && value % 1024 ** 2 === 0) return `${value / 1024 ** 2} MiB`;
  if (name.endsWith('_BYTES') && value % 1024 === 0) return `${value / 1024} KiB`;
  if (name.endsWith('_MS') && value % 3_600_000 === 0) return `${value / 3_600_000} h`;
  if (name.endsWith('_MS') && value % 1000 === 0) return `${value / 1000} s`;
  return value.toLocaleString('en-US');
}
