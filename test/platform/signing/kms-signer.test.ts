import { generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { openSigner } from '../../../lib/platform/signing/open-signer.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555';
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC = {
  PublicKey: keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  KeySpec: 'ECC_NIST_P256',
  KeyUsage: 'SIGN_VERIFY',
};

interface Asked {
  readonly target: string;
  readonly authorization: string;
  readonly body: Readonly<Record<string, string>>;
}

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
});

/** KMS, which answers each operation with a status and a body. */
async function startKms(answer: (asked: Asked) => readonly [status: number, body: unknown]) {
  const asked: Asked[] = [];
  server = await startServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const one: Asked = {
        target: String(request.headers['x-amz-target']),
        authorization: String(request.headers.authorization),
        body: JSON.parse(Buffer.concat(parts).toString()) as Asked['body'],
      };
      asked.push(one);
      const [status, body] = answer(one);
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  const endpoints = { urls: { kms: server.origin }, useFips: false, useDualStack: false };
  const settings = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    endpoints,
  };
  return { asked, open: async () => await openSigner(ARN, () => settings) };
}

describe('a key of KMS to sign with', () => {
  test('signs a digest, in the region of the key', async () => {
    const content = Buffer.from('content');
    const { asked, open } = await startKms(({ target, body }) => {
      if (target.endsWith('GetPublicKey')) return [200, PUBLIC];
      expect(body['Message']).toBe(hash('sha256', content, 'buffer').toString('base64'));
      const Signature = sign('sha256', content, keys.privateKey).toString('base64');
      return [200, { Signature, SigningAlgorithm: 'ECDSA_SHA_256' }];
    });
    const signer = await open();
    expect(verify('sha256', content, signer.publicKey, await signer.sign(content))).toBe(true);
    expect(asked.map(({ target }) => target)).toEqual(['TrentService.GetPublicKey', 'TrentService.Sign']);
    expect(asked[1]?.body).toMatchObject({ KeyId: ARN, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' });
    for (const { authorization } of asked) expect(authorization).toContain('/eu-west-1/kms/aws4_request');
  });

  test.each<[name: string, status: number, body: unknown, code: string]>([
    ['that is RSA', 200, { ...PUBLIC, KeySpec: 'RSA_2048' }, 'KeyUnsupported'],
    ['of another curve', 200, { ...PUBLIC, KeySpec: 'ECC_SECG_P256K1' }, 'KeyUnsupported'],
    ['that encrypts', 200, { ...PUBLIC, KeyUsage: 'KEY_AGREEMENT' }, 'KeyUnsupported'],
    ['that is no key', 200, { ...PUBLIC, PublicKey: 'AAAA' }, 'BodyInvalid'],
    ['without a form', 200, {}, 'BodyInvalid'],
    ['that is not JSON', 200, '<html>', 'BodyInvalid'],
    ['that the role may not use', 400, { __type: 'AccessDeniedException' }, 'StatusUnexpected'],
    ['that is forbidden', 403, {}, 'NotAllowed'],
    ['of a service that is down', 503, {}, 'StatusUnexpected'],
  ])('is refused: an answer %s', async (_, status, body, code) => {
    const { open } = await startKms(() => [status, body]);
    await expect(open()).rejects.toMatchObject({ code });
  });

  test('that fails to sign throws a failure of the store, after three tries', async () => {
    const { asked, open } = await startKms(({ target }) => (target.endsWith('Sign') ? [500, {}] : [200, PUBLIC]));
    const signer = await open();
    await expect(signer.sign(Buffer.from('content'))).rejects.toMatchObject({ code: 'StatusUnexpected' });
    expect(asked).toHaveLength(4);
  });
});
