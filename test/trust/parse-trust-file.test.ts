import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { MAX_TRUST_FILE_BYTES, parseTrustFile } from '../../lib/trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../lib/trust/documents/recognise-document.ts';
import {
  MAX_YAML_ALIASES,
  MAX_YAML_DEPTH,
  MAX_YAML_NODES,
  MAX_YAML_TOKENS,
} from '../../lib/trust/documents/yaml-content.ts';
import { configurationErrorOf } from './expect-configuration-error.ts';
import { file, IMAGE_POLICY, MIRROR_SETS, profile, trustConfigMap } from './sample-documents.ts';

function contentsOf(text: string, name = 'x.yaml'): unknown[] {
  return parseTrustFile(file(name, text)).map(({ content }) => content);
}

function outcomeOf(text: string): string {
  try {
    parseTrustFile(file('x.yaml', text)).map(recogniseDocument);
    return 'read';
  } catch (error) {
    return error instanceof ConfigurationError ? `refused in ${error.position?.document}` : String(error);
  }
}

const deep = (open: string, close: string, levels: number) => `a: ${open.repeat(levels)}${close.repeat(levels)}`;

describe('what is read', () => {
  test('several documents, comments and empty ones between them', () => {
    expect(contentsOf('# first\na: 1\n---\n# nothing\n---\nb: [x, {c: null}]\n---\n')).toEqual([
      { a: 1 },
      { b: ['x', { c: null }] },
    ]);
  });

  test('YAML 1.2: yes, off and dates are strings', () => {
    expect(contentsOf('{a: yes, b: off, c: 2024-01-01, d: true, e: 0o17, f: 017}')).toEqual([
      { a: 'yes', b: 'off', c: '2024-01-01', d: true, e: 15, f: 17 },
    ]);
  });

  test('items of a List, with the lines of each', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n- kind: A\n  n: 1\n- apiVersion: v1\n  kind: List\n  items:\n  - n: 2\n';
    const documents = parseTrustFile(file('x.yaml', text));
    expect(documents.map(({ content, lineOf }) => [content, lineOf(['n'])])).toEqual([
      [{ kind: 'A', n: 1 }, 5],
      [{ n: 2 }, 9],
    ]);
  });

  test('an identical duplicate, with a warning', () => {
    const text = 'metadata:\n  namespace: a\n  namespace: a\n';
    const [document] = parseTrustFile(file('x.yaml', text));
    expect(document?.content).toEqual({ metadata: { namespace: 'a' } });
    expect(document?.warnings).toEqual(['x.yaml:3: the key "namespace" occurs twice, with the same value']);
  });

  test('an identical duplicate in JSON', () => {
    expect(parseTrustFile(file('x.json', '{"a":{"b":1},\n"a":{"b":1}}'))[0]?.warnings).toHaveLength(1);
  });

  test('a few aliases', () => {
    expect(contentsOf('a: &x {b: 1}\nc: [*x, *x]')).toEqual([{ a: { b: 1 }, c: [{ b: 1 }, { b: 1 }] }]);
  });

  test('__proto__ as a key like any other', () => {
    const [content] = contentsOf('__proto__: {polluted: true}\n');
    expect(Object.keys(content ?? {})).toEqual(['__proto__']);
    expect('polluted' in Object(content)).toBe(false);
  });

  test('lines: of a key, of an element, of the last part that exists', () => {
    const [document] = parseTrustFile(file('x.yaml', 'a: 1\nb:\n  c:\n  - 1\n  - d: 2\n'));
    const lineOf = document?.lineOf ?? (() => 0);
    expect([[], ['a'], ['b', 'c', 1, 'd'], ['b', 'c', 7], ['b', 'x', 'y'], ['a', 'b']].map(lineOf)).toEqual([
      1, 1, 5, 3, 2, 1,
    ]);
  });
});

describe('what is refused', () => {
  const laughs = Array.from({ length: 12 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(n === 0 ? 0 : 8)}x]`);
  const manyAliases = `a: &x 1\nb: [${'*x,'.repeat(MAX_YAML_ALIASES + 1)}]`;
  const indented = Array.from({ length: MAX_YAML_DEPTH + 2 }, (_, n) => `${' '.repeat(n)}a:\n`).join('');
  const manyValues = `a: &x [${'1,'.repeat(MAX_YAML_NODES / 50)}]\nb: [${'*x,'.repeat(51)}]`;
  test.each([
    ['a duplicate with another value', 'x.yaml', 'a: 1\nb: 2\na: 2\n', 'DuplicateKey', 3],
    ['a duplicate of another type', 'x.yaml', 'a: 1\na: "1"\n', 'DuplicateKey', 2],
    ['a duplicate deep inside', 'x.yaml', 'a:\n- b:\n    c: 1\n    c: 2\n', 'DuplicateKey', 4],
    ['a duplicate in a second document', 'x.yaml', 'a: 1\n---\nb: 1\nb: 2\n', 'DuplicateKey', 4],
    ['a duplicate __proto__', 'x.yaml', '__proto__: 1\n__proto__: 2\n', 'DuplicateKey', 2],
    ['a duplicate in JSON', 'x.json', '{"a":1,\n"a":2}', 'DuplicateKey', 2],
    ['a comment in JSON', 'x.json', '{"a":1,\n// no\n"b":2}', 'DocumentInvalid', 2],
    ['a comment in JSON, after a duplicate', 'x.json', '{"a":1,"a":1,\n# no\n"b":2}', 'DocumentInvalid', 1],
    ['a trailing comma in JSON', 'x.json', '{"a":1,\n}', 'DocumentInvalid', 2],
    ['YAML in a JSON file', 'x.JSON', 'a: 1', 'DocumentInvalid', 1],
    ['a broken flow', 'x.yaml', 'a: 1\nb: [1\n', 'DocumentInvalid', 3],
    ['broken indentation', 'x.yaml', 'a:\n  b: 1\n c: 2\n', 'DocumentInvalid', 3],
    ['a scalar for a document', 'x.yaml', '\njust text\n', 'DocumentInvalid', 2],
    ['a sequence for a document', 'x.yaml', '- a\n', 'DocumentInvalid', 1],
    ['a merge key that names a text', 'x.yaml', 'a: &x b\nc:\n  <<: *x\n', 'DocumentInvalid', 3],
    ['two merge keys', 'x.yaml', 'a: &x {b: 1}\nc:\n  <<: *x\n  <<: *x\n', 'DuplicateKey', 4],
    ['a custom tag', 'x.yaml', 'a: 1\nb: !secret x\n', 'DocumentInvalid', 2],
    ['a tag beyond the core schema', 'x.yaml', 'a: !!binary QQ==\n', 'DocumentInvalid', 1],
    ['a set', 'x.yaml', 'a: !!set {x}\n', 'DocumentInvalid', 1],
    ['a key that is a number', 'x.yaml', 'a: 1\n2: b\n', 'DocumentInvalid', 2],
    ['a key that is a mapping', 'x.yaml', '? {a: 1}\n: b\n', 'DocumentInvalid', 1],
    ['a key that is an alias', 'x.yaml', 'a: &x b\n*x : c\n', 'DocumentInvalid', 2],
    ['a number without an end', 'x.yaml', 'a: .inf\n', 'DocumentInvalid', 1],
    ['not a number', 'x.yaml', 'a: .nan\n', 'DocumentInvalid', 1],
    ['a line that kubectl alone begins', 'x.yaml', 'a: 1\n# \u2028b: 2\n', 'DocumentInvalid', 2],
    ['another YAML version', 'x.yaml', '%YAML 1.1\n---\na: yes\n', 'DocumentInvalid', 3],
    ['an alias without an anchor', 'x.yaml', 'a: *x\n', 'DocumentInvalid', 1],
    ['an alias inside its own anchor', 'x.yaml', 'a: &x [*x]\n', 'LimitExceeded', 1],
    ['a billion laughs', 'x.yaml', laughs.join('\n'), 'LimitExceeded', undefined],
    ['too many aliases', 'x.yaml', manyAliases, 'LimitExceeded', 2],
    ['too many values once aliases are resolved', 'x.yaml', manyValues, 'LimitExceeded', 1],
    ['too many levels in flow', 'x.yaml', deep('[', ']', MAX_YAML_DEPTH + 1), 'LimitExceeded', 1],
    ['too many levels in block', 'x.yaml', indented, 'LimitExceeded', MAX_YAML_DEPTH + 2],
    ['half a million open brackets', 'x.yaml', '['.repeat(500_000), 'LimitExceeded', 1],
    ['half a million dashes', 'x.yaml', '- '.repeat(500_000), 'LimitExceeded', 1],
    ['too many tokens', 'x.yaml', `a: [${'1,'.repeat(MAX_YAML_TOKENS / 2)}]`, 'LimitExceeded', 1],
    ['too many bytes', 'x.yaml', `#${' '.repeat(MAX_TRUST_FILE_BYTES)}`, 'LimitExceeded', undefined],
    ['a List without items', 'x.yaml', 'apiVersion: v1\nkind: List\n', 'DocumentInvalid', 1],
    ['a List of text', 'x.yaml', 'apiVersion: v1\nkind: List\nitems:\n- a\n', 'DocumentInvalid', 4],
  ])('%s', async (_name, name, text, code, line) => {
    const error = await configurationErrorOf(() => parseTrustFile(file(name, text)));
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(new RegExp(`^${name}:${line === undefined ? '' : `${line}:`}`));
  });

  test('what is not UTF-8', async () => {
    const document = { name: 'x.yaml', bytes: Uint8Array.of(0x61, 0x3a, 0x20, 0xff) };
    expect(await configurationErrorOf(() => parseTrustFile(document))).toEqual({
      code: 'DocumentInvalid',
      message: 'x.yaml: the file is not UTF-8',
    });
  });

  test('at the limits nothing is refused', () => {
    const levels = MAX_YAML_DEPTH - 1;
    expect(parseTrustFile(file('x.yaml', deep('[', ']', levels)))).toHaveLength(1);
    expect(parseTrustFile(file('x.yaml', `#${' '.repeat(MAX_TRUST_FILE_BYTES - 1)}`))).toEqual([]);
  });
});

describe('properties', () => {
  test('a JSON file reads as JSON.parse reads it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.constantFrom(0, 2, '\t'),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          expect(contentsOf(text, 'x.json')).toEqual([JSON.parse(text)]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('mutated documents: a ConfigurationError with the file name or a document, nothing else', () => {
    const samples = [
      trustConfigMap(),
      MIRROR_SETS,
      IMAGE_POLICY,
      profile({ canonicalRepositories: ['quay.io/acme/release'], stores: { allowLocal: true } }),
      'default: [{type: reject}]\ntransports: {docker: {"": [{type: reject}]}}\n',
      'docker: {quay.io: {lookaside: "https://l.example"}}\n',
    ];
    const pieces = fc.constantFrom(
      '\n',
      '  ',
      '- ',
      ': ',
      '{',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '!!x ',
      '|',
      '<<',
      '\t',
      '0',
      '#',
      '---\n',
    );
    const edit = fc.tuple(fc.nat(), fc.nat(12), fc.oneof(pieces, fc.string({ maxLength: 4 })));
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 4 }), (sample, edits) => {
        let text = sample;
        for (const [at, remove, insert] of edits) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + insert + text.slice(start + remove);
        }
        expect(outcomeOf(text)).toMatch(/^(?:read|refused in x\.yaml)$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
