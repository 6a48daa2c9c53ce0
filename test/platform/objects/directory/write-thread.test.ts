import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  serveWrites,
  type WriteBatch,
  type WriteCalls,
  type WrittenBatch,
} from '../../../../lib/platform/objects/directory/serve-writes.ts';
import { startWriteThread, WriteThreadError } from '../../../../lib/platform/objects/directory/write-thread.ts';

let scratch = '';

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'write-thread-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const bytes = new TextEncoder().encode('bytes');

describe('startWriteThread: a thread that cannot go on', () => {
  it.each([
    { name: 'ends', script: 'process.exit(3)', says: 'ended with status 3' },
    { name: 'ends at the first batch', script: onBatch('process.exit(0)'), says: 'ended with status 0' },
    { name: 'throws', script: 'throw new Error("no room")', says: 'failed (no room)' },
    { name: 'throws at the first batch', script: onBatch('throw new Error("no")'), says: 'failed (no)' },
    { name: 'rejects', script: onBatch('void Promise.reject(new Error("no"))'), says: 'failed (no)' },
    { name: 'is no script', script: '}', says: "failed (Unexpected token '}')" },
    { name: 'never answers', script: onBatch(''), says: 'has not written a batch within 300 ms' },
    { name: 'never ends a call', script: onBatch('for (;;);'), says: 'has not written a batch within 300 ms' },
  ])('$name: every write is refused, those under way and those to come', async ({ script, says }) => {
    const stuckMs = says.includes('300 ms') ? 300 : undefined;
    const thread = startWriteThread(scratch, { script, stuckMs });
    const write = () => thread.write({ directory: path.join(scratch, 'a'), name: 'signature-1', bytes });
    const underWay = await Promise.allSettled(Array.from({ length: 300 }, write));
    for (const result of underWay) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(WriteThreadError);
    }
    await expect(write()).rejects.toThrow(`the thread that writes objects ${says}; run it again`);
    expect(await readdir(scratch)).toEqual([]);
  });

  function onBatch(code: string): string {
    return `process.getBuiltinModule('worker_threads').parentPort.on('message', () => { ${code} })`;
  }
});

describe('startWriteThread', () => {
  it('places what many write at once, each object in a directory of its own', async () => {
    const root = await newRoot();
    const thread = startWriteThread(root);
    const names = Array.from({ length: 300 }, (_, index) => `a${index}`);
    const write = (name: string) =>
      thread.write({ directory: path.join(root, 'signatures', name), name: 'signature-1', bytes });
    expect(await Promise.all(names.map(write))).toEqual(names.map(() => true));
    expect(await write('a0')).toBe(false);
    expect((await readdir(path.join(root, 'signatures'))).toSorted()).toEqual(names.toSorted());
    expect(await readdir(root)).toEqual(['signatures']);
  });
});

describe('serveWrites', () => {
  it('syncs an object and its directory before it places them, and the one above before it answers', async () => {
    const root = await newRoot();
    const calls: string[] = [];
    const written = await serve(toBatch(root, ['one']), {
      ...fs,
      fsync: (file, done) => {
        calls.push(`sync ${nameOf(file, root)}`);
        fs.fsync(file, (error) => {
          calls.push('synced');
          done(error);
        });
      },
      renameSync: (from, to) => {
        calls.push(`rename ${path.relative(root, String(from))} ${path.relative(root, String(to))}`);
        fs.renameSync(from, to);
      },
    });
    expect(written).toEqual({ id: 7, isPlaced: [true] });
    expect(calls).toEqual([
      'sync aside-0/signature-1',
      'synced',
      'sync aside-0',
      'synced',
      'rename aside-0 signatures/one',
      'sync signatures',
      'synced',
    ]);
  });

  it.each([
    { name: 'an object cannot be synced', fails: 'aside-1/signature-1' },
    { name: 'a directory cannot be synced', fails: 'aside-1' },
  ])('places the others where $name', async ({ fails }) => {
    const root = await newRoot();
    const written = await serve(toBatch(root, ['one', 'two', 'three']), failAt(root, fails));
    expect(written).toEqual({ id: 7, isPlaced: [true, false, true] });
    expect((await readdir(path.join(root, 'signatures'))).toSorted()).toEqual(['one', 'three']);
    expect(await readdir(root)).toEqual(['signatures']);
  });

  it('says of no object that it is written where the directory above cannot be synced', async () => {
    const root = await newRoot();
    const written = await serve(toBatch(root, ['one', 'two']), failAt(root, 'signatures'));
    expect(written.fault).toContain('EIO');
  });

  it('leaves no part of an object that cannot be written', async () => {
    const root = await newRoot();
    const written = await serve(toBatch(root, ['one']), {
      ...fs,
      writeFileSync: (file) => {
        fs.writeFileSync(file, 'by');
        throw new Error('ENOSPC');
      },
    });
    expect(written).toEqual({ id: 7, isPlaced: [false] });
    expect(await readdir(path.join(root, 'signatures'))).toEqual([]);
    expect(await readdir(root)).toEqual(['signatures']);
  });
});

let roots = 0;

async function newRoot(): Promise<string> {
  roots += 1;
  const root = path.join(scratch, String(roots));
  await mkdir(path.join(root, 'signatures'), { recursive: true });
  return root;
}

function toBatch(root: string, names: readonly string[]): WriteBatch {
  const objects = names.map((name) => ({ directory: path.join(root, 'signatures', name), name: 'signature-1', bytes }));
  return { id: 7, aside: path.join(root, 'aside'), objects };
}

/** On this thread, so that its calls can be watched. */
async function serve(batch: WriteBatch, calls: WriteCalls): Promise<WrittenBatch> {
  const { port1, port2 } = new MessageChannel();
  serveWrites(calls, port1);
  const answer = new Promise<WrittenBatch>((resolve) => port2.once('message', resolve));
  port2.postMessage(batch);
  const written = await answer;
  port1.close();
  return written;
}

function failAt(root: string, name: string): WriteCalls {
  return {
    ...fs,
    fsync: (file, done) => {
      if (nameOf(file, root) === name) done(new Error('EIO'));
      else fs.fsync(file, done);
    },
  };
}

/** The path of an open file below the root. */
function nameOf(file: number, root: string): string {
  return path.relative(root, fs.readlinkSync(`/proc/self/fd/${file}`));
}
