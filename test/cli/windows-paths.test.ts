import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolvePath, toUserFile } from '../../cli/shell/settings/setting.ts';
import { isUrlLike } from '../../lib/platform/http/http-url.ts';

const { posix, win32 } = path;

describe('the user’s own file', () => {
  test.each<[name: string, system: typeof path, env: Readonly<Record<string, string>>, file: string | undefined]>([
    ['on Windows', win32, { USERPROFILE: 'C:\\Users\\Ann' }, 'C:\\Users\\Ann\\.config\\signet\\config.yaml'],
    [
      'where a relative HOME is set',
      win32,
      { HOME: 'ann', USERPROFILE: 'D:\\Ann' },
      'D:\\Ann\\.config\\signet\\config.yaml',
    ],
    ['below XDG_CONFIG_HOME', win32, { XDG_CONFIG_HOME: 'D:\\config' }, 'D:\\config\\signet\\config.yaml'],
    ['that SIGNET_CONFIG names', win32, { SIGNET_CONFIG: 'D:\\signet.yaml' }, 'D:\\signet.yaml'],
    ['without a home', win32, {}, undefined],
    ['elsewhere', posix, { HOME: '/home/ann' }, '/home/ann/.config/signet/config.yaml'],
    ['elsewhere, by a path of Windows', posix, { HOME: 'C:\\Users\\Ann' }, undefined],
  ])('%s', (_, system, env, file) => {
    expect(toUserFile(env, system).file).toBe(file);
  });
});

describe('a path of a configuration file', () => {
  test.each<[name: string, system: typeof path, named: string, file: string, home: string, found: string]>([
    ['below the home folder', win32, '~/trust', 'D:\\x\\signet.yaml', 'C:\\Ann', 'C:\\Ann\\trust'],
    ['by the separator of Windows', win32, '~\\trust', 'D:\\x\\signet.yaml', 'C:\\Ann', 'C:\\Ann\\trust'],
    ['from the folder of the file', win32, 'trust', 'D:\\x\\signet.yaml', 'C:\\Ann', 'D:\\x\\trust'],
    ['on another drive', win32, 'E:\\trust', 'D:\\x\\signet.yaml', 'C:\\Ann', 'E:\\trust'],
    ['elsewhere, below the home folder', posix, '~/trust', '/x/signet.yaml', '/home/ann', '/home/ann/trust'],
    ['elsewhere, a name with a backslash', posix, '~\\trust', '/x/signet.yaml', '/home/ann', '/x/~\\trust'],
  ])('%s', (_, system, named, file, home, found) => {
    expect(resolvePath(named, file, home, system)).toBe(found);
  });
});

describe('a URL and a path', () => {
  test.each<[text: string, isUrl: boolean]>([
    ['C:/trust', false],
    ['c:\\trust', false],
    ['C:trust', false],
    ['\\\\server\\share', false],
    ['s3://bucket', true],
    ['https://a.example', true],
    ['file:///C:/signatures', true],
    ['https:/one-slash', true],
  ])('%s', (text, isUrl) => {
    expect(isUrlLike(text)).toBe(isUrl);
  });
});
