import type { Draw } from '../draw.ts';
import { mutateBytes } from './bytes.ts';

/** A JSON text taken apart, which also holds what no value can: two members of one name, numbers as written. */
export type Tree =
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: Tree])[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'text'; readonly text: string }
  /** A number or word, as it is written. */
  | { readonly kind: 'raw'; readonly raw: string };

/** Changes what is inside of a string: DER, PEM, base64, JSON in JSON. */
export type MutateText = (draw: Draw, text: string) => string;

export function toTree(value: unknown): Tree {
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (Array.isArray(value)) return { kind: 'list', items: value.map(toTree) };
  if (typeof value !== 'object' || value === null) return { kind: 'raw', raw: JSON.stringify(value) ?? 'null' };
  return { kind: 'object', members: Object.entries(value).map(([name, member]) => [name, toTree(member)] as const) };
}

const WORDS = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1',
  '1e3',
  '1.0',
  '1e400',
  '01',
  '9223372036854775807',
  '9007199254740993',
  '253402300800',
  '8640000000000001',
  'NaN',
  '""',
  '{}',
  '[]',
  '"\\ud800"',
  '"\\u0000"',
];
const TEXTS = [
  '',
  ' ',
  'null',
  '0',
  '__proto__',
  'constructor',
  'ſ',
  'K',
  '\u0000',
  'é',
  '../..',
  'a'.repeat(300),
  '==',
  '=',
  '%2f',
  '*',
  'sha256:',
  '\u{1f600}',
];
const MAX_DEPTH = 200;

/** One change somewhere in the tree. `pool`: trees of other inputs, whose parts are put in. */
export function mutateTree(draw: Draw, tree: Tree, pool: readonly Tree[], mutateText: MutateText): Tree {
  const target = draw.below(countNodes(tree));
  let at = 0;
  const visit = (node: Tree): Tree => {
    if (at++ === target) return editNode(draw, node, pool, mutateText);
    if (at > target) return node;
    switch (node.kind) {
      case 'object':
        return { ...node, members: node.members.map(([name, value]) => [name, visit(value)] as const) };
      case 'list':
        return { ...node, items: node.items.map(visit) };
      case 'text':
      case 'raw':
        return node;
      default:
        return node satisfies never;
    }
  };
  return visit(tree);
}

function editNode(draw: Draw, node: Tree, pool: readonly Tree[], mutateText: MutateText): Tree {
  if (draw.once(12)) return { kind: 'raw', raw: draw.pick(WORDS) };
  if (draw.once(16)) return pickNode(draw, draw.pick(pool));
  if (draw.once(60)) return nest(draw, node);
  switch (node.kind) {
    case 'object':
      return { ...node, members: editMembers(draw, node.members, pool) };
    case 'list':
      return { ...node, items: editItems(draw, node.items, pool) };
    case 'text':
      return { kind: 'text', text: draw.once(6) ? draw.pick(TEXTS) : mutateText(draw, node.text) };
    case 'raw':
      return draw.once(2) ? { kind: 'text', text: node.raw } : { kind: 'raw', raw: draw.pick(WORDS) };
    default:
      return node satisfies never;
  }
}

type Members = Extract<Tree, { kind: 'object' }>['members'];

function editMembers(draw: Draw, members: Members, pool: readonly Tree[]): Members {
  const at = draw.below(members.length);
  const member = members[at];
  const foreign = draw.pick(pool);
  const added =
    foreign.kind === 'object' && foreign.members.length > 0 ? draw.pick(foreign.members) : (['x', foreign] as const);
  if (member === undefined) return [added];
  const [name, value] = member;
  switch (draw.below(7)) {
    case 0:
      return members.toSpliced(at, 1);
    case 1:
      return [...members, member];
    case 2:
      // The same name with another value, on either side.
      return members.toSpliced(draw.once(2) ? at : at + 1, 0, [name, pickNode(draw, foreign)]);
    case 3:
      return members.with(at, [renamed(draw, name), value]);
    case 4:
      return members.toSpliced(draw.below(members.length + 1), 0, [renamed(draw, name), value]);
    case 5:
      return members.toSpliced(at, 0, added);
    default:
      return members.toReversed();
  }
}

function renamed(draw: Draw, name: string): string {
  const at = draw.below(name.length);
  switch (draw.below(6)) {
    case 0:
      return name.toUpperCase();
    case 1:
      return name.slice(0, at) + name.charAt(at).toUpperCase() + name.slice(at + 1);
    case 2:
      return name.replace('s', 'ſ').replace('k', 'K');
    case 3:
      return name + draw.pick(TEXTS);
    case 4:
      return draw.pick(['__proto__', 'constructor', 'toString', '']);
    default:
      return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}

function editItems(draw: Draw, items: readonly Tree[], pool: readonly Tree[]): readonly Tree[] {
  const at = draw.below(items.length);
  const item = items[at];
  if (item === undefined || draw.once(5)) return items.toSpliced(at, 0, pickNode(draw, draw.pick(pool)));
  switch (draw.below(4)) {
    case 0:
      return items.toSpliced(at, 1);
    case 1:
      return items.toSpliced(at, 0, item);
    case 2:
      return draw.once(20) ? Array.from({ length: 1 + draw.below(200) }, () => item) : [...items, ...items];
    default:
      return items.toReversed();
  }
}

function nest(draw: Draw, node: Tree): Tree {
  let nested = node;
  for (let depth = draw.below(MAX_DEPTH); depth > 0; depth--) {
    nested = draw.once(2) ? { kind: 'list', items: [nested] } : { kind: 'object', members: [['a', nested]] };
  }
  return nested;
}

function countNodes(tree: Tree): number {
  if (tree.kind === 'object') return tree.members.reduce((count, [, value]) => count + countNodes(value), 1);
  return tree.kind === 'list' ? tree.items.reduce((count, item) => count + countNodes(item), 1) : 1;
}

function pickNode(draw: Draw, tree: Tree): Tree {
  let node = tree;
  for (;;) {
    const inner =
      node.kind === 'object' ? node.members.map(([, value]) => value) : node.kind === 'list' ? node.items : [];
    if (inner.length === 0 || draw.once(3)) return node;
    node = draw.pick(inner);
  }
}

/** Changes a text without knowing what is in it. */
export function mutatePlainText(draw: Draw, text: string): string {
  return mutateBytes(draw, Buffer.from(text), []).toString();
}
