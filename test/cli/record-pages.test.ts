import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_EMPTY_PAGES, MAX_PAGES, walkPages } from '../../cli/record/pages.ts';
import { runSignet } from '../support/run-signet.ts';
import { startServer, type TestServer } from '../support/servers/start-server.ts';
import { makeKey } from '../verdict/attest/attest-setup.ts';

interface Rows {
  readonly rows: number;
  readonly next?: string | undefined;
}

async function walk(ask: (page: number) => Rows): Promise<number> {
  let page = 0;
  const answer = (): Promise<Rows> => {
    page += 1;
    return Promise.resolve(ask(page));
  };
  for await (const _ of walkPages('the list', answer, ({ rows }) => rows)) if (page > 2 * MAX_PAGES) break;
  return page;
}

describe('pages of a service', () => {
  test('are walked to the last one', async () => {
    expect(await walk((page) => ({ rows: 1, ...(page < 500 ? { next: String(page) } : {}) }))).toBe(500);
  });

  test.each([1, 2, 3, 7, 100])('a circle of %i pages ends', async (length) => {
    await expect(walk((page) => ({ rows: 1, next: String(page % length) }))).rejects.toThrow(
      /^the list does not end: page \d+ says again that "\d+" is next; ask for a shorter time with --since and --until$/,
    );
  });

  test('as many without a row as are allowed, then one with a row', async () => {
    const last = MAX_EMPTY_PAGES;
    const toNext = (page: number) => (page < 2 * last - 1 ? { next: String(page) } : {});
    expect(await walk((page) => ({ rows: page === last ? 1 : 0, ...toNext(page) }))).toBe(2 * last - 1);
  });

  test('one more without a row ends the list', async () => {
    await expect(walk((page) => ({ rows: 0, next: String(page) }))).rejects.toThrow(
      `the list does not end: ${MAX_EMPTY_PAGES} pages in a row have no row`,
    );
  });

  test('one page more than are read ends the list', async () => {
    const upTo = (last: number) => walk((page) => ({ rows: 1, ...(page < last ? { next: String(page) } : {}) }));
    expect(await upTo(MAX_PAGES)).toBe(MAX_PAGES);
    await expect(upTo(MAX_PAGES + 1)).rejects.toThrow(`it has more than ${MAX_PAGES} pages`);
  });
});

describe('a service that always says that a page is next', () => {
  let server: TestServer;
  let scratch = '';
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-pages-'));
    await writeFile(path.join(scratch, 'key.pub'), makeKey().publicPem);
    server = await startServer((_, response) => response.end('{"verdicts":[],"seals":[],"next":"again"}'));
  });
  afterAll(async () => {
    await server.close();
    await rm(scratch, { recursive: true });
  });

  test.each([
    ['record list', () => ['list', server.origin], 'the list of decisions'],
    ['record audit', () => ['audit', '--from', server.origin, '--key', 'key.pub'], 'the list of /v1/records/seals'],
  ])('%s: exit 3 and why', async (_, args, list) => {
    const run = await runSignet(['record', ...args(), '-o', 'json', '--timeout', '20s'], { cwd: scratch });
    expect(run.status).toBe(3);
    const { code, message } = JSON.parse(run.stderr) as { readonly code: string; readonly message: string };
    expect(code).toBe('BodyInvalid');
    expect(message).toContain(`${server.origin}: ${list} does not end: page 2 says again that "again" is next`);
  });
});
