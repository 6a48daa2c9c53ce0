import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { describeFailure } from '../../local/named-files.ts';
import { parseStartOptions } from '../../local/options.ts';
import { runService } from '../../local/run-service.ts';

describe('an empty value is refused', () => {
  test.each(['host', 'data', 'trust', 'store', 'public-name', 'console', 'auth-token-file'])('--%s', (name) => {
    expect(() => parseStartOptions([`--${name}=`])).toThrow(
      expect.objectContaining({ code: 'ArgumentInvalid', message: `--${name} must not be empty` }),
    );
  });
});

describe('an option that takes one value', () => {
  test.each(['trust', 'objects', 'webhooks', 'admission', 'auth-token-file', 'client-ca', 'sign-key', 'pull-secret'])(
    'is refused when it is given twice: --%s',
    (name) => {
      expect(() => parseStartOptions([`--${name}`, 'one', `--${name}=other`])).toThrow(
        `--${name} takes one value, and is given twice`,
      );
    },
  );

  test('counts as it was given last where it says how the service runs', () => {
    expect(parseStartOptions(['--port', '1', '--port', '2', '--data', 'a', '--data', 'b'])).toMatchObject({
      port: 2,
      data: expect.stringMatching(/b$/) as string,
    });
  });

  test('is no matter where several are taken', () => {
    expect(parseStartOptions(['--store', 'a', '--store', 'b'])).toMatchObject({ stores: ['a', 'b'] });
  });
});

describe('a start that fails is one line, exit 2', () => {
  const system = (code: string, syscall: string): Error =>
    Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
  const args = ['--data', 'd', '--host', 'h', '--auth-token-file', 't'];

  test.each<[string, Error, string]>([
    ['a wrong call', new InputError('ArgumentInvalid', 'wrong'), 'wrong'],
    ['trust that does not load', new ConfigurationError('TrustMissing', 'none'), 'none'],
    ['a store', new StoreError('NotAllowed', 'creating a failed: EACCES'), '--data d: creating a failed: EACCES'],
    ['a file', system('EROFS', 'mkdir'), '--data d: mkdir EROFS'],
    [
      'the database of the queues',
      Object.assign(new Error('locked'), { code: 'ERR_SQLITE_ERROR' }),
      '--data d: locked',
    ],
    ['an address that is not here', system('EADDRNOTAVAIL', 'listen'), '--host h: listen EADDRNOTAVAIL'],
    ['a host without address', system('ENOTFOUND', 'getaddrinfo'), '--host h: getaddrinfo ENOTFOUND'],
    ['a port that is taken', system('EADDRINUSE', 'listen'), 'listen EADDRINUSE; choose another with --port'],
  ])('%s', (_, error, text) => {
    expect(describeFailure(error, args)).toEqual({ text, status: 2 });
  });

  test.each<[string, Error]>([
    ['a fault of Signet’s own', new TypeError('x is not a function')],
    ['a wrong call of Node', Object.assign(new TypeError('wrong'), { code: 'ERR_INVALID_ARG_TYPE' })],
  ])('%s shows its stack and is exit 70', (_, error) => {
    expect(describeFailure(error, args)).toEqual({ text: error.stack, status: 70 });
  });
});

describe('a data folder that cannot be one', () => {
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-options-'));
    await writeFile(path.join(work, 'file'), '');
  });
  afterAll(async () => rm(work, { recursive: true }));

  test.each<[name: string, data: string, within: string]>([
    ['a file', 'file', ''],
    ['a folder below a file', 'file/below', 'file'],
  ])('%s', async (_, data, within) => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const place = path.join(work, data);
      expect(await runService(['--data', place, '--port', '0'], 'signet serve', AbortSignal.abort())).toBe(2);
      expect(write.mock.calls.map(([text]) => text)).toEqual([
        `signet: --data ${place}: ${within === '' ? '' : `${path.join(work, within)}: `}a file is in its place; name a folder\n`,
      ]);
    } finally {
      write.mockRestore();
    }
  });
});
