import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSigner } from '../../../lib/platform/signing/open-signer.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const content = Buffer.from('content');

function toPem(key: KeyObject, type: 'pkcs8' | 'sec1' = 'pkcs8', password?: string): string {
  const sealed = password === undefined ? {} : { cipher: 'aes-256-cbc', passphrase: password };
  return key.export({ type, format: 'pem', ...sealed }).toString();
}

describe('a key file to sign with', () => {
  let scratch = '';
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-signer-'));
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  async function open(text: string) {
    const file = path.join(scratch, 'key.pem');
    await writeFile(file, text);
    return await openSigner(file, () => {
      throw new Error('a file needs no settings of AWS');
    });
  }

  test.each<[name: string, text: string, algorithm: string | undefined]>([
    ['P-256', toPem(ec), 'sha256'],
    ['P-256 in its own form, as openssl ecparam writes it', `${ecParameters()}${toPem(ec, 'sec1')}`, 'sha256'],
    ['Ed25519', toPem(ed25519), undefined],
  ])('%s signs', async (_, text, algorithm) => {
    const signer = await open(text);
    expect(verify(algorithm, content, signer.publicKey, await signer.sign(content))).toBe(true);
  });

  test.each<[name: string, text: () => string, code: string]>([
    ['nothing', () => '', 'KeyUnreadable'],
    ['a public key', () => ecPublic(), 'KeyUnreadable'],
    ['two keys', () => toPem(ec) + toPem(ed25519), 'KeyUnreadable'],
    ['a key with a password', () => toPem(ec, 'pkcs8', 'secret'), 'KeyUnreadable'],
    ['a key with a password in its own form', () => toPem(ec, 'sec1', 'secret'), 'KeyUnreadable'],
    ['a broken key', () => toPem(ec).replace(/^MIG/m, 'MAG'), 'KeyUnreadable'],
    ['RSA', () => toPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), 'KeyUnsupported'],
    ['P-384', () => toPem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey), 'KeyUnsupported'],
  ])('%s is refused, and no text of the file is shown', async (_, text, code) => {
    const pem = text();
    const error: unknown = await open(pem).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code });
    const lines = pem.split('\n').filter((line) => line.length > 30);
    for (const line of lines) expect(String(error)).not.toContain(line);
  });

  test('a file that is absent is a failure of the store', async () => {
    const absent = openSigner(path.join(scratch, 'absent.pem'), () => ({
      region: '',
      credentials: { accessKeyId: '', secretAccessKey: '' },
    }));
    await expect(absent).rejects.toMatchObject({ code: 'NotFound' });
  });
});

function ecPublic(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();
}

function ecParameters(): string {
  return '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
}
