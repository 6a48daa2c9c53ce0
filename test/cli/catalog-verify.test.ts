import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addCatalog } from '../../cli/catalog/index.ts';
import { makeImage, makeList, pushImage } from '../mirror/check/mirror-setup.ts';
import { createSetup, makeManifest, OCI_INDEX, OCI_MANIFEST, toDigest } from '../registry/client/registry-setup.ts';
import { startRegistry } from '../registry/client/start-registry.ts';
import { createScratch, makeImageSigner, NAME } from '../registry/images/image-setup.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { callNoun, toOverridden } from '../support/run-signet.ts';
import { TEST_CA } from '../support/servers/start-server.ts';
import { findTool } from '../support/tools.ts';

const registryProgram = findTool('docker-registry');
const scratch = createScratch();
const setup = createSetup();
const signer = makeImageSigner();
const other = makeImageSigner();

let work = '';
const at = (name: string): string => path.join(work, name);
beforeEach(async () => {
  work = await scratch.directory();
  await mkdir(at('etc/keys'), { recursive: true });
  await writeFile(at('etc/keys/good.gpg'), signer.certificate);
  await writeFile(at('ca.pem'), TEST_CA);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await scratch.remove();
  await setup.close();
});

const signet = (...args: readonly string[]) => callNoun(addCatalog, ['catalog', 'check', ...args]);

const images = ['signed', 'forged', 'bare', 'gone'].map((name) => ({ name, bytes: makeManifest(OCI_MANIFEST, name) }));
const bytesOf = (name: string): Uint8Array => images.find((image) => image.name === name)?.bytes ?? Buffer.alloc(0);
const identity = { type: 'exactRepository', dockerRepository: NAME };
const signedBy = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/keys/good.gpg', signedIdentity: identity };

/** A registry with a signed image, one that somebody else signed, one that is not signed, and one that it lost. */
async function start() {
  const signatures = new Map([
    ['signed', signer.sign({ digest: toDigest(bytesOf('signed')) })],
    ['forged', other.sign({ digest: toDigest(bytesOf('forged')) })],
  ]);
  const asked: string[] = [];
  const server = await setup.serve((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const [, name = ''] = /^\/(?:sigs|v2)\/app\/([a-z]+)/.exec(url) ?? [];
    const signature = url.endsWith('/signature-1') ? signatures.get(name) : undefined;
    if (signature !== undefined) response.end(signature);
    else if (url.startsWith('/v2/') && name === 'gone') response.writeHead(503).end();
    else if (url.startsWith('/v2/')) response.setHeader('content-type', OCI_MANIFEST).end(bytesOf(name));
    else response.writeHead(404).end();
  }, 'https');
  await mkdir(at('registries.d'));
  await writeFile(at('registries.d/test.yaml'), `docker:\n  "${server.host}":\n    lookaside: ${server.origin}/sigs\n`);
  const docker = { [`${server.host}/app`]: [signedBy], 'quay.io/closed': [{ type: 'reject' }] };
  await writeFile(
    at('policy.json'),
    JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }], transports: { docker } }),
  );
  const pullspecOf = (name: string): string => `${server.host}/app/${name}@${toDigest(bytesOf(name))}`;
  const common = ['--verify', '--policy', at('policy.json'), '--registries-d', at('registries.d'), '--root', work];
  return {
    host: server.host,
    asked,
    pullspecOf,
    common: [...common, '--tls-ca', at('ca.pem'), '--allow-private-stores'],
  };
}

async function list(...pullspecs: readonly string[]): Promise<string> {
  await writeFile(at('list'), pullspecs.join('\n'));
  return at('list');
}

describe('signet catalog check --verify --policy', () => {
  test.each<[string, readonly string[], number, string]>([
    ['signed', ['signed'], 0, 'accepted  1 image, 0 at fault, 1 pinned, 1 in a scope of the policy, 1 verified\n'],
    ['signed by somebody else', ['forged'], 1, 'KeyUnknown: '],
    ['not signed', ['bare'], 1, 'SignatureNotFound: '],
    ['a registry that does not answer', ['gone'], 3, 'StoreUnavailable: '],
    [
      'one that cannot be told beside one that is no good',
      ['gone', 'bare', 'signed'],
      1,
      'rejected  3 images, 2 at fault',
    ],
  ])('%s', async (_, names, expected, text) => {
    const { pullspecOf, common } = await start();
    const { status, stdout } = await signet(await list(...names.map(pullspecOf)), ...common);
    expect(stdout).toContain(text);
    expect(status).toBe(expected);
  });

  test('each image with its outcome, its reasons and what was tried', async () => {
    const { pullspecOf, common } = await start();
    const { status, stdout } = await signet(
      await list(...['signed', 'bare', 'gone'].map(pullspecOf)),
      ...common,
      '-o',
      'json',
    );
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'rejected',
      images: [
        {
          pullspec: pullspecOf('signed'),
          verification: { outcome: 'accepted', isVerified: true, judgements: [{ attempts: [{ code: 'Verified' }] }] },
        },
        { verification: { outcome: 'rejected', isVerified: false, reasons: [{ code: 'SignatureNotFound' }] } },
        { verification: { outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable' }] } },
      ],
    });
  });

  test('what the policy accepts unseen is accepted, and not called verified', async () => {
    const { host, common } = await start();
    const open = `${host}/v2/app/signed@${toDigest(bytesOf('signed'))}`;
    await writeFile(at('policy.json'), JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    const { status, stdout } = await signet(await list(open.replace('/v2/', '/')), ...common);
    expect(stdout).toContain('unverified');
    expect(stdout).toContain('0 verified');
    expect(status).toBe(0);
  });

  test('nothing is contacted for what is not pinned or rejected by the policy', async () => {
    const { host, asked, common } = await start();
    const closed = `quay.io/closed/app@sha256:${'a'.repeat(64)}`;
    const { status } = await signet(await list(`${host}/app/signed:v1`, closed), ...common);
    expect([status, asked]).toEqual([1, []]);
  });

  test('a private address is not contacted unasked', async () => {
    const { asked, pullspecOf, common } = await start();
    const options = common.filter((option) => option !== '--allow-private-stores');
    const { status } = await signet(await list(pullspecOf('signed')), ...options);
    expect([status, asked]).toEqual([3, []]);
  });

  test('a key that is not there ends the run', async () => {
    const { pullspecOf, common } = await start();
    const file = await list(pullspecOf('signed'));
    const root = ['--root', at('none')];
    await expect(signet(file, ...toOverridden(common, root), ...root)).rejects.toMatchObject({
      code: 'FileUnreadable',
    });
  });

  test('many images: every key is read once, and none is mixed up', async () => {
    const { pullspecOf, common } = await start();
    const names = Array.from({ length: 60 }, (_, index) => ['signed', 'bare', 'forged'][index % 3] ?? '');
    // A tag makes them differ and is not looked at.
    const file = await list(...names.map((name, index) => pullspecOf(name).replace('@', `:v${index}@`)));
    const { stdout } = await signet(file, ...common, '-o', 'json', '--concurrency', '16');
    const report = JSON.parse(stdout) as { images: readonly { verification: { outcome: string } }[] };
    expect(report.images.map(({ verification }) => verification.outcome)).toEqual(
      names.map((name) => (name === 'signed' ? 'accepted' : 'rejected')),
    );
  });
});

describe('signet catalog check --verify --trust', () => {
  const [good, , , bad] = fixtureReleases;
  const common = ['--verify', '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
  test.each<[string, string, number, string]>([
    ['a release that is signed', good?.pullspec ?? '', 0, '1 covered by a profile, 1 verified'],
    ['a release by an unknown key', bad?.pullspec ?? '', 1, 'KeyUnknown: '],
    [
      'an image that no profile names',
      `quay.io/x/y@sha256:${'a'.repeat(64)}`,
      1,
      'PolicyRejects: no profile has its repository',
    ],
  ])('%s', async (_, pullspec, expected, text) => {
    const { status, stdout } = await signet(await list(pullspec), ...common);
    expect(stdout).toContain(text);
    expect(status).toBe(expected);
  });

  test('by profile and policy both: one no is a no', async () => {
    const { common: byPolicy } = await start();
    const docker = { 'quay.io/openshift-release-dev': [{ type: 'insecureAcceptAnything' }] };
    await writeFile(at('policy.json'), JSON.stringify({ default: [{ type: 'reject' }], transports: { docker } }));
    // The registry is not reached, as quay.io is none that the test may contact: the profile's no decides.
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    const { status, stdout } = await signet(await list(bad?.pullspec ?? ''), ...byPolicy, ...common, '-o', 'json');
    vi.unstubAllEnvs();
    const report = JSON.parse(stdout) as {
      images: readonly { verification: { judgements: readonly { by: string; outcome: string }[] } }[];
    };
    expect(report.images[0]?.verification.judgements.map(({ by, outcome }) => [by, outcome])).toEqual([
      ['profile ocp', 'rejected'],
      ['policy, quay.io/openshift-release-dev', 'indeterminate'],
    ]);
    expect(status).toBe(1);
  });
});

describe.skipIf(registryProgram === undefined)('signet catalog check --verify at a real registry', () => {
  /** The registry speaks http: TLS and the signatures are put in front of it. */
  async function front(upstream: string, signatures: ReadonlyMap<string, Uint8Array>) {
    return await setup.serve((request, response) => {
      const url = request.url ?? '';
      const signature = signatures.get(url);
      if (signature !== undefined || !url.startsWith('/v2/')) {
        response.writeHead(signature === undefined ? 404 : 200).end(signature);
        return;
      }
      const passOn = async (): Promise<void> => {
        const headers = { accept: request.headers.accept ?? '*/*' };
        const answer = await fetch(`http://${upstream}${url}`, { headers });
        const type = answer.headers.get('content-type') ?? 'text/plain';
        response.writeHead(answer.status, { 'content-type': type }).end(await answer.bytes());
      };
      void passOn();
    }, 'https');
  }

  /** What the registry has under `app/<name>`, and the digests that have a signature there. */
  async function check(
    contents: readonly { readonly name: string; readonly bytes: Buffer; readonly type?: string }[],
    signed: readonly { readonly name: string; readonly bytes: Buffer }[],
    asked: readonly string[],
  ) {
    const registry = await startRegistry(registryProgram ?? '');
    setup.onEnd(() => registry.stop());
    for (const { name, bytes, type } of contents) await pushImage(registry.host, bytes, `app/${name}`, type);
    const signatures = signed.map(({ name, bytes }) => {
      const digest = toDigest(bytes);
      return [`/sigs/app/${name}@${digest.replace(':', '=')}/signature-1`, signer.sign({ digest })] as const;
    });
    const { host } = await front(registry.host, new Map(signatures));
    await mkdir(at('registries.d'));
    await writeFile(at('registries.d/a.yaml'), `docker:\n  "${host}":\n    lookaside: https://${host}/sigs\n`);
    await writeFile(at('policy.json'), JSON.stringify({ default: [signedBy] }));
    const common = ['--verify', '--policy', at('policy.json'), '--registries-d', at('registries.d'), '--root', work];
    const reach = ['--tls-ca', at('ca.pem'), '--allow-private-stores', '-o', 'json'];
    const { status, stdout } = await signet(
      await list(...asked.map((one) => `${host}/app/${one}`)),
      ...common,
      ...reach,
    );
    const { images: checked } = JSON.parse(stdout) as {
      images: readonly { verification: { outcome: string; reasons: readonly { code: string }[] } }[];
    };
    const shown = checked.map(({ verification: { outcome, reasons } }) => [
      outcome,
      ...reasons.map(({ code }) => code),
    ]);
    return { status, shown };
  }

  const [signed, bare] = [makeImage('signed').bytes, makeImage('bare').bytes];

  test('a signed image, one that is not, and one that is not there', async () => {
    const { status, shown } = await check(
      [
        { name: 'signed', bytes: signed },
        { name: 'bare', bytes: bare },
      ],
      [{ name: 'signed', bytes: signed }],
      [`signed@${toDigest(signed)}`, `bare@${toDigest(bare)}`, `bare@${toDigest(signed)}`],
    );
    expect(shown).toEqual([['accepted'], ['rejected', 'SignatureNotFound'], ['indeterminate', 'StoreUnavailable']]);
    expect(status).toBe(1);
  });

  const one = makeList([toDigest(signed)]);
  const both = makeList([toDigest(signed), toDigest(bare)]);
  const nested = makeList([toDigest(one)]);
  const none = makeManifest(OCI_INDEX, 'none');
  test.each<{ name: string; bytes: Buffer; signs: readonly Buffer[]; expected: readonly string[] }>([
    { name: 'whose images are signed', bytes: one, signs: [signed], expected: ['accepted'] },
    { name: 'of which one image is not', bytes: both, signs: [signed], expected: ['rejected', 'SignatureNotFound'] },
    {
      name: 'signed by itself alone',
      bytes: both,
      signs: [both],
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'that names a list as an image',
      bytes: nested,
      signs: [nested, one, signed],
      expected: ['rejected', 'PolicyRejects'],
    },
    { name: 'that names no image', bytes: none, signs: [none], expected: ['rejected', 'PolicyRejects'] },
  ])('a list $name: $expected', async ({ bytes, signs, expected }) => {
    const name = 'tool';
    const lists = [one, bytes].map((content) => ({ name, bytes: content, type: OCI_INDEX }));
    const { shown } = await check(
      [{ name, bytes: signed }, { name, bytes: bare }, ...lists],
      signs.map((content) => ({ name, bytes: content })),
      [`${name}@${toDigest(bytes)}`],
    );
    expect(shown).toEqual([expected]);
  });

  test('a policy for the list itself counts for its images, and no wider one', async () => {
    const registry = await startRegistry(registryProgram ?? '');
    setup.onEnd(() => registry.stop());
    await pushImage(registry.host, bare, 'app/tool');
    const own = makeList([toDigest(bare)]);
    await pushImage(registry.host, own, 'app/tool', OCI_INDEX);
    const { host } = await front(registry.host, new Map());
    const pullspec = `${host}/app/tool@${toDigest(own)}`;
    const docker = { [`${host}/app/tool`]: [{ type: 'insecureAcceptAnything' }], [pullspec]: [signedBy] };
    await writeFile(at('policy.json'), JSON.stringify({ default: [{ type: 'reject' }], transports: { docker } }));
    const options = ['--verify', '--policy', at('policy.json'), '--root', work, '--tls-ca', at('ca.pem')];
    expect((await signet(await list(pullspec), ...options, '--allow-private-stores')).status).toBe(1);
  });
});
