import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStartOptions } from '../../local/options.ts';
import { startService } from '../../local/start-service.ts';

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-named-'));
  await writeFile(path.join(work, 'file'), '');
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const NOTIFY = ['--notify', 'https://hooks.example/x'];
const cert = (): readonly string[] => ['--tls-cert', path.join(work, 'file')];
const key = (): readonly string[] => ['--tls-key', path.join(work, 'file')];

describe('a file that is not there ends the start, and its option is named', () => {
  test.each<[option: string, others: () => readonly string[]]>([
    ['webhooks', () => []],
    ['admission', () => []],
    ['notify-secret', () => NOTIFY],
    ['sign-key', () => []],
    ['pull-secret', () => []],
    ['tls-cert', key],
    ['tls-key', cert],
    ['client-ca', () => [...cert(), ...key()]],
  ])('--%s', async (option, others) => {
    const options = (place: string) => {
      const given = [`--${option}`, path.join(work, place), ...others()];
      const parsed = parseStartOptions(['--data', path.join(work, 'data'), ...given]);
      if (parsed === undefined) throw new Error('this asks for help');
      return parsed;
    };
    const at = `--${option} ${work}`;
    await expect(startService(options('nope'))).rejects.toThrow(`${at}/nope: no such file or directory`);
    await expect(startService(options('.'))).rejects.toThrow(`${at}: it is no file`);
  });
});

describe('a file that holds something else ends the start, and is named', () => {
  test.each<[option: string, others: readonly string[], fault: string]>([
    ['webhooks', [], 'the webhook credentials are not strict JSON'],
    ['admission', [], 'invalid admission credentials: not strict JSON'],
    ['notify-secret', NOTIFY, ''],
  ])('--%s', async (option, others, fault) => {
    const file = path.join(work, 'README.md');
    await writeFile(file, '# Signet\n');
    const options = parseStartOptions(['--data', path.join(work, 'data'), `--${option}`, file, ...others]);
    if (options === undefined) throw new Error('this asks for help');
    await expect(startService(options)).rejects.toThrow(`--${option} ${file}: ${fault}`);
  });
});
