import type { Draw } from '../draw.ts';
import type { Tree } from './json-tree.ts';

const SPACES = ['', '', '', '', ' ', '\n', '\t', '\r\n', '\u00a0', '\ufeff'];

/** Written mostly as JSON.stringify would, sometimes with spaces, escapes and trailing text. */
export function writeTree(draw: Draw, tree: Tree): string {
  const isOdd = draw.once(4);
  const space = (): string => (isOdd && draw.once(8) ? draw.pick(SPACES) : '');
  const text = (value: string): string => {
    const written = JSON.stringify(value);
    return isOdd && draw.once(10) ? written.replaceAll(/[a-z](?=[a-z]{2}")/g, toEscape) : written;
  };
  const write = (node: Tree): string => {
    switch (node.kind) {
      case 'object':
        return `{${node.members.map(([name, value]) => `${space()}${text(name)}:${space()}${write(value)}`).join(',')}${space()}}`;
      case 'list':
        return `[${node.items.map(write).join(`,${space()}`)}]`;
      case 'text':
        return text(node.text);
      case 'raw':
        return node.raw;
      default:
        return node satisfies never;
    }
  };
  const whole = write(tree);
  if (draw.once(60)) return whole + draw.pick([',', '}', ' x', whole, '\u0000', '//']);
  return whole;
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
