import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_LIST_BYTES } from '../../../lib/artifact/checksums/parse-checksum-list.ts';
import {
  type ChecksumQuestion,
  type ChecksumReport,
  MAX_NESTED_DEPTH,
  MAX_NESTED_LISTS,
  verifyChecksums,
} from '../../../lib/artifact/checksums/verify-checksums.ts';
import type { IndexedKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { type CertificatePlan, FLAG } from '../../fixtures/make/certificate-writer.ts';
import { KEY_CREATED, SIGNED } from '../../fixtures/make/payload.ts';
import { type ListSigner, makeListSigner, toLine } from './list-signer.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex');

let signer: ListSigner;
let other: ListSigner;
let root = '';
let count = 0;
let work = '';
beforeAll(async () => {
  signer = await makeListSigner('lists');
  other = await makeListSigner('other');
  root = await mkdtemp(path.join(tmpdir(), 'signet-checksums-'));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  count += 1;
  work = path.join(root, String(count));
  await put({ 'one.tar.gz': 'one', 'two.tar.gz': 'two', 'amd64/one.tar.gz': 'amd64 one' });
});

async function put(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(work, name)), { recursive: true });
    await writeFile(path.join(work, name), content);
  }
}

async function ask(
  file: string,
  question: Partial<ChecksumQuestion> = {},
  keyring: IndexedKeyring = signer.keyring,
): Promise<ChecksumReport> {
  const { paths = [], signature, ...rest } = question;
  const whole = {
    file: path.join(work, file),
    signature: signature === undefined ? undefined : path.join(work, signature),
    paths: paths.map((named) => path.join(work, named)),
    ignoreMissing: false,
    nested: false,
    what: 'files',
    onProgress: () => undefined,
    ...rest,
  } as const;
  return verifyChecksums(whole, keyring, NOW);
}

/** The outcome, and each file's as `path: outcome`. */
function shortly({ outcome, files }: ChecksumReport): readonly string[] {
  return [outcome, ...files.map((check) => `${path.relative(work, check.path)}: ${check.outcome}`)];
}

const LIST = `${toLine(hashOf('one'), 'one.tar.gz')}${toLine(hashOf('two'), 'two.tar.gz')}`;
const ALL = ['verified', 'one.tar.gz: matches', 'two.tar.gz: matches'];

describe('a list is told by its content, whatever its name', () => {
  test.each<[string, string, () => Record<string, string | Uint8Array>]>([
    ['inline', 'sha256sum.txt.gpg', () => ({ 'sha256sum.txt.gpg': signer.inline(LIST) })],
    ['inline', 'sha256sum.txt.sig', () => ({ 'sha256sum.txt.sig': signer.inline(LIST) })],
    ['inline', 'sha256sum.txt', () => ({ 'sha256sum.txt': LIST, 'sha256sum.txt.gpg': signer.inline(LIST) })],
    ['clearsigned', 'sha256sum.txt.sig', () => ({ 'sha256sum.txt.sig': signer.clearsigned(LIST, { version: 3 }) })],
    ['clearsigned', 'sha256sum.txt', () => ({ 'sha256sum.txt': signer.clearsigned(LIST) })],
    ['clearsigned', 'sha256sum.txt', () => ({ 'sha256sum.txt': LIST, 'sha256sum.txt.gpg': signer.clearsigned(LIST) })],
    ['detached', 'sha256sum.txt', () => ({ 'sha256sum.txt': LIST, 'sha256sum.txt.gpg': signer.detached(LIST) })],
    ['detached', 'sha256sum.txt.gpg', () => ({ 'sha256sum.txt': LIST, 'sha256sum.txt.gpg': signer.detached(LIST) })],
    [
      'detached',
      'sha256sum.txt',
      () => ({ 'sha256sum.txt': LIST, 'sha256sum.txt.asc': signer.detached(LIST), 'sha256sum.txt.sig': 'spoilt' }),
    ],
  ])('%s as %s', async (form, file, files) => {
    await put(files());
    const report = await ask(file);
    expect(shortly(report)).toEqual(ALL);
    const good = report.signatureFiles.filter(({ signatures }) => signatures.every(({ valid }) => valid));
    expect(good.map((found) => found.form)).toEqual([form]);
  });
});

test('a signature that is named is the only one that is looked at', async () => {
  await put({
    list: LIST,
    'list.gpg': signer.detached(LIST),
    'good name': signer.detached(LIST),
    'list.asc': 'spoilt',
  });
  const report = await ask('list', { signature: 'good name' });
  expect(shortly(report)).toEqual(ALL);
  expect(report.signatureFiles.map(({ file }) => path.basename(file))).toEqual(['good name']);
  await put({ 'good name': other.detached(LIST) });
  expect(shortly(await ask('list', { signature: 'good name' }))).toEqual(['rejected']);
});

describe('a list that is not signed is not looked into', () => {
  test.each<[string, string, () => Record<string, string | Uint8Array>, string | undefined]>([
    ['no signature', 'list', () => ({ list: LIST }), undefined],
    [
      'another list signed',
      'list',
      () => ({ list: LIST, 'list.gpg': signer.inline(LIST.slice(1)) }),
      'ContentMismatch',
    ],
    [
      'another list clearsigned',
      'list',
      () => ({ list: LIST, 'list.sig': signer.clearsigned(`${LIST}x`) }),
      'ContentMismatch',
    ],
    ['a swapped list', 'list', () => ({ list: `${LIST}x`, 'list.sig': signer.detached(LIST) }), 'SignatureInvalid'],
    ['another key', 'list.gpg', () => ({ 'list.gpg': other.inline(LIST) }), 'KeyUnknown'],
    ['two lists', 'list.gpg', () => ({ 'list.gpg': signer.clearsigned(LIST).repeat(2) }), 'SignatureUnsupported'],
    ['a list as its signature', 'list', () => ({ list: LIST, 'list.gpg': LIST }), 'SignatureNotFound'],
    [
      'one of two signatures by another key',
      'list',
      () => ({ list: LIST, 'list.sig': Buffer.concat([signer.detached(LIST), other.detached(LIST)]) }),
      'KeyUnknown',
    ],
    [
      'an inline list that is longer than a message may be',
      'list.gpg',
      () => ({ 'list.gpg': signer.inline(LIST.repeat(600)) }),
      'LimitExceeded',
    ],
  ])('%s', async (_, file, files, code) => {
    await put({ ...files(), 'one.tar.gz': 'spoilt' });
    const report = await ask(file);
    expect(shortly(report)).toEqual(['rejected']);
    expect(report.listed).toBeUndefined();
    const failed = report.signatureFiles.flatMap(({ signatures }) => signatures).filter((one) => !one.valid);
    expect(failed.map((one) => one.code)).toEqual(code === undefined ? [] : [code]);
  });
});

describe('a list by a key that may not sign it', () => {
  const revocation = { revokedAt: SIGNED + 1, reason: 2 };
  test.each<[string, Omit<CertificatePlan, 'primary' | 'userId'>, string]>([
    ['is not for signing', { selfSignatures: [{ flags: FLAG.certify }] }, 'KeyNotForSigning'],
    ['had expired', { selfSignatures: [{ lifetime: SIGNED - KEY_CREATED - 1 }] }, 'KeyExpired'],
    ['is revoked, if only afterwards', { revocation }, 'KeyRevoked'],
  ])('%s', async (_, defects, code) => {
    const signing = await makeListSigner('defective', defects);
    await put({
      'inline.gpg': signing.inline(LIST),
      clear: signing.clearsigned(LIST),
      detached: LIST,
      'detached.sig': signing.detached(LIST),
    });
    for (const file of ['inline.gpg', 'clear', 'detached']) {
      const report = await ask(file, {}, signing.keyring);
      const codes = report.signatureFiles.flatMap(({ signatures }) => signatures.map((one) => !one.valid && one.code));
      expect([file, ...shortly(report), ...codes]).toEqual([file, 'rejected', code]);
    }
  });
});

test('what stands outside the signed part is reported, and no line of the list', async () => {
  const outside = toLine(hashOf('amd64 one'), 'amd64/one.tar.gz').trim();
  await put({ list: `${outside}\n${signer.clearsigned(LIST)}\n${outside}\n` });
  const report = await ask('list', { paths: ['one.tar.gz', 'amd64/one.tar.gz', 'three'] });
  expect(shortly(report)).toEqual([
    'rejected',
    'one.tar.gz: matches',
    'amd64/one.tar.gz: differs',
    'three: not listed',
  ]);
  expect(report.listed?.map(({ name, line }) => [name, line])).toEqual([
    ['one.tar.gz', 5],
    ['two.tar.gz', 6],
  ]);
  expect(report.unsigned.map(({ line, text }) => [line, text])).toEqual([
    [1, outside],
    [19, outside],
  ]);
});

describe('files', () => {
  const inline = async (list: string): Promise<void> => put({ list: signer.inline(list) });

  test('that differ, are missing or are not listed', async () => {
    await inline(`${LIST}${toLine(hashOf('three'), 'three')}`);
    await put({ 'two.tar.gz': 'too', four: 'four' });
    const report = await ask('list', { paths: ['one.tar.gz', 'two.tar.gz', 'three', 'four'] });
    expect(shortly(report)).toEqual([
      'rejected',
      'one.tar.gz: matches',
      'two.tar.gz: differs',
      'three: missing',
      'four: not listed',
    ]);
    expect(report.files[1]).toMatchObject({ actual: hashOf('too'), listed: { hash: hashOf('two'), line: 2 } });
  });

  test('of another folder, where one that is missing counts unless told otherwise', async () => {
    await inline(LIST);
    await put({ 'there/one.tar.gz': 'one' });
    expect(shortly(await ask('list', { paths: ['there'] }))).toEqual([
      'rejected',
      'there/one.tar.gz: matches',
      'there/two.tar.gz: missing',
    ]);
    expect(shortly(await ask('list', { paths: ['there'], ignoreMissing: true }))).toEqual([
      'verified',
      'there/one.tar.gz: matches',
    ]);
    await put({ 'empty/x': '' });
    expect(shortly(await ask('list', { paths: ['empty'], ignoreMissing: true }))).toEqual(['rejected']);
    expect(shortly(await ask('list', { paths: ['gone.tar.gz', 'there'], ignoreMissing: true }))[1]).toBe(
      'gone.tar.gz: not listed',
    );
  });

  test('whose name leads out of the folder are not followed', async () => {
    await inline(
      `${toLine(hashOf('one'), '../one.tar.gz')}${toLine(hashOf('one'), path.join(work, 'one.tar.gz'))}${toLine(hashOf('one'), './one.tar.gz')}`,
    );
    expect((await ask('list')).files.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'matches']);
    expect(shortly(await ask('list', { paths: ['one.tar.gz'] }))).toEqual(['verified', 'one.tar.gz: matches']);
  });

  test('are the longest name that the path ends with', async () => {
    await inline(`${LIST}${toLine(hashOf('amd64 one'), 'amd64/one.tar.gz')}`);
    expect(shortly(await ask('list', { paths: ['amd64/one.tar.gz', 'one.tar.gz'] }))).toEqual([
      'verified',
      'amd64/one.tar.gz: matches',
      'one.tar.gz: matches',
    ]);
    await put({ 'arm64/xone.tar.gz': 'one' });
    expect(shortly(await ask('list', { paths: ['arm64/xone.tar.gz'] }))).toEqual([
      'rejected',
      'arm64/xone.tar.gz: not listed',
    ]);
  });

  test('that cannot be read make no verdict, but for those that are wrong', async () => {
    await inline(`${LIST}${toLine(hashOf('x'), 'amd64')}`);
    expect(shortly(await ask('list'))).toEqual([
      'unreadable',
      'one.tar.gz: matches',
      'two.tar.gz: matches',
      'amd64: unreadable',
    ]);
    await put({ 'two.tar.gz': 'x' });
    expect((await ask('list')).outcome).toBe('rejected');
  });

  test('are not hashed when the list is all that is asked for', async () => {
    await inline(LIST);
    await rm(path.join(work, 'one.tar.gz'));
    expect(shortly(await ask('list', { what: 'list' }))).toEqual(['verified']);
    await inline('');
    expect(shortly(await ask('list', { what: 'list' }))).toEqual(['rejected']);
    expect(shortly(await ask('list'))).toEqual(['rejected']);
  });

  test('tell how far they are', async () => {
    await inline(LIST);
    const told: (readonly number[])[] = [];
    await ask('list', { onProgress: (done, total) => told.push([done, total]) });
    expect(told).toEqual([
      [3, 6],
      [6, 6],
    ]);
  });
});

describe('lists in lists', () => {
  const nest = async (): Promise<void> => {
    const inner = toLine(hashOf('amd64 one'), 'one.tar.gz');
    await put({
      'amd64/sha256sum.txt': inner,
      list: signer.inline(`${LIST}${toLine(hashOf(inner), 'amd64/sha256sum.txt')}`),
    });
  };

  test('are followed when asked for', async () => {
    await nest();
    const paths = ['amd64/one.tar.gz'];
    expect(shortly(await ask('list', { paths }))).toEqual(['rejected', 'amd64/one.tar.gz: differs']);
    expect(shortly(await ask('list', { paths, nested: true }))).toEqual([
      'verified',
      'amd64/sha256sum.txt: matches',
      'amd64/one.tar.gz: matches',
    ]);
    expect(shortly(await ask('list', { nested: true }))).toEqual([
      ...ALL,
      'amd64/sha256sum.txt: matches',
      'amd64/one.tar.gz: matches',
    ]);
  });

  test('whose hash differs are not read', async () => {
    await nest();
    await put({ 'amd64/sha256sum.txt': toLine(hashOf('evil'), 'one.tar.gz'), 'amd64/one.tar.gz': 'evil' });
    const report = await ask('list', { paths: ['amd64/one.tar.gz'], nested: true });
    expect(shortly(report)).toEqual(['rejected', 'amd64/sha256sum.txt: differs', 'amd64/one.tar.gz: differs']);
    expect(report.files[1]?.listed?.hash).toBe(hashOf('one'));
  });

  test('that name themselves are read once, and differ', async () => {
    const inner = toLine(hashOf('no list holds its own hash'), 'sums');
    await put({ sums: inner, list: signer.inline(toLine(hashOf(inner), 'sums')) });
    await expect(ask('list', { nested: true })).rejects.toThrow('"sums" has another hash');
    await put({ list: signer.inline(toLine(hashOf('anything'), 'list')) });
    expect(shortly(await ask('list', { nested: true }))).toEqual(['rejected', 'list: differs']);
  });

  test('swapped once they were read are not overlooked', async () => {
    await nest();
    const good = toLine(hashOf('amd64 one'), 'one.tar.gz');
    await put({ 'amd64/sha256sum.txt': toLine(hashOf('evil'), 'one.tar.gz') });
    const onProgress = (): void => writeFileSync(path.join(work, 'amd64/sha256sum.txt'), good);
    expect(shortly(await ask('list', { nested: true, onProgress }))).toEqual([
      'rejected',
      'amd64/sha256sum.txt: differs',
      ...ALL.slice(1),
      'amd64/sha256sum.txt: matches',
    ]);
  });

  test('do not lead out of their own folder', async () => {
    const inner = toLine(hashOf('one'), '../one.tar.gz');
    await put({ 'amd64/sums': inner, list: signer.inline(toLine(hashOf(inner), 'amd64/sums')) });
    expect((await ask('list', { nested: true })).files.map(({ outcome }) => outcome)).toEqual(['matches', 'refused']);
  });

  test.each<[string, () => Record<string, string>, string]>([
    ['a line that is none', () => ({ a: `${toLine(hashOf('one'), 'one.tar.gz')}hello\n` }), 'a:2: not a line'],
    [
      'another hash for a file',
      () => ({ a: toLine(hashOf('x'), 'one.tar.gz'), b: toLine(hashOf('y'), 'one.tar.gz') }),
      'b:1: "one.tar.gz" has another hash',
    ],
    [
      'too many lists',
      () =>
        Object.fromEntries(
          Array.from({ length: MAX_NESTED_LISTS + 1 }, (_, index) => [
            `l${index}`,
            toLine(hashOf('one'), 'one.tar.gz'),
          ]),
        ),
      `more than ${MAX_NESTED_LISTS} nested lists`,
    ],
    [
      'too many levels',
      () => {
        const files: Record<string, string> = {};
        let content = toLine(hashOf('one'), 'one.tar.gz');
        for (let depth = MAX_NESTED_DEPTH; depth >= 0; depth--) {
          files[`d${depth}`] = content;
          content = toLine(hashOf(content), `d${depth}`);
        }
        return { d0: files['d0'] ?? '', ...files };
      },
      `more than ${MAX_NESTED_DEPTH} deep`,
    ],
  ])('with %s are unreadable', async (_, files, message) => {
    const made = files();
    const names = 'd0' in made ? ['d0'] : Object.keys(made);
    await put({ ...made, list: signer.inline(names.map((name) => toLine(hashOf(made[name] ?? ''), name)).join('')) });
    await expect(ask('list', { nested: true })).rejects.toThrow(message);
  });
});

describe('what cannot be read is a wrong call', () => {
  test.each<[string, () => Record<string, string | Uint8Array>, Partial<ChecksumQuestion>, string]>([
    ['a signed line that is none', () => ({ list: signer.clearsigned(`${LIST}hello\n`) }), {}, 'list:6: not a line'],
    [
      'a line of a detached list',
      () => ({ list: 'hello\n', 'list.sig': signer.detached('hello\n') }),
      {},
      'list:1: not a line',
    ],
    ['no list', () => ({}), {}, 'no such file'],
    ['a folder', () => ({ 'list/x': '' }), {}, 'not a regular file'],
    ['too long a list', () => ({ list: Buffer.alloc(MAX_LIST_BYTES + 1, 0x20) }), {}, 'longer than'],
    ['no signature file', () => ({ list: LIST }), { signature: 'gone' }, 'no such file'],
    ['a signature beside one', () => ({ list: signer.inline(LIST), s: 'x' }), { signature: 's' }, 'omit --signature'],
    [
      'a file under two names, with two hashes',
      () => ({ list: signer.inline(`${LIST}${toLine(hashOf('x'), './one.tar.gz')}`) }),
      { paths: ['one.tar.gz'] },
      'list:3: "one.tar.gz" has another hash',
    ],
    ['a signature without a list', () => ({ list: signer.detached(LIST) }), {}, 'is a detached signature'],
  ])('%s', async (_, files, question, message) => {
    await put(files());
    await expect(ask('list', question)).rejects.toThrow(message);
  });
});
