import { describe, expect, test } from 'vitest';
import { isChecksumList, parseChecksumList } from '../../../lib/artifact/checksums/parse-checksum-list.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const parse = (text: string | Uint8Array) =>
  parseChecksumList(Buffer.from(text), { file: 'sha256sum.txt', firstLine: 4 }).map(({ name, hash, line }) => [
    name,
    hash,
    line,
  ]);

describe('a checksum list', () => {
  test.each<[string, string, readonly unknown[]]>([
    [
      'as text',
      `${A}  one\n${B}  two\n`,
      [
        ['one', A, 4],
        ['two', B, 5],
      ],
    ],
    ['as binary', `${A} *one\n`, [['one', A, 4]]],
    ['in upper case', `${A.toUpperCase()}  one\n`, [['one', A, 4]]],
    ['with spaces in a name', `${A}  a  b \n`, [['a  b ', A, 4]]],
    ['of BSD', `SHA256 (o (n) e) = ${A}\n`, [['o (n) e', A, 4]]],
    ['of SHA-512', `${'c'.repeat(128)}  one\n`, [['one', 'c'.repeat(128), 4]]],
    ['with an escaped name', `\\${A}  a\\\\b\\nc\\rd\n`, [['a\\b\nc\rd', A, 4]]],
    ['with a backslash that is none', `${A}  a\\nb\n`, [['a\\nb', A, 4]]],
    ['with CR LF', `${A}  one\r\n`, [['one', A, 4]]],
    ['with comments and empty lines', `# x\n\n${A}  one\n\n`, [['one', A, 6]]],
    ['that says a thing twice', `${A}  one\n${A}  one\n`, [['one', A, 4]]],
    ['that is empty', '', []],
  ])('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test.each<[string, string | Uint8Array, string]>([
    ['another word', `${A}  one\nhello\n`, 'sha256sum.txt:5: not a line'],
    ['a single space', `${A} one\n`, 'sha256sum.txt:4: not a line'],
    ['no name', `${A}  \n`, 'sha256sum.txt:4: not a line'],
    ['63 digits', `${A.slice(1)}  one\n`, 'sha256sum.txt:4: a hash of 63 digits'],
    ['SHA-1', `${'a'.repeat(40)}  one\n`, 'sha256sum.txt:4: SHA-1 is broken'],
    ['MD5', `${'a'.repeat(32)}  one\n`, 'sha256sum.txt:4: MD5 is broken'],
    ['a BSD line whose hash is of another kind', `SHA512 (one) = ${A}\n`, 'sha256sum.txt:4: a hash of 64 digits'],
    ['an escape that no tool writes', `\\${A}  a\\tb\n`, 'sha256sum.txt:4: the name has an unknown escape'],
    ['one name with two hashes', `${A}  one\n${B}  one\n`, 'sha256sum.txt:5: "one" has another hash than in line 4'],
    ['a name that is not UTF-8', Buffer.concat([Buffer.from(`${A}  `), Buffer.from([0xff])]), 'not UTF-8'],
  ])('with %s names the line', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test.each<[string, boolean]>([
    [`# x\n${A}  one\nhello`, true],
    [`SHA256 (x) = ${A}`, true],
    ['hello', false],
    ['', false],
  ])('%j is one: %s', (text, expected) => {
    expect(isChecksumList(Buffer.from(text))).toBe(expected);
  });
});
