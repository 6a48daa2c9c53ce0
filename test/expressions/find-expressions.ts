import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Argument,
  type Expression,
  type PrivateIdentifier,
  type Program,
  parseSync,
  type Span,
  Visitor,
} from 'oxc-parser';

/** A regular expression of a source. */
export interface FoundExpression {
  readonly source: string;
  readonly flags: string;
  /** File and line. */
  readonly place: string;
}

/** The expressions of a source, and the places where one is made of text that no constant fixes. */
export interface FoundExpressions {
  readonly constant: readonly FoundExpression[];
  readonly made: readonly string[];
}

/** Methods that make an expression of a text that they are given. */
const MAKERS: ReadonlySet<string> = new Set(['match', 'matchAll', 'search']);

/**
 * Finds every expression of a file: literals, calls of `RegExp`, and text given to a method that makes one of it. Any
 * other use of the name `RegExp`, through which one could be made unseen, counts as made; types do not.
 *
 * @param name of the file, for the places
 */
export function findExpressions(file: string, name: string = file): FoundExpressions {
  const { program, text } = parseFile(file);
  const constant: FoundExpression[] = [];
  const made: string[] = [];
  const placeOf = ({ start }: Span): string => `${name}:${text.slice(0, start).split('\n').length}`;
  const fold = createFolding(file, program);
  const known = new Set<Span>();
  const uses: Span[] = [];
  const add = (node: Span, source: string | undefined, flags: string | undefined): void => {
    const place = placeOf(node);
    if (source === undefined || flags === undefined) made.push(place);
    else constant.push({ source, flags, place });
  };
  const addCall = (call: Span, callee: Span, [source, flags]: readonly Argument[]): void => {
    known.add(callee);
    add(call, source && fold(source), flags === undefined ? '' : fold(flags));
  };
  new Visitor({
    Literal(node) {
      if ('regex' in node) add(node, node.regex.pattern, node.regex.flags);
    },
    NewExpression(node) {
      if (isRegExp(node.callee)) addCall(node, node.callee, node.arguments);
    },
    CallExpression(node) {
      const { callee } = node;
      if (isRegExp(callee)) addCall(node, callee, node.arguments);
      const [argument] = node.arguments;
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
      if (MAKERS.has(callee.property.name) && argument !== undefined && isText(argument)) add(node, fold(argument), '');
    },
    Identifier(node) {
      if (node.name === 'RegExp') uses.push(node);
    },
    TSTypeReference(node) {
      known.add(node.typeName);
    },
  }).visit(program);
  made.push(...uses.filter((use) => !known.has(use)).map(placeOf));
  return { constant, made };
}

function isRegExp(node: Expression): boolean {
  return node.type === 'Identifier' && node.name === 'RegExp';
}

function isText(node: Argument): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

function parseFile(file: string): { program: Program; text: string } {
  const text = readFileSync(file, 'utf8');
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  return { program, text };
}

type Folding = (node: Argument | PrivateIdentifier) => string | undefined;

/** The text that an expression stands for, of literals, templates, sums and constants of this file and of imported ones. */
function createFolding(file: string, program: Program): Folding {
  const declared = new Map<string, Expression>();
  const imported = new Map<string, { readonly from: string; readonly name: string }>();
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type === 'VariableDeclaration' && declaration.kind === 'const') {
      for (const { id, init } of declaration.declarations) {
        if (id.type === 'Identifier' && init !== null) declared.set(id.name, init);
      }
    }
    if (statement.type !== 'ImportDeclaration' || !statement.source.value.startsWith('.')) continue;
    const from = path.resolve(path.dirname(file), statement.source.value);
    for (const one of statement.specifiers) {
      if (one.type !== 'ImportSpecifier') continue;
      const name = one.imported.type === 'Identifier' ? one.imported.name : one.imported.value;
      imported.set(one.local.name, { from, name });
    }
  }
  const fold: Folding = (node) => {
    if (node.type === 'Literal') {
      const isPlain = typeof node.value === 'string' || typeof node.value === 'number';
      return isPlain && !('regex' in node) ? String(node.value) : undefined;
    }
    if (node.type === 'TemplateLiteral') return join(node, ({ cooked }) => cooked ?? undefined, fold);
    if (node.type === 'TaggedTemplateExpression') {
      return isRaw(node.tag) ? join(node.quasi, ({ raw }) => raw, fold) : undefined;
    }
    if (node.type === 'BinaryExpression') {
      const [left, right] = [fold(node.left), fold(node.right)];
      return node.operator === '+' && left !== undefined && right !== undefined ? left + right : undefined;
    }
    if (node.type === 'MemberExpression') {
      // `PATTERN.source`
      const isSource = node.property.type === 'Identifier' && node.property.name === 'source';
      const object = node.object.type === 'Identifier' ? declared.get(node.object.name) : undefined;
      return isSource && object?.type === 'Literal' && 'regex' in object ? object.regex.pattern : undefined;
    }
    if (node.type !== 'Identifier') return undefined;
    const own = declared.get(node.name);
    if (own !== undefined) return fold(own);
    const other = imported.get(node.name);
    return other && foldExported(other.from, other.name);
  };
  return fold;
}

function foldExported(file: string, name: string): string | undefined {
  const { program } = parseFile(file);
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type === 'Identifier' && id.name === name && init !== null) return createFolding(file, program)(init);
    }
  }
  return undefined;
}

function isRaw(tag: Expression): boolean {
  if (tag.type !== 'MemberExpression' || tag.object.type !== 'Identifier') return false;
  return tag.object.name === 'String' && tag.property.type === 'Identifier' && tag.property.name === 'raw';
}

interface Template {
  readonly quasis: readonly { readonly value: { readonly raw: string; readonly cooked: string | null } }[];
  readonly expressions: readonly Expression[];
}

function join(
  { quasis, expressions }: Template,
  toText: (value: Template['quasis'][number]['value']) => string | undefined,
  fold: Folding,
): string | undefined {
  let joined = '';
  for (const [index, { value }] of quasis.entries()) {
    const text = toText(value);
    const next = expressions[index];
    const inserted = next === undefined ? '' : fold(next);
    if (text === undefined || inserted === undefined) return undefined;
    joined += text + inserted;
  }
  return joined;
}
