import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Digest, toKeySegment } from '../../../lib/base/names/digest.ts';
import { MAX_FOREIGN_DEPTH } from '../../../lib/bundle/format/limits.ts';
import { readForeign } from '../../../lib/bundle/import/read-foreign.ts';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import {
  createScratch,
  digestOf,
  importInto,
  keyOf,
  makeBundle,
  makeBundleSigner,
  SIGNAL,
  snapshot,
} from '../bundle-setup.ts';

const ANY_TEXT: unknown = expect.any(String);
const newPath = createScratch('bundle-foreign-');
const signer = await makeBundleSigner();
const stranger = await makeBundleSigner('stranger');
const [A, B, C] = [digestOf('foreign a'), digestOf('foreign b'), digestOf('foreign c')];
const [SIGNED_A, SIGNED_B, SIGNED_C] = [signer.sign(A), signer.sign(B), signer.sign(C)];
const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);

type Files = Readonly<Record<string, string | Uint8Array>>;

async function makeFolder(files: Files, name = 'folder'): Promise<string> {
  const folder = newPath(name);
  for (const [file, contents] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), contents);
  }
  return folder;
}

function toConfigMap(entries: Readonly<Record<string, Uint8Array | string>>, change: object = {}): object {
  const values = Object.entries(entries).map(([key, value]): [string, string] => [
    key,
    typeof value === 'string' ? value : Buffer.from(value).toString('base64'),
  ]);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'mirrored-release-signatures',
      namespace: 'openshift-config-managed',
      labels: { 'release.openshift.io/verification-signatures': '' },
    },
    binaryData: Object.fromEntries(values),
    ...change,
  };
}

/** As the tools write it, who have a serialiser of their own. */
function toYaml(entries: Readonly<Record<string, Uint8Array>>): string {
  const lines = Object.entries(entries).map(([key, value]) => `  ${key}: ${Buffer.from(value).toString('base64')}\n`);
  return `apiVersion: v1\nbinaryData:\n${lines.join('')}kind: ConfigMap\nmetadata:\n  labels:\n    release.openshift.io/verification-signatures: ""\n  name: mirrored-release-signatures\n  namespace: openshift-config-managed\n`;
}

const counted = { [`${toKeySegment(A)}-1`]: SIGNED_A, [`${toKeySegment(B)}-2`]: SIGNED_B };
const NOISE: Files = {
  'working-dir/cluster-resources/idms-oc-mirror.yaml': 'kind: ImageDigestMirrorSet\n',
  'working-dir/cluster-resources/broken.yaml': '{{{',
  'working-dir/info/.history': 'x',
  'working-dir/hold-release/blobs/sha256/x': 'x',
  [`working-dir/operator-catalogs/${toKeySegment(A)}/catalog.json`]: '{"x":1}\n{"y":2}\n',
};

describe('what other tools made', () => {
  test.each<[string, Files]>([
    [
      'oc-mirror’s working directory',
      {
        ...NOISE,
        [`working-dir/signatures/4.16.37-x86_64-${toKeySegment(A)}`]: SIGNED_A,
        [`working-dir/signatures/4.16.38-x86_64-${toKeySegment(B)}`]: SIGNED_B,
        'working-dir/cluster-resources/signature-configmap.json': JSON.stringify(toConfigMap(counted)),
        'working-dir/cluster-resources/signature-configmap.yaml': toYaml(counted),
      },
    ],
    [
      'an older one, without versions',
      { [`working-dir/signatures/${hexOf(A)}`]: SIGNED_A, [`working-dir/signatures/${hexOf(B)}`]: SIGNED_B },
    ],
    ['its signature ConfigMap alone', { 'signature-configmap.yaml': toYaml(counted) }],
    [
      'the files of oc adm release mirror',
      {
        [`config/signature-${toKeySegment(A)}.json`]: JSON.stringify(
          toConfigMap({ [`${toKeySegment(A)}-1`]: SIGNED_A }),
        ),
        [`config/signature-${toKeySegment(B)}.yaml`]: toYaml({ [`${toKeySegment(B)}-1`]: SIGNED_B }),
      },
    ],
    [
      'graph data of an update service',
      {
        'channels/stable-4.16.yaml': 'name: stable-4.16\n',
        [`signatures/sha256/${hexOf(A)}/signature-1`]: SIGNED_A,
        [`signatures/sha256/${hexOf(B)}/signature-1`]: SIGNED_B,
      },
    ],
    ['a release layout', { [keyOf(A)]: SIGNED_A, [`openshift/${keyOf(B)}`]: SIGNED_B }],
    [
      'a lookaside',
      {
        [`quay.io/openshift-release-dev/ocp-release@sha256=${hexOf(A)}/signature-1`]: SIGNED_A,
        [`quay.io/openshift-release-dev/ocp-release@sha256=${hexOf(B)}/signature-1`]: SIGNED_B,
      },
    ],
    [
      'ConfigMaps of a cluster, as a list',
      {
        'list.json': JSON.stringify({
          apiVersion: 'v1',
          kind: 'List',
          items: [
            toConfigMap({ [`${toKeySegment(A)}-0`]: SIGNED_A }),
            toConfigMap({ [toKeySegment(B)]: SIGNED_B, more: 'AAAA' }),
            { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } },
          ],
        }),
      },
    ],
  ])('%s', async (_, files) => {
    const to = newPath();
    const report = await importInto(await makeFolder(files), to, [signer.profile]);
    expect(report).toMatchObject({
      outcome: 'imported',
      kind: 'foreign',
      found: 2,
      written: 2,
      failed: [],
      unread: [],
    });
    const site = await snapshot(to);
    expect([site[keyOf(A)], site[keyOf(B)]]).toEqual([SIGNED_A.toString('hex'), SIGNED_B.toString('hex')]);
  });

  test.each<[string, string, string]>([
    ['JSON', 'signatures.json', JSON.stringify(toConfigMap(counted))],
    ['YAML', 'signatures.yaml', toYaml(counted)],
    ['YAML by another name', 'signatures', toYaml(counted)],
    [
      'several documents',
      'signatures.yml',
      `---\n${toYaml({ [`${toKeySegment(A)}-1`]: SIGNED_A })}---\n${toYaml({ [`${toKeySegment(B)}-1`]: SIGNED_B })}`,
    ],
  ])('a single file of %s', async (_, name, text) => {
    const file = path.join(await makeFolder({ [name]: text }), name);
    expect(await importInto(file, newPath(), [signer.profile])).toMatchObject({ outcome: 'imported', written: 2 });
  });

  test('an unpacked bundle', async () => {
    const { bundle } = await makeBundle([[keyOf(A), SIGNED_A]], [signer.profile]);
    const { unpackTar } = await import('modern-tar');
    const { gunzipSync } = await import('node:zlib');
    const files = await unpackTar(gunzipSync(bundle), { strict: true });
    const folder = await makeFolder(Object.fromEntries(files.map(({ header, data }) => [header.name, data ?? ''])));
    expect(await importInto(folder, newPath(), [signer.profile])).toMatchObject({
      outcome: 'imported',
      found: 1,
      written: 1,
    });
  });
});

describe('nothing of it is believed', () => {
  const key = (digest: Digest): string => `working-dir/signatures/4.16.37-x86_64-${toKeySegment(digest)}`;
  const only = (entries: Readonly<Record<string, Uint8Array | string>>): Files => ({
    'signatures.json': JSON.stringify(toConfigMap(entries)),
  });

  test.each<[string, Files, string]>([
    ['a signature of another digest under its name', { [key(A)]: SIGNED_A, [key(B)]: SIGNED_C }, 'DigestMismatch'],
    ['a signature of another digest under its key', only({ [`${toKeySegment(B)}-1`]: SIGNED_C }), 'DigestMismatch'],
    ['an unknown key', { [keyOf(A)]: stranger.sign(A) }, 'KeyUnknown'],
    ['an error page', { [keyOf(A)]: '<html>' }, 'SignatureMalformed'],
  ])('%s refuses all', async (_, files, code) => {
    const to = newPath();
    const report = await importInto(await makeFolder(files), to, [signer.profile]);
    expect(report).toMatchObject({ outcome: 'refused', written: 0, failed: [{ reasons: [{ code }] }] });
    expect(await snapshot(to)).toEqual({});
  });

  test('unless the rest was asked for', async () => {
    const folder = await makeFolder({ [key(A)]: SIGNED_A, [key(B)]: SIGNED_C });
    const report = await importInto(folder, newPath(), [signer.profile], { skipUnverified: true });
    expect(report).toMatchObject({ outcome: 'partial', written: 1, failed: [{ digest: B }] });
  });

  test.each<[string, Files]>([
    ['base64 that is none', only({ [`${toKeySegment(A)}-1`]: '*' })],
    [
      'a value that is none',
      { 'a.json': JSON.stringify(toConfigMap({}, { binaryData: { [`${toKeySegment(A)}-1`]: 1 } })) },
    ],
    [
      'a labelled file that does not parse',
      { 'a.yaml': 'labels: {release.openshift.io/verification-signatures: ""\n' },
    ],
    ['a signature that is too long', { [keyOf(A)]: Buffer.alloc(MAX_SIGNATURE_BYTES + 1) }],
  ])('%s cannot be read', async (_, files) => {
    const to = newPath();
    const report = await importInto(await makeFolder(files), to, [signer.profile]);
    expect(report).toMatchObject({ outcome: 'unreadable', written: 0, unread: [{ location: ANY_TEXT }] });
    expect(await snapshot(to)).toEqual({});
  });

  test('a signature ConfigMap that was emptied is one, and is told to be empty', async () => {
    const folder = await makeFolder({ 'a.json': JSON.stringify(toConfigMap({}, { binaryData: null })) });
    const importing = importInto(folder, newPath(), [signer.profile]);
    await expect(importing).rejects.toThrow('is empty: it holds no signature');
  });

  test('links are passed over', async () => {
    const folder = await makeFolder({ [keyOf(A)]: SIGNED_A });
    const elsewhere = await makeFolder({ [keyOf(B)]: SIGNED_B });
    await symlink(elsewhere, path.join(folder, 'elsewhere'));
    await mkdir(path.join(folder, path.dirname(keyOf(C))), { recursive: true });
    await symlink('/etc/passwd', path.join(folder, keyOf(C)));
    expect(await importInto(folder, newPath(), [signer.profile])).toMatchObject({ outcome: 'imported', found: 1 });
  });

  test.each<[string, () => Promise<string>]>([
    ['nothing', async () => newPath()],
    ['an empty folder', () => makeFolder({ '.keep': '' })],
    ['a folder of other things', () => makeFolder(NOISE)],
    ['an empty file', async () => path.join(await makeFolder({ empty: '' }), 'empty')],
    ['a file of something else', async () => path.join(await makeFolder({ 'a.yaml': 'kind: Pod\n' }), 'a.yaml')],
    ['a device', async () => '/dev/null'],
    ['a folder too deep', () => makeFolder({ [`${'a/'.repeat(MAX_FOREIGN_DEPTH + 1)}x`]: '' })],
  ])('%s is no source', async (_, make) => {
    await expect(importInto(await make(), newPath(), [signer.profile])).rejects.toMatchObject({
      code: 'FileUnreadable',
    });
  });

  test('of a folder only so many files are looked at', async () => {
    const folder = await makeFolder({ [keyOf(A)]: SIGNED_A });
    expect((await readForeign(folder, SIGNAL, { maxEntries: 3 })).candidates).toHaveLength(1);
    await expect(readForeign(folder, SIGNAL, { maxEntries: 2 })).rejects.toMatchObject({ code: 'FileUnreadable' });
  });

  test('of a folder only so many bytes of signatures are read', async () => {
    const configMap = toYaml({ [`${toKeySegment(B)}-1`]: SIGNED_B });
    const folder = await makeFolder({ ...NOISE, [keyOf(A)]: SIGNED_A, 'signatures.yaml': configMap });
    const maxBytes = SIGNED_A.length + Buffer.byteLength(configMap);
    expect((await readForeign(folder, SIGNAL, { maxBytes })).candidates).toHaveLength(2);
    const beyond = readForeign(folder, SIGNAL, { maxBytes: maxBytes - 1 });
    await expect(beyond).rejects.toMatchObject({ code: 'FileUnreadable' });
  });
});
