import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { afterEach, describe, expect, test } from 'vitest';
import { parseBundlePath } from '../../../lib/bundle/format/bundle-path.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { readTrustArchive } from '../../../lib/trust/prepare/read-trust-archive.ts';
import { readTrustDirectory } from '../../../lib/trust/prepare/read-trust-directory.ts';
import { parsePreparedTrust } from '../../../lib/trust/prepared/parse-prepared-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { publishArchive } from '../../../lib/trust/publish/publish-archive.ts';
import { loadTrust } from '../../../lib/trust/source/load-trust.ts';
import { NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import {
  anything,
  byPath,
  bySecond,
  bySigner,
  documentsOf,
  IMAGE,
  KEYS,
  type PolicyProfile,
  PUBLIC_KEY,
  policyOf,
  signer,
} from '../../verdict/decide/policy-setup.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { file, IMAGE_POLICY, profile } from '../sample-documents.ts';

const junk = Buffer.from('no key');
const two = policyOf([bySigner], { 'quay.io/a': [bySecond] });
const keyless = { type: 'sigstoreSigned', keyPath: '/etc/pki/cosign.pub' };

const refusalOf = (parts: PolicyProfile, more: readonly TrustDocument[] = []) =>
  configurationErrorOf(() => prepareTrust('acme', [...documentsOf(parts), ...more]));

describe('the keys of a policy.json', () => {
  test('are prepared by the source that names them, and their files are part of the revision', async () => {
    const trust = await prepareTrust('acme', documentsOf({ policy: two }));
    expect(trust.policyKeyrings.map(({ name }) => name).toSorted()).toEqual([
      'keyPath /etc/pki/rpm-gpg/second.gpg',
      'keyPath /etc/pki/rpm-gpg/signer.gpg',
    ]);
    const names = trust.documents.map(({ name }) => name);
    expect(names).toEqual(['keys/second.gpg', 'keys/signer.gpg', 'policy.json', 'profile.yaml']);
    expect(trust.warnings).toEqual([]);
  });

  test('come back from the published form as they were', async () => {
    const trust = await prepareTrust(
      'acme',
      documentsOf({
        policy: policyOf([bySigner, keyless]),
        files: { ...KEYS, 'keys/cosign.pub': Buffer.from(PUBLIC_KEY) },
      }),
    );
    expect(parsePreparedTrust('prepared.json', Buffer.from(JSON.stringify(trust)))).toEqual(trust);
    expect(trust.policyFiles).toEqual([
      { name: 'keyPath /etc/pki/cosign.pub', bytes: Buffer.from(PUBLIC_KEY).toString('base64') },
    ]);
  });

  test('trust that was published without them reads as having none', async () => {
    const { policyKeyrings: _, policyFiles: __, ...old } = await prepareTrust('acme', documentsOf({ policy: two }));
    const trust = parsePreparedTrust('prepared.json', Buffer.from(JSON.stringify(old)));
    expect([trust.policyKeyrings, trust.policyFiles]).toEqual([[], []]);
  });

  test('a file that no policy names is left out, with a warning, and out of the revision', async () => {
    const named = await prepareTrust('acme', documentsOf({ policy: policyOf([bySigner]) }));
    expect(named.warnings).toEqual(['keys/second.gpg: not a trust document, ignored']);
    const alone = { 'keys/signer.gpg': signer.certificate };
    const without = await prepareTrust('acme', documentsOf({ policy: policyOf([bySigner]), files: alone }));
    expect(without.revision).toBe(named.revision);
  });

  test('one path in several requirements is one file', async () => {
    const policy = policyOf([bySigner], { 'quay.io/a': [bySigner, bySecond] });
    expect((await prepareTrust('acme', documentsOf({ policy }))).policyKeyrings).toHaveLength(2);
  });

  test.each<[string, PolicyProfile, string, string]>([
    [
      'a file that is missing',
      { policy: two, files: { 'keys/signer.gpg': signer.certificate } },
      'TrustMissing',
      '/etc/pki/rpm-gpg/second.gpg: the profile has no file keys/second.gpg',
    ],
    [
      'a file of another scope that is missing',
      { policy: policyOf([anything], { 'quay.io/a': [bySigner] }), files: {} },
      'TrustMissing',
      'no file keys/signer.gpg',
    ],
    ['the file at the top', { policy: two, files: { 'signer.gpg': junk } }, 'TrustMissing', 'keys/signer.gpg'],
    [
      'two paths with one last part',
      { policy: policyOf([bySigner, byPath('../signer.gpg')]) },
      'DocumentInvalid',
      'would both be keys/signer.gpg',
    ],
    [
      'two such paths, one of them of Sigstore',
      { policy: policyOf([bySigner, { ...keyless, keyPath: '/etc/signer.gpg' }]) },
      'DocumentInvalid',
      'would both be keys/signer.gpg',
    ],
    ['a path that is a folder', { policy: policyOf([byPath('/')]) }, 'TrustMissing', 'no file keys/rpm-gpg'],
    ['a path that leads up', { policy: policyOf([byPath('..')]) }, 'TrustMissing', 'no file keys/..'],
  ])('%s: the profile does not load', async (_, parts, code, reason) => {
    const error = await refusalOf(parts);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(/^policy\.json:/);
    expect(error?.message).toContain(reason);
  });

  test.each([
    ['a file that is no key', { ...KEYS, 'keys/second.gpg': junk }],
    ['an empty file', { ...KEYS, 'keys/second.gpg': Buffer.alloc(0) }],
  ])('%s: its requirement alone is unmeetable, and a warning says so', async (_, files) => {
    const trust = await prepareTrust('acme', documentsOf({ policy: two, files }));
    expect(trust.policyKeyrings.map(({ name }) => name)).toEqual(['keyPath /etc/pki/rpm-gpg/signer.gpg']);
    expect(trust.unusablePolicyKeys?.map(({ name }) => name)).toEqual(['keyPath /etc/pki/rpm-gpg/second.gpg']);
    expect(trust.warnings).toHaveLength(1);
    expect(trust.warnings[0]).toMatch(
      /^policy\.json:1: signedBy keyPath .*second\.gpg.*no image that it covers can be/,
    );
    expect(parsePreparedTrust('prepared.json', Buffer.from(JSON.stringify(trust)))).toEqual(trust);
  });
});

describe('a policy.json is read as strictly as on a node', () => {
  const requirement = '{"type":"reject"}';
  test.each<[string, string, string, string]>([
    ['a member twice', `{"default":[${requirement}],"default":[${requirement}]}`, 'DuplicateKey', 'policy.json:1: '],
    [
      'a member twice, alike, deep inside',
      '{"default":[\n{"type":"reject","type":"reject"}]}',
      'DuplicateKey',
      'policy.json:',
    ],
    ['an unknown member', `{"default":[${requirement}],\n"defaults":[]}`, 'DocumentInvalid', 'policy.json:2: '],
    ['an unknown type', '{"default":[{"type":"accept"}]}', 'DocumentInvalid', 'policy.json:1: default[0].type'],
    ['no requirement', '{"default":[]}', 'DocumentInvalid', 'policy.json:1: default'],
    [
      'two sources of keys',
      '{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","keyData":"QQ=="}]}',
      'DocumentInvalid',
      'policy.json:1: default[0]',
    ],
  ])('%s', async (_, text, code, start) => {
    const [named] = documentsOf({ policy: {} });
    if (named === undefined) throw new Error('there is a Profile');
    const error = await configurationErrorOf(() => prepareTrust('acme', [named, file('policy.json', text)]));
    expect(error?.code).toBe(code);
    expect(error?.message.slice(0, start.length)).toBe(start);
  });

  test.each<[string, string, string | undefined]>([
    ['in the one spelling', 'quay.io/signet/app', undefined],
    ['a wildcard', '*.example.com', undefined],
    ['a digest', `quay.io/a@sha256:${'0'.repeat(64)}`, undefined],
    ['a port', 'quay.io:8443/a', undefined],
    ['the transport’s default', '', undefined],
    ['a tag', 'quay.io/signet/app:1', 'and it has a tag'],
  ])('a scope that no verdict comes under is warned of: %s', async (_, scope, fault) => {
    const { warnings } = await prepareTrust(
      'acme',
      documentsOf({ policy: policyOf([anything], { [scope]: [anything] }), files: {} }),
    );
    expect(warnings).toHaveLength(fault === undefined ? 0 : 1);
    if (fault !== undefined)
      expect(warnings[0]).toMatch(new RegExp(`^policy\\.json:\\d+: the scope .*${fault.replace('*', '\\*')}`));
  });

  test('registries.d whose files contradict each other do not load', async () => {
    const more = ['a', 'b'].map((name) =>
      file(`registries.d/${name}.yaml`, 'docker: {quay.io: {lookaside: "https://l.example"}}'),
    );
    expect((await refusalOf({ policy: policyOf([bySigner]) }, more))?.code).toBe('DuplicateKey');
  });
});

describe('where the files lie', () => {
  const made: string[] = [];
  afterEach(() => Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true }))));
  const documents = [
    ...documentsOf({ policy: two }),
    file('registries.d/default.yaml', 'default-docker: {lookaside: "https://l.example"}'),
  ];
  const names = documents.map(({ name }) => name).toSorted();

  async function write(folder: string, files: readonly TrustDocument[]): Promise<string> {
    const root = await mkdtemp(path.join(tmpdir(), 'signet-policy-'));
    made.push(root);
    for (const { name, bytes } of files) {
      const target = path.join(root, folder, name);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, bytes);
    }
    return root;
  }

  test.each(['.', 'acme'])('a directory: %s', async (folder) => {
    const [read] = await readTrustDirectory(await write(folder, documents));
    expect(read?.documents.map(({ name }) => name).toSorted()).toEqual(names);
    const { revision } = await prepareTrust('acme', documents);
    expect((await prepareTrust(read?.profile, read?.documents ?? [])).revision).toBe(revision);
  });

  test('keys beside profiles are no profile, and are not passed over without a word', async () => {
    const root = await write('acme', documents);
    await mkdir(path.join(root, 'keys'));
    const error = await configurationErrorOf(() => readTrustDirectory(root));
    expect([error?.code, error?.message.slice(0, 5)]).toEqual(['DocumentInvalid', 'keys:']);
  });

  const pack = async (files: readonly TrustDocument[]): Promise<Uint8Array> =>
    gzipSync(
      await packTar(
        files.map(({ name, bytes }): TarEntry => ({
          header: { name: `./${name}`, size: bytes.length, type: 'file' },
          body: bytes,
        })),
      ),
    );

  test('an archive', async () => {
    const read = await readTrustArchive(await pack(documents));
    expect(read.map(({ name }) => name).toSorted()).toEqual(names);
  });

  test.each(['keys/a/b.gpg', 'keys/../policy.json', 'keys/.hidden', 'keys/a\\b'])(
    'an archive with %s is refused whole',
    async (name) => {
      const archive = await pack([...documents, { name, bytes: junk }]);
      expect((await configurationErrorOf(() => readTrustArchive(archive)))?.code).toBe('DocumentInvalid');
    },
  );

  test.each([
    ['trust/acme/keys/RPM-GPG-KEY-redhat-release', 'keys/RPM-GPG-KEY-redhat-release'],
    ['trust/acme/registries.d/default.yaml', 'registries.d/default.yaml'],
    ['trust/acme/other/x', undefined],
    ['trust/acme/keys/a/b', undefined],
    ['trust/acme/keys/..', undefined],
    ['trust/acme/keys/.hidden', undefined],
    ['trust/acme/keys/', undefined],
    ['trust/acme/keys', 'keys'],
  ])('a bundle: %s', (text, document) => {
    const parsed = parseBundlePath(text);
    expect(parsed?.kind === 'trust' ? parsed.document : undefined).toBe(document);
  });

  test.each<[string, PolicyProfile]>([
    ['a policy that breaks a rule', { policy: { default: [] } }],
    ['a key file that is missing', { policy: two, files: {} }],
    ['a key file missing', { policy: two, files: { 'keys/signer.gpg': signer.certificate } }],
  ])('published with %s, a profile keeps the revision it had', async (_, broken) => {
    const key = 'trust-inbox/acme.tar.gz';
    const objects = createMemoryObjectStore([[key, await pack(documents)]]);
    const { revision } = await publishArchive(objects, key);
    const stored = await objects.readObject(key, 1 << 20);
    await objects.replaceObject(key, await pack(documentsOf(broken)), stored?.etag);
    expect(await configurationErrorOf(() => publishArchive(objects, key))).toBeDefined();
    const { trust } = await loadTrust(objects, 'acme', NOW);
    expect([trust.revision, trust.policyKeyrings.length]).toEqual([revision, 2]);
  });
});

describe('scopes of image policies that cover nothing are warned of', () => {
  const document = (kind: string, scopes: readonly string[]): string =>
    IMAGE_POLICY.replace('ClusterImagePolicy', kind).replace(
      '  - quay.io/acme/release\n',
      scopes.map((scope) => `  - '${scope}'\n`).join(''),
    );
  const nodes = 'nodes leave the scope';
  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['the repository', [NAME], [], []],
    ['a tag', [`${NAME}:1`], [], ['cluster.yaml:7: the scope "quay.io/signet/app:1" covers no image']],
    ['the cluster’s scope in a namespace', [NAME], [NAME], [`own.yaml:7: ${nodes} "${NAME}" out`]],
    ['one nested in it', ['quay.io'], ['a.io/b', NAME], [`own.yaml:8: ${nodes} "${NAME}" out`]],
    [
      'one nested in a wildcard',
      ['*.example.com'],
      ['a.example.com/b'],
      [`own.yaml:7: ${nodes} "a.example.com/b" out`],
    ],
    ['a digest of the cluster’s repository', [NAME], [IMAGE], []],
    ['a digest in the cluster’s namespace', ['quay.io/signet'], [IMAGE], [`own.yaml:7: ${nodes} "${IMAGE}" out`]],
    ['a wider one', [NAME], ['quay.io'], []],
    ['a neighbour', [NAME], [`${NAME}s`], []],
  ])('%s', async (_, cluster, own, expected) => {
    const { warnings } = await prepareTrust('acme', [
      file('profile.yaml', profile({ canonicalRepositories: [NAME] })),
      file('cluster.yaml', document('ClusterImagePolicy', cluster)),
      ...(own.length === 0 ? [] : [file('own.yaml', document('ImagePolicy', own))]),
    ]);
    expect(warnings.map((warning, index) => warning.slice(0, expected[index]?.length))).toEqual(expected);
  });
});
