import { afterEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Repository } from '../../../lib/base/names/reference.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { SecretSource } from '../../../lib/platform/secrets/secret-source.ts';
import { type PullSecret, parsePullSecret } from '../../../lib/registry/client/pull-secret.ts';
import type { EcrReader } from '../../../lib/registry/profile/ecr-registry.ts';
import {
  createProfileRegistries,
  type ProfileRegistries,
  type RegistriesOptions,
  type RegistryTrust,
  toAllowedHosts,
} from '../../../lib/registry/profile/profile-registries.ts';
import {
  BASIC,
  codeOf,
  createSetup,
  errorOf,
  makeManifest,
  OCI_MANIFEST,
  PASSWORD,
  toDigest,
  USER,
} from '../client/registry-setup.ts';

const setup = createSetup();
afterEach(() => setup.close());

const { signal } = new AbortController();
const MANIFEST = makeManifest();
const DIGEST = toDigest(MANIFEST);
const ECR_HOST = '123456789012.dkr.ecr.us-west-2.amazonaws.com';

const TRUST: RegistryTrust = {
  profile: 'ocp',
  revision: 'a'.repeat(64),
  pushSources: [{ source: 'quay', registry: 'quay.example.com', repository: 'ns/name' }],
  registries: { allowed: ['allowed.example.com:5000'] },
  mirrorRules: [
    {
      source: 'source.example.com/a',
      mirrors: ['Mirror.Example.com:443/a/b', 'bare.example.com', '*.wild.example.com', 'index.docker.io/x'],
      neverContactSource: true,
      origin: 'ImageDigestMirrorSet/x',
    },
  ],
  storeAccess: { allowPrivateAddresses: true, allowLocal: false },
};

function open(options: RegistriesOptions): ProfileRegistries {
  const registries = createProfileRegistries(options);
  setup.onEnd(() => registries.close());
  return registries;
}

async function serveManifest() {
  return await setup.serve((_request, response) => {
    response.writeHead(200, { 'content-type': OCI_MANIFEST, 'docker-content-digest': DIGEST }).end(MANIFEST);
  });
}

async function readFrom(registries: ProfileRegistries, trust: RegistryTrust, host: string): Promise<void> {
  const repository = parseRepository(`${host}/ns/name`);
  await (await registries.open(trust, repository)).readManifest(repository, DIGEST, signal);
}

describe('toAllowedHosts', () => {
  test('hosts of push sources, mirrors and registries.allowed; not the sources of mirrors, nor wildcards', () => {
    expect(toAllowedHosts(TRUST).toSorted()).toEqual([
      'allowed.example.com:5000',
      'auth.docker.io',
      'bare.example.com',
      'docker.io',
      'mirror.example.com',
      'quay.example.com',
      'registry-1.docker.io',
    ]);
  });

  test.each<[name: string, allowed: readonly string[], expected: readonly string[]]>([
    [
      'Docker Hub with its API and its token service',
      ['docker.io'],
      ['auth.docker.io', 'docker.io', 'registry-1.docker.io'],
    ],
    ['its API alone is not Docker Hub', ['registry-1.docker.io'], ['registry-1.docker.io']],
    [
      'each once',
      ['docker.io', 'auth.docker.io', 'a.example', 'a.example'],
      ['a.example', 'auth.docker.io', 'docker.io', 'registry-1.docker.io'],
    ],
    ['none', [], []],
  ])('%s', (_, allowed, expected) => {
    const trust = { ...TRUST, pushSources: [], mirrorRules: [], registries: { allowed } };
    expect(toAllowedHosts(trust).toSorted()).toEqual(expected);
  });
});

describe('a host is contacted', () => {
  test.each(['quay.example.com', 'allowed.example.com:5000', 'mirror.example.com', 'bare.example.com', 'docker.io'])(
    'when the profile names it: %s',
    async (host) => {
      const server = await serveManifest();
      await readFrom(open({ apiOrigins: new Map([[host, server.origin]]) }), TRUST, host);
      expect(server.requests.map(({ path }) => path)).toEqual([`/v2/ns/name/manifests/${DIGEST}`]);
    },
  );

  test.each([
    'quay.io',
    'source.example.com',
    'a.wild.example.com',
    'wild.example.com',
    'quay.example.com:8443',
    'quay.example.com.evil.example',
    'evil.quay.example.com',
    'allowed.example.com',
    ECR_HOST,
  ])('and no other, even if the operator says where its API is: %s', async (host) => {
    const server = await serveManifest();
    const registries = open({ apiOrigins: new Map([[host, server.origin]]) });
    expect(await codeOf(readFrom(registries, TRUST, host))).toBe('NotAllowed');
    expect(server.requests).toEqual([]);
  });

  test('by the rules of its own profile', async () => {
    const server = await serveManifest();
    const registries = open({ apiOrigins: new Map([['quay.example.com', server.origin]]) });
    const other = { ...TRUST, profile: 'other', pushSources: [] };
    await readFrom(registries, TRUST, 'quay.example.com');
    expect(await codeOf(readFrom(registries, other, 'quay.example.com'))).toBe('NotAllowed');
    const strict = { ...TRUST, profile: 'strict', storeAccess: { allowPrivateAddresses: false, allowLocal: false } };
    expect(await codeOf(readFrom(registries, strict, 'quay.example.com'))).toBe('AddressRefused');
    expect(server.requests).toHaveLength(1);
  });

  test('at private addresses too where the operator of one machine says so', async () => {
    const server = await serveManifest();
    const apiOrigins = new Map([['quay.example.com', server.origin]]);
    const strict = { ...TRUST, storeAccess: { allowPrivateAddresses: false, allowLocal: false } };
    await readFrom(open({ apiOrigins, allowPrivateAddresses: true }), strict, 'quay.example.com');
    expect(server.requests).toHaveLength(1);
  });

  test('as a token service only when the profile allows it, not because an unlisted host’s API is there', async () => {
    const tokens = await setup.serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"token":"t"}');
    });
    const server = await setup.serve((_request, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.origin}/token",service="s"` }).end();
    });
    const apiOrigins = new Map([
      ['quay.example.com', server.origin],
      ['unlisted.example.com', tokens.origin],
    ]);
    expect(await codeOf(readFrom(open({ apiOrigins }), TRUST, 'quay.example.com'))).toBe('NotAllowed');
    expect([server.requests.length, tokens.requests.length]).toEqual([1, 0]);
  });
});

describe('a client is kept', () => {
  const repository = parseRepository('quay.example.com/ns/name');
  const parse = (password: string): PullSecret =>
    parsePullSecret(JSON.stringify({ auths: { 'quay.example.com': { username: USER, password } } }));
  const secret = parse(PASSWORD);

  test.each<[name: string, change: Partial<RegistryTrust>, next: PullSecret, isSame: boolean]>([
    ['while trust and secret are the same', {}, secret, true],
    ['also under another object of the same trust', { pushSources: [...TRUST.pushSources] }, secret, true],
    ['not when the revision is another', { revision: 'b'.repeat(64) }, secret, false],
    ['not when the secret is another', {}, parse('other'), false],
    ['not by another profile', { profile: 'other' }, secret, false],
  ])('%s', async (_, change, next, isSame) => {
    let current = secret;
    const pullSecret: SecretSource<PullSecret> = { read: async () => current };
    const registries = open({ pullSecret });
    const first = await registries.open(TRUST, repository);
    current = next;
    const second = await registries.open({ ...TRUST, ...change }, repository);
    expect(second === first).toBe(isSame);
    expect(await registries.open({ ...TRUST, ...change }, repository)).toBe(second);
  });

  test('calls under way finish with the one that they have, however often trust and secret change', async () => {
    const server = await serveManifest();
    let current = secret;
    const pullSecret: SecretSource<PullSecret> = { read: async () => current };
    const registries = open({ apiOrigins: new Map([['quay.example.com', server.origin]]), pullSecret });
    const first = await registries.open(TRUST, repository);
    await first.readManifest(repository, DIGEST, signal);
    for (const letter of 'bcd') {
      current = parse(letter);
      await readFrom(registries, { ...TRUST, revision: letter.repeat(64) }, 'quay.example.com');
    }
    expect((await first.readManifest(repository, DIGEST, signal)).digest).toBe(DIGEST);
  });

  test('one for all that are opened at once', async () => {
    const pullSecret: SecretSource<PullSecret> = {
      read: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return secret;
      },
    };
    const registries = open({ pullSecret });
    const opened = await Promise.all(Array.from({ length: 8 }, () => registries.open(TRUST, repository)));
    expect(new Set(opened).size).toBe(1);
  });

  test('it stays when the trust that should replace it cannot be used', async () => {
    const server = await serveManifest();
    const registries = open({ apiOrigins: new Map([['quay.example.com', server.origin]]) });
    const broken = { ...TRUST, revision: 'b'.repeat(64), storeAccess: { ...TRUST.storeAccess, ca: 'no certificate' } };
    await readFrom(registries, TRUST, 'quay.example.com');
    expect(await errorOf(registries.open(broken, repository))).toBeInstanceOf(ConfigurationError);
    await readFrom(registries, TRUST, 'quay.example.com');
    expect(server.requests).toHaveLength(2);
  });

  test('with the secret for its host', async () => {
    const server = await setup.serve(({ headers }, response) => {
      if (headers.authorization !== BASIC) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST);
    });
    const apiOrigins = new Map([['quay.example.com', server.origin]]);
    await readFrom(open({ apiOrigins, pullSecret: { read: async () => secret } }), TRUST, 'quay.example.com');
    expect(server.requests).toHaveLength(2);
  });

  test('none without the secret that is configured', async () => {
    const server = await serveManifest();
    const unreadable = new StoreError('ConnectionFailed', 'no secret');
    const apiOrigins = new Map([['quay.example.com', server.origin]]);
    const registries = open({ apiOrigins, pullSecret: { read: () => Promise.reject(unreadable) } });
    expect(await errorOf(readFrom(registries, TRUST, 'quay.example.com'))).toBe(unreadable);
    expect(server.requests).toEqual([]);
  });
});

describe('repositories of Amazon ECR are read by its own API', () => {
  const refused: EcrReader = {
    readManifest: () => Promise.reject(new StoreError('Unavailable', 'by the API')),
    resolveTag: () => Promise.reject(new StoreError('Unavailable', 'by the API')),
    extend: (client) => client,
  };
  const openEcr = async (): Promise<EcrReader> => refused;
  const listing = (...hosts: readonly string[]): RegistryTrust => ({ ...TRUST, registries: { allowed: hosts } });
  const asked = async (options: RegistriesOptions, trust: RegistryTrust, repository: Repository) =>
    (await open(options).open(trust, repository)) === refused ? 'API' : 'registry';

  test.each<[name: string, host: string, expected: string]>([
    ['a registry of ECR', ECR_HOST, 'API'],
    ['in China', '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'API'],
    ['a longer host', `${ECR_HOST}.evil.example`, 'registry'],
    ['a host before it', `evil.${ECR_HOST}`, 'registry'],
    ['a longer account', `1${ECR_HOST}`, 'registry'],
    ['another port', `${ECR_HOST}:8443`, 'registry'],
    ['another domain', '123456789012.dkr.ecr.us-west-2.amazonaws.example.com', 'registry'],
    ['a label more', '123456789012.dkr.ecr.us-west-2.evil.amazonaws.com', 'registry'],
    ['a region of the other domain', `${ECR_HOST}.cn`, 'registry'],
    ['the public gallery', 'public.ecr.aws', 'registry'],
    ['its name as a path', `quay.io/${ECR_HOST}`, 'registry'],
  ])('%s', async (_, host, expected) => {
    const trust = listing(host.split('/')[0] ?? '');
    const repository = parseRepository(`${host}/ns/name`);
    expect(await asked({ openEcr }, trust, repository)).toBe(expected);
    expect(await asked({}, trust, repository)).toBe('registry');
  });

  test('unless the operator says where its API is', async () => {
    const repository = parseRepository(`${ECR_HOST}/ns/name`);
    const apiOrigins = new Map([[ECR_HOST, 'http://127.0.0.1:1']]);
    expect(await asked({ openEcr, apiOrigins }, listing(ECR_HOST), repository)).toBe('registry');
  });

  test('unless the pull secret has a credential for them', async () => {
    const auths = { [ECR_HOST]: { username: 'AWS', password: 'token' } };
    const pullSecret = { read: async () => parsePullSecret(JSON.stringify({ auths })) };
    const [named, other] = [`${ECR_HOST}/ns/name`, '123456789012.dkr.ecr.eu-west-1.amazonaws.com/ns/name'];
    const trust = listing(ECR_HOST, other.split('/')[0] ?? '');
    expect(await asked({ openEcr, pullSecret }, trust, parseRepository(named))).toBe('registry');
    expect(await asked({ openEcr, pullSecret }, trust, parseRepository(other))).toBe('API');
  });

  test('and not at all when the profile does not name it', async () => {
    expect(await codeOf(readFrom(open({ openEcr }), TRUST, ECR_HOST))).toBe('NotAllowed');
    expect(await codeOf(readFrom(open({ openEcr }), listing(ECR_HOST), ECR_HOST))).toBe('Unavailable');
  });
});
