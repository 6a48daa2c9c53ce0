import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { readRegistriesD } from '../../../lib/trust/registries-d/read-registries-d.ts';

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

describe('registries.d that is refused, with file, line and path', () => {
  const rows: readonly { name: string; files: Readonly<Record<string, string>>; expected: string }[] = [
    {
      name: 'an unknown field of a document',
      files: { 'a.yaml': 'docker: {}\natomic: {}' },
      expected: 'DocumentInvalid a.yaml:2: atomic: unknown field',
    },
    {
      name: 'an unknown field of a section',
      files: { 'a.yaml': section('lookasid: https://b.test') },
      expected: 'DocumentInvalid a.yaml:3: docker.a.test.lookasid: unknown field',
    },
    {
      name: 'an unknown field of the default',
      files: { 'a.yaml': 'default-docker: {__proto__: {}}' },
      expected: 'DocumentInvalid a.yaml:1: default-docker.__proto__: unknown field',
    },
    {
      name: 'a list of sections',
      files: { 'a.yaml': 'docker: []' },
      expected: 'DocumentInvalid a.yaml:1: docker: expected a mapping',
    },
    {
      name: 'a section without content',
      files: { 'a.yaml': 'docker:\n  a.test:\n' },
      expected: 'DocumentInvalid a.yaml:2: docker.a.test: expected a mapping',
    },
    ...['lookaside', 'lookaside-staging', 'sigstore', 'sigstore-staging'].flatMap((field) =>
      ['""', '1', '', '[https://b.test]'].map((value) => ({
        name: `${field} ${value || 'without a value'}`,
        files: { 'a.yaml': section(`${field}: ${value}`) },
        expected: `DocumentInvalid a.yaml:3: docker.a.test.${field}: expected a URL`,
      })),
    ),
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

  test.each([
    '',
    'busybox',
    'https://a.test',
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
  ])('a namespace that matches nothing: %j', (key) => {
    const content = { docker: { [key]: {} } };
    const fault = () => readRegistriesD([{ document: 'a.yaml', content }]);
    expect(fault).toThrow(ConfigurationError);
    expect(fault).toThrow(`a.yaml: docker.${key}: `);
  });

  test.each([undefined, null, [], 'text'])('%j in place of a document', (content) => {
    const fault = () => readRegistriesD([{ document: 'a.yaml', content }]);
    expect(fault).toThrow('a.yaml: expected a mapping');
  });
});
