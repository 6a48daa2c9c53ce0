import { afterEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createExtensionStore } from '../../../lib/registry/attachments/extension-store.ts';
import { EXTENSION_LIFETIME_MS, MAX_EXTENSION_SIGNATURES } from '../../../lib/registry/client/signature-extension.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { BASIC, createSetup, PASSWORD, toDigest, USER } from '../client/registry-setup.ts';

const setup = createSetup();
afterEach(() => setup.close());

const IMAGE = toDigest('the image');
const MESSAGE = Buffer.from([0xa3, 1, 2, 3]);
const content = MESSAGE.toString('base64');
const entry = { schemaVersion: 2, name: `${IMAGE}@one`, type: 'atomic', content };

/** A lookaside with one signature. */
const lookaside: SignatureStore = {
  description: 'the lookaside',
  async *fetchSignatures() {
    yield { kind: 'signature', store: 'the lookaside', location: 'lookaside', untrustedBytes: MESSAGE };
  },
};

interface Answer {
  /** Of `/v2/`. */
  readonly header?: string;
  readonly ping?: number;
  readonly status?: number;
  readonly body?: unknown;
  /** Answers with this text instead. */
  readonly text?: string;
  readonly asksForPassword?: boolean;
}

interface Reading {
  readonly isAllowed?: boolean;
  /** How often, by one client. */
  readonly times?: number;
  readonly now?: () => number;
}

async function read(answer: Answer, { isAllowed = true, times = 1, now = () => 0 }: Reading = {}) {
  const { header = '1', ping = 200, status = 200, body = { signatures: [entry] }, asksForPassword = false } = answer;
  const registry = await setup.serve((request, response) => {
    const isRoot = request.url === '/v2/';
    if (isRoot) response.setHeader('x-registry-supports-signatures', header);
    if (asksForPassword && request.headers.authorization !== BASIC) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return;
    }
    if (isRoot) response.writeHead(ping).end('{}');
    else if (request.url === `/extensions/v2/team/app/signatures/${IMAGE}`) {
      response.writeHead(status).end(answer.text ?? JSON.stringify(body));
    } else response.writeHead(404).end();
  });
  const client = setup.connect({
    allowed: isAllowed ? [registry.host] : ['elsewhere.example.com'],
    plain: [registry.host],
    auths: { [registry.host]: { auth: Buffer.from(`${USER}:${PASSWORD}`).toString('base64') } },
    now,
  });
  const store = createExtensionStore(lookaside, { open: async () => client });
  const repository = parseRepository(`${registry.host}/team/app`);
  const entries: string[] = [];
  for (let time = 0; time < times; time += 1) {
    for await (const one of store.fetchSignatures({ digest: IMAGE, repository }, new AbortController().signal)) {
      const by = one.store === 'the lookaside' ? 'lookaside' : 'extension';
      entries.push(one.kind === 'failed' ? `${by} failed ${one.error.code}` : `${by} ${one.kind}`);
    }
  }
  return { entries, asked: registry.requests.map(({ path }) => path) };
}

describe('signatures by the extension of a registry', () => {
  test.each<{ name: string; answer: Answer; expected: readonly string[] }>([
    { name: 'one', answer: {}, expected: ['extension signature', 'extension absent'] },
    {
      name: 'one behind a password',
      answer: { asksForPassword: true },
      expected: ['extension signature', 'extension absent'],
    },
    { name: 'none', answer: { body: { signatures: [] } }, expected: ['extension absent'] },
    { name: 'no list', answer: { body: { signatures: null } }, expected: ['extension absent'] },
    { name: 'no member', answer: { body: {} }, expected: ['extension absent'] },
    { name: 'an image that is not there', answer: { status: 404 }, expected: ['extension absent'] },
    {
      name: 'entries of other kinds beside it',
      answer: { body: { signatures: [{ ...entry, schemaVersion: 1 }, { ...entry, type: 'x' }, 7, entry] } },
      expected: ['extension signature', 'extension absent'],
    },
    { name: 'a registry without it', answer: { header: '0' }, expected: ['lookaside signature'] },
    { name: 'a registry without the root of the API', answer: { ping: 404 }, expected: ['lookaside signature'] },
    {
      name: 'a registry that fails',
      answer: { ping: 500 },
      expected: ['extension failed StatusUnexpected', 'lookaside signature'],
    },
    {
      name: 'an extension that fails',
      answer: { status: 500 },
      expected: ['extension failed StatusUnexpected', 'lookaside signature'],
    },
    {
      name: 'an extension that is closed',
      answer: { status: 403 },
      expected: ['extension failed AccessDenied', 'lookaside signature'],
    },
  ])('$name: $expected', async ({ answer, expected }) => {
    expect((await read(answer)).entries).toEqual(expected);
  });

  test('a registry that may not be contacted is not, and the lookaside is read', async () => {
    const { entries, asked } = await read({}, { isAllowed: false });
    expect([entries, asked]).toEqual([['lookaside signature'], []]);
  });

  test('a query without a repository is for the lookaside', async () => {
    const open = () => {
      throw new Error('no registry must be opened');
    };
    const { signal } = new AbortController();
    const entries = createExtensionStore(lookaside, { open }).fetchSignatures({ digest: IMAGE }, signal);
    expect((await Array.fromAsync(entries)).map(({ location }) => location)).toEqual(['lookaside']);
  });

  test('what the registry says of itself counts for a while', async () => {
    let time = 0;
    const kept = await read({}, { times: 3, now: () => time });
    expect(kept.asked.filter((path) => path === '/v2/')).toHaveLength(1);
    const asked = await read({}, { times: 3, now: () => (time += EXTENSION_LIFETIME_MS) });
    expect(asked.asked.filter((path) => path === '/v2/')).toHaveLength(3);
  });

  test('the abort of its signal is no fault of a registry', async () => {
    const reason = new StoreError('TimedOut', 'the time is up');
    const open = async () => ({ readSignatureExtension: async () => await Promise.reject(reason) });
    const entries = createExtensionStore(lookaside, { open }).fetchSignatures(
      { digest: IMAGE, repository: parseRepository('r.example/team/app') },
      AbortSignal.abort(reason),
    );
    await expect(Array.fromAsync(entries)).rejects.toBe(reason);
  });
});

describe('junk in the list hides nothing', () => {
  const failed = ['extension signature', 'extension failed BodyInvalid', 'lookaside signature'];
  test.each<{ name: string; body: readonly unknown[]; expected: readonly string[] }>([
    { name: 'no base64', body: [{ ...entry, content: '%%' }, entry], expected: failed },
    { name: 'no text', body: [{ ...entry, content: 7 }, entry], expected: failed },
    { name: 'nothing', body: [entry, { ...entry, content: '' }], expected: failed },
    // Nodes take it for an OpenPGP message; other readers would take it for a Sigstore signature.
    {
      name: 'a Sigstore signature',
      body: [{ ...entry, content: Buffer.from('\0sigstore-json\n{}').toString('base64') }, entry],
      expected: failed,
    },
    {
      name: `${MAX_EXTENSION_SIGNATURES} before it`,
      body: Array.from({ length: MAX_EXTENSION_SIGNATURES + 1 }, () => entry),
      expected: [
        ...Array<string>(MAX_EXTENSION_SIGNATURES).fill('extension signature'),
        'extension failed LimitExceeded',
        'lookaside signature',
      ],
    },
  ])('$name: $expected', async ({ body, expected }) => {
    expect((await read({ body: { signatures: body } })).entries).toEqual(expected);
  });

  test.each([
    ['a page', '<html>'],
    ['a list', '[]'],
    ['a text in the place of the list', '{"signatures":"x"}'],
    ['a member twice', '{"signatures":[],"signatures":[]}'],
    ['ten thousand levels', '['.repeat(10_000)],
  ])('%s: failed', async (_, text) => {
    expect((await read({ text })).entries).toEqual(['extension failed BodyInvalid', 'lookaside signature']);
  });
});
