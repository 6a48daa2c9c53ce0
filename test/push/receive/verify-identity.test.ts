import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { HttpClient } from '../../../lib/platform/http/http-client.ts';
import {
  KEYS_COOLDOWN_MS,
  KEYS_REFRESH_MS,
  KEYS_RETRY_MS,
  MAX_KEYS,
  MAX_KEYS_AGE_MS,
  MAX_TOKEN_LENGTH,
  openGoogleIdentities,
} from '../../../lib/push/receive/verify-identity.ts';

const NOW = Date.UTC(2026, 1, 3, 4, 5, 6);
const SECONDS = NOW / 1000;
const AUDIENCE = 'https://signet.example.com/webhooks/google';
const EMAIL = 'push@project.iam.gserviceaccount.com';

const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const first = rsa();
const second = rsa();
const short = rsa(1024);
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const toJwk = (key: KeyObject, kid: string, more: object = { alg: 'RS256', use: 'sig' }) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...more,
});
const KEYS: readonly JsonWebKey[] = [
  toJwk(first.publicKey, 'first'),
  toJwk(short.publicKey, 'short'),
  toJwk(curve.publicKey, 'curve', { alg: 'ES256' }),
];

const CLAIMS = {
  iss: 'https://accounts.google.com',
  aud: AUDIENCE,
  azp: '113774264463038321964',
  sub: '113774264463038321964',
  email: EMAIL,
  email_verified: true,
  iat: SECONDS - 10,
  exp: SECONDS + 3600,
};

type Part = Readonly<Record<string, unknown>>;

const encode = (part: Part | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

function toToken(claims: Part | string = CLAIMS, header: Part = {}, key: KeyObject = first.privateKey): string {
  const signed = `${encode({ alg: 'RS256', kid: 'first', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `Bearer ${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** Signed with the text of the public key, as a secret that everybody knows. */
function toConfusedToken(): string {
  const pem = first.publicKey.export({ format: 'pem', type: 'spki' });
  const signed = `${encode({ alg: 'HS256', kid: 'first', typ: 'JWT' })}.${encode(CLAIMS)}`;
  return `Bearer ${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`;
}

interface Source {
  readonly answers: (readonly JsonWebKey[] | StoreError | string)[];
  readonly asked: string[];
}

function createSource(...answers: Source['answers']) {
  let time = NOW;
  const asked: string[] = [];
  const get: HttpClient['get'] = async (url) => {
    asked.push(url);
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    if (answer instanceof StoreError) throw answer;
    const text = typeof answer === 'string' ? answer : JSON.stringify({ keys: answer });
    return { status: 200, headers: {}, bytes: Buffer.from(text), url: new URL(url) };
  };
  const verify = openGoogleIdentities({}, { http: { get }, now: () => new Date(time) });
  return {
    asked,
    verify: (token: string | undefined) => verify(token, [AUDIENCE, 'another-audience']),
    pass: (ms: number) => {
      time += ms;
    },
  };
}

test('the account and the audience of a token of Google’s, by the keys that it publishes', async () => {
  const { verify, asked } = createSource(KEYS);
  expect(await verify(toToken())).toEqual({ kind: 'verified', audience: AUDIENCE, email: EMAIL });
  expect(asked).toEqual(['https://www.googleapis.com/oauth2/v3/certs']);
});

describe('identifies nobody', () => {
  const { exp: _, ...endless } = CLAIMS;
  const { email: __, ...nameless } = CLAIMS;
  const { email_verified: ___, ...unverified } = CLAIMS;
  const [signed = '', signature = ''] = toToken().split(/\.(?=[^.]+$)/);
  const refused = 'its token is refused: ';
  test.each<[name: string, token: string | undefined, fault: string]>([
    ['no header', undefined, 'it has no token'],
    ['an empty header', '', 'it has no token'],
    ['no token', 'Bearer ', 'it has no token'],
    ['another scheme', toToken().replace('Bearer', 'Basic'), 'it has no token'],
    ['two tokens', `${toToken()},${toToken()}`, 'it has no token'],
    ['a line feed after it', `${toToken()}\n`, 'it has no token'],
    ['a long one', toToken({ ...CLAIMS, more: 'x'.repeat(MAX_TOKEN_LENGTH) }), 'it has no token'],
    ['claims that are no JSON', toToken('{'), refused],
    ['expired', toToken({ ...CLAIMS, exp: SECONDS - 61 }), `${refused}"exp" claim timestamp check failed`],
    ['without an end', toToken(endless), `${refused}missing required "exp" claim`],
    ['not begun', toToken({ ...CLAIMS, nbf: SECONDS + 61 }), `${refused}"nbf" claim timestamp check failed`],
    ['another issuer', toToken({ ...CLAIMS, iss: 'https://accounts.example.com' }), `${refused}unexpected "iss" claim`],
    ['no issuer', toToken({ ...CLAIMS, iss: undefined }), refused],
    ['another audience', toToken({ ...CLAIMS, aud: 'https://other.example.com' }), `${refused}unexpected "aud" claim`],
    [
      'the audience among others',
      toToken({ ...CLAIMS, aud: ['x', AUDIENCE] }),
      'its token names no audience and verified account',
    ],
    ['no account', toToken(nameless), `${refused}missing required "email" claim`],
    [
      'an account that nobody verified',
      toToken({ ...CLAIMS, email_verified: false }),
      'its token names no audience and verified account',
    ],
    [
      'an account verified by a text',
      toToken({ ...CLAIMS, email_verified: 'true' }),
      'its token names no audience and verified account',
    ],
    ['an account of which nothing is said', toToken(unverified), 'its token names no audience and verified account'],
    ['another key under the name', toToken(CLAIMS, {}, second.privateKey), `${refused}signature verification failed`],
    [
      'a key that is not published',
      toToken(CLAIMS, { kid: 'second' }, second.privateKey),
      `${refused}no applicable key found`,
    ],
    [
      'a key in the token',
      toToken(CLAIMS, { kid: 'second', jwk: toJwk(second.publicKey, 'second') }, second.privateKey),
      `${refused}no applicable key found`,
    ],
    [
      'a key at a URL of the token',
      toToken(CLAIMS, { kid: 'second', jku: 'https://evil.example.com' }, second.privateKey),
      `${refused}no applicable key found`,
    ],
    ['no signature', `${signed}.`, 'it has no token'],
    ['half a signature', `${signed}.${signature.slice(0, 10)}`, `${refused}signature verification failed`],
    [
      'the algorithm “none”',
      toToken(CLAIMS, { alg: 'none' }),
      `${refused}"alg" (Algorithm) Header Parameter value not allowed`,
    ],
    ['the public key as a secret', toConfusedToken(), `${refused}"alg" (Algorithm) Header Parameter value not allowed`],
    [
      'another algorithm',
      toToken(CLAIMS, { alg: 'RS512' }),
      `${refused}"alg" (Algorithm) Header Parameter value not allowed`,
    ],
    ['another kind of key', toToken(CLAIMS, { kid: 'curve' }), `${refused}no applicable key found`],
    ['a critical extension', toToken(CLAIMS, { crit: ['x'], x: 1 }), refused],
    [
      'claims of another token',
      `${signed.split('.')[0]}.${encode({ ...CLAIMS, email: 'evil@example.com' })}.${signature}`,
      `${refused}signature verification failed`,
    ],
  ])('%s', async (_name, token, fault) => {
    const { verify } = createSource(KEYS);
    const identity = await verify(token);
    expect(identity.kind === 'unknown' ? identity.fault.slice(0, fault.length) : 'verified').toBe(fault);
  });

  test('a short key', async () => {
    const { verify } = createSource(KEYS);
    await expect(verify(toToken(CLAIMS, { kid: 'short' }, short.privateKey))).rejects.toThrow('2048 bits');
  });
});

describe('the keys', () => {
  const unreachable = new StoreError('ConnectionFailed', 'refused');
  const rotated = [toJwk(second.publicKey, 'second')];
  const newer = toToken(CLAIMS, { kid: 'second' }, second.privateKey);
  const fresh = (ms: number): string =>
    toToken({ ...CLAIMS, iat: SECONDS + ms / 1000 - 10, exp: SECONDS + ms / 1000 + 60 });

  test('are fetched once for many tokens, also at the same time', async () => {
    const { verify, asked } = createSource(KEYS);
    await Promise.all(Array.from({ length: 5 }, () => verify(toToken())));
    for (let count = 0; count < 5; count++) await verify(toToken());
    expect(asked).toHaveLength(1);
  });

  test('are not fetched for what is no token', async () => {
    const { verify, asked } = createSource(KEYS);
    await verify('Bearer x');
    expect(asked).toEqual([]);
  });

  test('are not fetched for every key that a stranger makes up', async () => {
    const { verify, asked } = createSource(KEYS);
    for (let count = 0; count < 20; count++) await verify(toToken(CLAIMS, { kid: `k${count}` }));
    expect(asked).toHaveLength(1);
  });

  test('are fetched again for a new one, once the last time is a while ago', async () => {
    const { verify, asked, pass } = createSource(KEYS, rotated);
    await verify(toToken());
    expect((await verify(newer)).kind).toBe('unknown');
    pass(KEYS_COOLDOWN_MS);
    expect([(await verify(newer)).kind, asked.length]).toEqual(['verified', 2]);
    expect((await verify(toToken())).kind).toBe('unknown');
  });

  test('are fetched again after a while, so that one that is withdrawn ends', async () => {
    const { verify, pass } = createSource(KEYS, rotated);
    await verify(toToken());
    pass(KEYS_REFRESH_MS);
    expect((await verify(fresh(KEYS_REFRESH_MS))).kind).toBe('unknown');
  });

  test('are used for a day while none can be fetched, and asked for now and then', async () => {
    const { verify, asked, pass } = createSource(KEYS, unreachable);
    await verify(toToken());
    pass(KEYS_REFRESH_MS);
    for (let count = 0; count < 5; count++) {
      expect((await verify(fresh(KEYS_REFRESH_MS))).kind).toBe('verified');
    }
    expect(asked).toHaveLength(2);
    pass(MAX_KEYS_AGE_MS);
    await expect(verify(fresh(KEYS_REFRESH_MS + MAX_KEYS_AGE_MS))).rejects.toThrow('refused');
  });

  test('are asked for a few seconds apart while there are none: a stranger’s tokens cost no request each', async () => {
    const { verify, asked, pass } = createSource(unreachable, unreachable, KEYS);
    for (let count = 0; count < 5; count++) await expect(verify(toToken())).rejects.toThrow('refused');
    expect(asked).toHaveLength(1);
    pass(KEYS_RETRY_MS);
    await expect(verify(toToken())).rejects.toThrow('refused');
    pass(KEYS_RETRY_MS);
    expect([(await verify(toToken())).kind, asked.length]).toEqual(['verified', 3]);
  });

  test.each<[name: string, answer: StoreError | string | readonly JsonWebKey[], code: string]>([
    ['out of reach', unreachable, 'ConnectionFailed'],
    ['no JSON', '<html>', 'BodyInvalid'],
    ['no keys', [], 'BodyInvalid'],
    ['a key without a name', [first.publicKey.export({ format: 'jwk' })], 'BodyInvalid'],
    [
      'more than are kept',
      Array.from({ length: MAX_KEYS + 1 }, (_, index) => toJwk(first.publicKey, `${index}`)),
      'BodyInvalid',
    ],
    ['another document', '{"issuer":"x"}', 'BodyInvalid'],
  ])('are a failure of infrastructure: %s', async (_, answer, code) => {
    const { verify } = createSource(answer);
    await expect(verify(toToken())).rejects.toMatchObject({ name: 'StoreError', code });
  });
});
