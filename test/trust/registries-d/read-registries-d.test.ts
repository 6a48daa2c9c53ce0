import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseReference } from '../../../lib/base/names/reference.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { listIgnored, readRegistriesD } from '../../../lib/trust/registries-d/read-registries-d.ts';
import { findLookaside, usesSigstoreAttachments } from '../../../lib/trust/registries-d/registries-d.ts';

function read(files: Readonly<Record<string, string>>) {
  return readRegistriesD(
    Object.entries(files).flatMap(([name, text]) => parseTrustFile({ name, bytes: Buffer.from(text) })),
  );
}

function faultOf(files: Readonly<Record<string, string>>): string {
  try {
    read(files);
  } catch (error) {
    if (error instanceof ConfigurationError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'read';
}

const section = (line: string) => `docker:\n  a.test:\n    ${line}\n`;

describe('registries.d that is read', () => {
  test('sections of all files, the deprecated spellings where the others are missing', () => {
    const { defaultDocker, docker } = read({
      'a.yaml': 'default-docker: {lookaside-staging: file:///w, use-sigstore-attachments: true}',
      'b.yaml': 'docker: {quay.io: {sigstore: "https://s.test", sigstore-staging: "https://w.test"}}',
      'c.yaml': 'docker: {quay.io/ns/name:v1: {lookaside: "https://l.test", sigstore: "https://no.test"}}',
    });
    expect(defaultDocker).toEqual({
      place: 'a.yaml: default-docker',
      lookaside: undefined,
      lookasideStaging: 'file:///w',
      useSigstoreAttachments: true,
    });
    expect([...docker].map(([key, { lookaside, lookasideStaging }]) => [key, lookaside, lookasideStaging])).toEqual([
      ['quay.io', 'https://s.test', 'https://w.test'],
      ['quay.io/ns/name:v1', 'https://l.test', undefined],
    ]);
  });

  test.each([
    { name: 'no document', files: {} },
    { name: 'an empty mapping', files: { 'a.yaml': '{}' } },
    { name: 'headings over comments', files: { 'a.yaml': 'default-docker:\n# none\ndocker:\n' } },
    { name: 'a section that says nothing', files: { 'a.yaml': 'docker: {a.test: {}}' } },
    { name: 'a wildcard', files: { 'a.yaml': 'docker: {"*.a.test": {lookaside: "https://b.test"}}' } },
    { name: 'an image by digest', files: { 'a.yaml': `docker: {"a.test/b@sha256:${'0'.repeat(64)}": {}}` } },
    { name: 'a namespace of Docker Hub', files: { 'a.yaml': 'docker: {docker.io/library: {}}' } },
  ])('$name', ({ files }) => {
    expect(faultOf({ ...files })).toBe('read');
  });
});

/** As go.yaml.in/yaml/v3 gives them to containers/image 5.42.1. */
describe('registries.d as Go reads it', () => {
  const [at] = ['quay.io/a/b'].map((name) => parseReference(`${name}@sha256:${'0'.repeat(64)}`));
  const answer = (text: string): string => {
    const found = read({ 'a.yaml': text });
    if (at === undefined) throw new Error('no reference');
    return `${findLookaside(found, at).root} ${usesSigstoreAttachments(found, at)}`;
  };
  const none = 'file:///var/lib/containers/sigstore';
  test.each([
    ['unknown members everywhere', 'atomic: {}\ndefault-docker: {x: 1, lookaside: "https://a"}', 'https://a false'],
    ['a section without content', 'default-docker: {lookaside: "https://a"}\ndocker:\n  quay.io:\n', 'https://a false'],
    [
      'a member without content',
      'default-docker: {lookaside: "https://a"}\ndocker: {quay.io: {lookaside: }}',
      'https://a false',
    ],
    ['an empty member', 'docker: {quay.io: {lookaside: "", sigstore: "https://s"}}', 'https://s false'],
    ['attachments Yes', 'docker: {quay.io: {use-sigstore-attachments: Yes}}', `${none} true`],
    ['attachments on, in quotation marks', 'docker: {quay.io: {use-sigstore-attachments: "on"}}', `${none} true`],
    ['attachments TRUE', 'docker: {quay.io: {use-sigstore-attachments: TRUE}}', `${none} true`],
    [
      'attachments null, and true around it',
      'docker: {quay.io: {use-sigstore-attachments: true}, quay.io/a: {use-sigstore-attachments: ~}}',
      `${none} true`,
    ],
    [
      'attachments off, and true around it',
      'docker: {quay.io: {use-sigstore-attachments: true}, quay.io/a: {use-sigstore-attachments: off}}',
      `${none} false`,
    ],
    [
      'a merge key',
      'default-docker: &d {lookaside: "https://a"}\ndocker: {quay.io: {<<: *d, use-sigstore-attachments: true}}',
      'https://a true',
    ],
    [
      'a merge key behind what it does not change',
      'default-docker: &d {lookaside: "https://a"}\ndocker: {quay.io: {lookaside: "https://b", <<: *d}}',
      'https://b false',
    ],
    [
      'merge keys of two, the first of which counts',
      'default-docker: {}\ndocker: {x.io: &x {lookaside: "https://x"}, y.io: &y {lookaside: "https://y"}, quay.io: {<<: [*x, *y]}}',
      'https://x false',
    ],
  ])('%s', (_, text, expected) => {
    expect(answer(text)).toBe(expected);
  });

  test.each([
    ['attachments yEs', 'yEs'],
    ['attachments "true"', '"true"'],
    ['attachments 1', '1'],
  ])('%s is refused, as there', (_, value) => {
    expect(faultOf({ 'a.yaml': section(`use-sigstore-attachments: ${value}`) })).toContain('expected true or false');
  });

  test.each([
    '',
    'busybox',
    'a.test/',
    'a.test/B',
    'a.test/b/../c',
    'a.test/*',
    '*',
    '*.',
    '*.a.test:80',
    '*.a.test/b',
    'a.test/b@sha256:0',
    'a.test:x',
  ])('a namespace that matches nothing is read, with a warning: %j', (key) => {
    const source = { document: 'a.yaml', content: { docker: { [key]: { x: 1 } } } };
    expect(readRegistriesD([source]).docker.size).toBe(1);
    expect(listIgnored(source)).toEqual([
      `a.yaml: docker.${key}.x is not known, and nodes ignore it`,
      expect.stringContaining(`a.yaml: docker.${key} `),
    ]);
  });

  test('what is left out is said with its line', () => {
    const [source] = parseTrustFile({ name: 'a.yaml', bytes: Buffer.from('a: 1\ndefault-docker:\n  lookasid: x\n') });
    expect(source === undefined ? [] : listIgnored(source)).toEqual([
      'a.yaml:1: a is not known, and nodes ignore it',
      'a.yaml:3: default-docker.lookasid is not known, and nodes ignore it',
    ]);
  });
});

describe('registries.d that is refused, with file, line and path', () => {
  const rows: readonly { name: string; files: Readonly<Record<string, string>>; expected: string }[] = [
    {
      name: 'a list of sections',
      files: { 'a.yaml': 'docker: []' },
      expected: 'DocumentInvalid a.yaml:1: docker: expected a mapping',
    },
    ...['lookaside', 'lookaside-staging', 'sigstore', 'sigstore-staging'].map((field) => ({
      name: `${field} a list`,
      files: { 'a.yaml': section(`${field}: [https://b.test]`) },
      expected: `DocumentInvalid a.yaml:3: docker.a.test.${field}: expected a URL`,
    })),
    {
      name: 'attachments that are a text',
      files: { 'a.yaml': section('use-sigstore-attachments: "true"') },
      expected: 'DocumentInvalid a.yaml:3: docker.a.test.use-sigstore-attachments: expected true or false',
    },
    {
      name: 'a namespace in two files',
      files: { 'a.yaml': section('lookaside: https://b.test'), 'b.yaml': section('lookaside: https://b.test') },
      expected: 'DuplicateKey b.yaml:2: docker.a.test: the section is given twice, first in a.yaml: docker.a.test',
    },
    {
      name: 'a host that is not spelled as nodes compare it',
      files: { 'a.yaml': 'docker:\n  a.test: {}\n  "a.test:443": {}' },
      expected:
        'DocumentInvalid a.yaml:3: docker.a.test:443: the host in "a.test:443" is not in its canonical spelling: write "a.test"',
    },
    {
      name: 'a default in two files',
      files: { 'a.yaml': 'default-docker: {}', 'b.yaml': 'default-docker: {}' },
      expected: 'DuplicateKey b.yaml:1: default-docker: the section is given twice, first in a.yaml: default-docker',
    },
    {
      name: 'a key twice in one file',
      files: { 'a.yaml': 'docker: {a.test: {sigstore: "https://b.test"}, a.test: {}}' },
      expected: 'DuplicateKey a.yaml:1: the key "a.test" occurs twice, with different values',
    },
  ];
  test.each(rows)('$name', ({ files, expected }) => {
    expect(faultOf(files)).toBe(expected);
  });

  test('a namespace that no node compares with anything, in another spelling', () => {
    const fault = () => readRegistriesD([{ document: 'a.yaml', content: { docker: { 'https://a.test': {} } } }]);
    expect(fault).toThrow('a.yaml: docker.https://a.test: ');
  });

  test.each([undefined, null, [], 'text'])('%j in place of a document', (content) => {
    const fault = () => readRegistriesD([{ document: 'a.yaml', content }]);
    expect(fault).toThrow('a.yaml: expected a mapping');
  });
});
