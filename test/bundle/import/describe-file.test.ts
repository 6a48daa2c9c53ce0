import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeContent } from '../../../lib/bundle/import/describe-file.ts';
import { FIXTURE_TRUST } from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';

describe('what a file looks like', () => {
  test.each<[name: string, bytes: string | Uint8Array, expected: string]>([
    ['nothing', '', 'this is empty'],
    ['white space', ' \n', 'this is blank'],
    ['gzip', gzipSync('a'), 'this is gzip'],
    ['zip', 'PK\u0003\u0004', 'this is a zip archive'],
    ['tar', `${'a'.padEnd(257, '\0')}ustar`, 'this is a tar archive'],
    ['bytes', Uint8Array.of(1, 0, 255), 'this is no text'],
    ['text', 'hello\nworld', 'this is text that begins with "hello"'],
    ['a long line', 'x'.repeat(1000), `this is text that begins with "${'x'.repeat(40)}…"`],
    ['a quote and a control character', 'a"\u001b[31m', 'this is text that begins with "a\\"\\u001b[31m"'],
    ['an object of Kubernetes', '{"kind":"Pod"}', 'this is JSON of kind "Pod"'],
    ['other JSON', '{"a":1,"b":2}', 'this is JSON with "a", "b"'],
    ['an empty object', '{}', 'this is an empty JSON object'],
    ['an array', '[1]', 'this is a JSON array'],
    ['a number', '1', 'this is a JSON value'],
  ])('%s', (_, bytes, expected) => {
    expect(describeContent(Buffer.from(bytes as string))).toBe(expected);
  });
});

describe('signet bundle import of what is no bundle', () => {
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-junk-'));
  });
  afterAll(() => rm(work, { recursive: true }));

  test.each<[name: string, text: string | Uint8Array, says: string]>([
    ['hello.txt', 'hello', 'this is text that begins with "hello"'],
    ['list.json', '[1]', 'this is a JSON array'],
    ['empty', '', 'this is empty'],
  ])('%s: says what it looks like', async (name, text, says) => {
    const file = path.join(work, name);
    await writeFile(file, text);
    const to = ['--trust', FIXTURE_TRUST, '--to', path.join(work, 'mirror')];
    const { status, stdout, stderr } = await runSignet(['bundle', 'import', file, ...to]);
    expect([status, stdout + stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(await readdir(work)).not.toContain('mirror');
  });
});
