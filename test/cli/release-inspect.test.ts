import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addRelease } from '../../cli/release/index.ts';
import {
  type BuiltImage,
  buildImage,
  createLayouts,
  PINNED,
  referencesOf,
  releaseLayer,
} from '../artifact/release/release-setup.ts';
import { makeImage, makeList } from '../mirror/check/mirror-setup.ts';
import { createSetup, OCI_INDEX, toDigest } from '../registry/client/registry-setup.ts';
import { NAME } from '../registry/images/image-setup.ts';
import { callNoun } from '../support/run-signet.ts';
import { TEST_CA } from '../support/servers/start-server.ts';
import { bySigner, documentsOf, policyOf, signer, stranger } from '../verdict/decide/policy-setup.ts';

const setup = createSetup();
const layouts = createLayouts();
const COMPONENT = 'quay.io/signet/component';
const [cli, etcd] = [makeImage('cli').bytes, makeImage('etcd').bytes];
const toComponent = (bytes: Buffer): string => `${COMPONENT}@${toDigest(bytes)}`;
const [CLI, ETCD] = [toComponent(cli), toComponent(etcd)];
const whole = makeList([toDigest(cli), toDigest(etcd)]);
const nested = makeList([toDigest(cli), toDigest(whole)]);
const gone = makeList([toDigest(cli), toDigest('gone')]);
const lists = [whole, nested, gone];

let work = '';
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-release-cli-'));
});
afterEach(async () => {
  await setup.close();
  await layouts.remove();
  await rm(work, { recursive: true });
});

const signet = (...args: readonly string[]) => callNoun(addRelease, ['release', 'inspect', ...args]);

const build = async (tags: Readonly<Record<string, string>>): Promise<BuiltImage> =>
  await buildImage({ layers: [releaseLayer(referencesOf(tags))] });

async function layoutOf(tags: Readonly<Record<string, string>>): Promise<string> {
  return `oci:${await layouts.write([await build(tags)])}`;
}

/** A registry with one image, and a lookaside with signatures by `repository@digest`. */
async function serve(
  { manifest, mediaType, blobs }: BuiltImage,
  signatures: ReadonlyMap<string, Uint8Array> = new Map(),
  components: readonly Buffer[] = [],
) {
  const answers = new Map<string, Uint8Array>([
    ...components.map((bytes) => [`/v2/mirror/component/manifests/${toDigest(bytes)}`, bytes] as const),
    ...[toDigest(manifest), '4.21.0'].map((name) => [`/v2/ocp/release/manifests/${name}`, manifest] as const),
    ...blobs.map((bytes) => [`/v2/ocp/release/blobs/${toDigest(bytes)}`, bytes] as const),
    ...[...signatures].map(([image, bytes]) => [`/sigs/${toPath(image)}/signature-1`, bytes] as const),
  ]);
  const server = await setup.serve((request, response) => {
    const url = request.url ?? '';
    const bytes = answers.get(url);
    response
      .writeHead(bytes === undefined ? 404 : 200, {
        'content-type': isList(bytes) ? OCI_INDEX : url.includes('/manifests/') ? mediaType : 'binary',
      })
      .end(bytes);
  }, 'https');
  await writeFile(path.join(work, 'ca.pem'), TEST_CA);
  return { host: server.host, reach: ['--tls-ca', path.join(work, 'ca.pem'), '--allow-private-stores'] };
}

const isList = (bytes: Uint8Array | undefined): boolean => lists.some((list) => list === bytes);

const toPath = (image: string): string => image.replace('quay.io/', '').replace('sha256:', 'sha256=');

/** A profile whose policy wants the release and its components signed. */
async function writeTrust(host: string, scopes: readonly string[] = [NAME, COMPONENT]): Promise<string> {
  const folder = path.join(work, 'acme');
  const policy = policyOf([{ type: 'reject' }], Object.fromEntries(scopes.map((scope) => [scope, [bySigner]])));
  const lookaside = `default-docker:\n  lookaside: https://${host}/sigs\n`;
  const mirrors = {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ImageDigestMirrorSet',
    metadata: { name: 'components' },
    spec: {
      imageDigestMirrors: [
        { source: COMPONENT, mirrors: [`${host}/mirror/component`], mirrorSourcePolicy: 'NeverContactSource' },
      ],
    },
  };
  const mirrorSet = { name: 'mirrors.yaml', bytes: Buffer.from(JSON.stringify(mirrors)) };
  const documents = [
    ...documentsOf({ policy }),
    mirrorSet,
    { name: 'registries.d/x.yaml', bytes: Buffer.from(lookaside) },
  ];
  for (const { name, bytes } of documents) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes);
  }
  return folder;
}

describe('signet release inspect', () => {
  test('lists the components of an image on disk', async () => {
    const { status, stdout } = await signet(await layoutOf({ cli: PINNED, 'etcd-operator': CLI }));
    expect(status).toBe(0);
    for (const line of [
      /^accepted {2}oci:/,
      /\n {2}platform {2}linux\/amd64\n/,
      /\n {2}version {3}4\.21\.0\n/,
      /\n {2}made of {3}2 components, none not by digest\n/,
      /\n {4}cli {12}quay\.io\/openshift-release-dev\//,
      /\n {4}etcd-operator {2}quay\.io\/signet\//,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  test('exits 1 for a component by tag, which it names', async () => {
    const { status, stdout } = await signet(await layoutOf({ cli: PINNED, etcd: 'quay.io/x/y:v1' }));
    expect([status, stdout.includes('DigestMissing: the pullspec has no digest')]).toEqual([1, true]);
    expect(stdout).toContain('2 components, 1 not by digest');
  });

  test('says everything in JSON', async () => {
    const { status, stdout } = await signet(await layoutOf({ cli: PINNED }), '-o', 'json');
    expect([status, JSON.parse(stdout)]).toMatchObject([
      0,
      {
        outcome: 'accepted',
        images: [{ version: '4.21.0', components: [{ name: 'cli', pullspec: PINNED }], faults: [] }],
      },
    ]);
  });

  test('shows what a terminal would obey as text', async () => {
    const { stdout } = await signet(await layoutOf({ 'a\u001b[2J': PINNED }));
    expect(stdout).not.toContain('\u001b[2J');
  });

  test('exits 1 for an image that is no release', async () => {
    const directory = await layouts.write([await buildImage({ layers: [] })]);
    const { status, stdout } = await signet(`oci:${directory}`);
    expect([status, stdout.includes('FileMissing')]).toEqual([1, true]);
  });

  test.each([
    { name: 'a folder that is not there', expected: 'FileUnreadable', args: ['dir:/nowhere'] },
    { name: 'no pullspec', expected: 'PullspecInvalid', args: ['Not A Pullspec'] },
    { name: 'components without trust', expected: 'ArgumentInvalid', args: ['dir:.', '--verify-components'] },
    { name: 'trust for nothing', expected: 'ArgumentInvalid', args: ['dir:.', '--trust', '.'] },
  ])('$name: $expected', async ({ expected, args }) => {
    await expect(signet(...args)).rejects.toMatchObject({ name: 'InputError', code: expected });
  });
});

describe('signet release inspect of a registry', () => {
  test.each(['tag', 'digest'])('reads by %s', async (kind) => {
    const image = await build({ cli: PINNED });
    const { host, reach } = await serve(image);
    const reference = kind === 'tag' ? ':4.21.0' : `@${toDigest(image.manifest)}`;
    const { status, stdout } = await signet(`${host}/ocp/release${reference}`, ...reach);
    expect([status, stdout.includes(`  digest    ${toDigest(image.manifest)}`)]).toEqual([0, true]);
  });

  test('does not contact a private address that was not allowed', async () => {
    const { host, reach } = await serve(await build({ cli: PINNED }));
    const refused = signet(`${host}/ocp/release:4.21.0`, ...reach.slice(0, 2));
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', code: 'AddressRefused' });
  });

  const sign = (image: string, by = signer) => {
    const [repository = '', digest = ''] = image.split('@');
    return [image, by.sign({ digest, reference: `${repository}:1` })] as const;
  };

  interface Row {
    readonly name: string;
    readonly expected: number;
    readonly text: RegExp;
    readonly signed: (release: string) => readonly (readonly [string, Uint8Array])[];
    readonly scopes?: readonly string[];
  }
  const rows: readonly Row[] = [
    {
      name: 'release and components signed',
      expected: 0,
      text: /\n {2}release {3}accepted\n[\s\S]*\n {4}accepted {2}cli {3}/,
      signed: (release) => [sign(release), sign(CLI), sign(ETCD)],
    },
    {
      name: 'a component without signature',
      expected: 1,
      text: /\n {4}rejected {2}etcd {2}[^\n]*\n {6}SignatureNotFound/,
      signed: (release) => [sign(release), sign(CLI)],
    },
    {
      name: 'a component signed by another',
      expected: 1,
      text: /\n {4}rejected {2}etcd {2}[^\n]*\n {6}KeyUnknown/,
      signed: (release) => [sign(release), sign(CLI), sign(ETCD, stranger)],
    },
    {
      name: 'a release without signature',
      expected: 1,
      text: /\n {2}release {3}rejected\n {6}SignatureNotFound/,
      signed: () => [sign(CLI), sign(ETCD)],
    },
    {
      name: 'components that the policy rejects',
      expected: 1,
      text: /\n {4}rejected {2}cli {3}[^\n]*\n {6}PolicyRejects/,
      signed: (release) => [sign(release), sign(CLI), sign(ETCD)],
      scopes: [NAME],
    },
  ];
  test.each(rows)('--verify-components with $name: exit $expected', async ({ expected, text, signed, scopes }) => {
    const image = await build({ cli: CLI, etcd: ETCD });
    const signatures = new Map(signed(`${NAME}@${toDigest(image.manifest)}`));
    const { host, reach } = await serve(image, signatures, [cli, etcd]);
    const verify = ['--verify-components', '--trust', await writeTrust(host, scopes)];
    const { status, stdout } = await signet(`${host}/ocp/release:4.21.0`, ...reach, ...verify);
    expect(stdout).toMatch(text);
    expect(status).toBe(expected);
  });

  test.each<{
    name: string;
    list: Buffer;
    signed: readonly string[];
    has?: readonly Buffer[];
    expected: number;
    text: string;
  }>([
    { name: 'whose images are signed', list: whole, signed: [CLI, ETCD], expected: 0, text: 'accepted  cli' },
    {
      name: 'of which one image is not',
      list: whole,
      signed: [CLI],
      expected: 1,
      text: `SignatureNotFound: linux/arm64 (${toDigest(etcd)}): `,
    },
    {
      name: 'signed by itself alone',
      list: whole,
      signed: [toComponent(whole)],
      expected: 1,
      text: `SignatureNotFound: linux/amd64 (${toDigest(cli)}): `,
    },
    {
      name: 'that names a list as an image',
      list: nested,
      signed: [CLI, ETCD, toComponent(whole), toComponent(nested)],
      expected: 1,
      text: `PolicyRejects: ${toDigest(nested)}: the index is refused: ${toDigest(whole)} is called an image, and is an index itself`,
    },
    {
      name: 'of which an image is not there',
      list: gone,
      signed: [CLI, toComponent(gone), `${COMPONENT}@${toDigest('gone')}`],
      expected: 3,
      text: 'StoreUnavailable: ',
    },
    {
      name: 'that is not there',
      list: whole,
      signed: [CLI, ETCD, toComponent(whole)],
      has: [cli, etcd],
      expected: 3,
      text: 'StoreUnavailable: ',
    },
  ])(
    '--verify-components with a list $name: exit $expected',
    async ({ list, signed, expected, text, has = [cli, etcd, ...lists] }) => {
      const image = await build({ cli: toComponent(list) });
      const signatures = new Map([`${NAME}@${toDigest(image.manifest)}`, ...signed].map((one) => sign(one)));
      const { host, reach } = await serve(image, signatures, has);
      const verify = ['--verify-components', '--trust', await writeTrust(host)];
      const { status, stdout } = await signet(`${host}/ocp/release:4.21.0`, ...reach, ...verify);
      expect(stdout).toContain(text);
      expect(status).toBe(expected);
    },
  );

  test('--verify-components where the policy lets anything through: exit 1, since nothing was verified', async () => {
    const image = await build({ cli: CLI });
    const { host, reach } = await serve(image, new Map([sign(`${NAME}@${toDigest(image.manifest)}`)]));
    const folder = await writeTrust(host);
    const scopes = { [NAME]: [bySigner], [COMPONENT]: [{ type: 'insecureAcceptAnything' }] };
    await writeFile(path.join(folder, 'policy.json'), JSON.stringify(policyOf([{ type: 'reject' }], scopes)));
    const verify = ['--verify-components', '--trust', folder];
    const { status, stdout } = await signet(`${host}/ocp/release:4.21.0`, ...reach, ...verify);
    expect([status, stdout.includes('PolicyRejects: no image policy')]).toEqual([1, true]);
  });
});
