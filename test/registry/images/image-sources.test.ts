import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { MAX_MANIFEST_BYTES } from '../../../lib/registry/client/registry-client.ts';
import { type ImageSource, openRegistryImage, parseImageName } from '../../../lib/registry/images/image-source.ts';
import { openDirectoryImage, openLayoutImage } from '../../../lib/registry/images/open-local-image.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { createSetup, OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';
import {
  ANY_TAG,
  createScratch,
  DIGEST,
  MANIFEST,
  makeImageSigner,
  policyOf,
  signedBy,
  verify,
} from './image-setup.ts';

const scratch = createScratch();
const setup = createSetup();
afterEach(async () => {
  await scratch.remove();
  await setup.close();
});

const { signal } = new AbortController();
const signer = makeImageSigner();
const unreadable = { name: 'InputError', code: 'FileUnreadable' };
const read = async (source: Promise<ImageSource>) => Buffer.from(await (await source).readManifest(signal));

describe('the name of an image', () => {
  test.each([
    ['dir:/a b:c', { transport: 'dir', path: '/a b:c' }],
    ['oci:/a', { transport: 'oci', path: '/a', name: undefined }],
    ['oci:/a:', { transport: 'oci', path: '/a', name: undefined }],
    ['oci:a:v1:2', { transport: 'oci', path: 'a', name: 'v1:2' }],
    ['docker://busybox', { transport: 'docker', reference: { name: 'docker.io/library/busybox' } }],
  ])('%s', (text, expected) => {
    expect(parseImageName(text)).toMatchObject(expected);
  });

  test.each([
    ['', 'ArgumentInvalid'],
    ['quay.io/a/b:1', 'ArgumentInvalid'],
    ['dir:', 'ArgumentInvalid'],
    ['oci:', 'ArgumentInvalid'],
    ['oci::v1', 'ArgumentInvalid'],
    ['docker:busybox', 'ArgumentInvalid'],
    ['docker:///busybox', 'PullspecInvalid'],
    ['docker://quay.io/A/b', 'PullspecInvalid'],
    ['docker-archive:/a', 'ArgumentInvalid'],
  ])('%s is refused', (text, code) => {
    expect(() => parseImageName(text)).toThrow(expect.objectContaining({ name: 'InputError', code }));
  });
});

describe('dir:', () => {
  test('a policy finds it by its path without links', async () => {
    const directory = await scratch.image();
    const link = path.join(await scratch.directory(), 'link');
    await symlink(directory, link);
    expect((await openDirectoryImage(link)).image).toEqual({ transport: 'dir', path: directory });
    expect(await read(openDirectoryImage(link))).toEqual(MANIFEST);
  });

  test.each(['1.0', '1.1'])('of version %s', async (version) => {
    const directory = await scratch.image();
    await writeFile(path.join(directory, 'version'), `Directory Transport Version: ${version}\n`);
    expect(await read(openDirectoryImage(directory))).toEqual(MANIFEST);
  });

  type Prepare = (directory: string) => Promise<unknown>;
  const manifest = (directory: string) => path.join(directory, 'manifest.json');
  const replaceBy =
    (make: (file: string) => unknown): Prepare =>
    async (directory) => {
      await rename(manifest(directory), `${directory}/elsewhere.json`);
      await make(manifest(directory));
    };
  test.each<[string, Prepare]>([
    ['a later version', (directory) => writeFile(`${directory}/version`, 'Directory Transport Version: 1.2\n')],
    ['a version that is a directory', (directory) => mkdir(`${directory}/version`)],
    ['no manifest', replaceBy(() => undefined)],
    ['a manifest that is a link', replaceBy((file) => symlink('elsewhere.json', file))],
    ['a manifest that is a directory', replaceBy((file) => mkdir(file))],
    ['a manifest that is a FIFO', replaceBy((file) => execFileSync('mkfifo', [file]))],
    ['a manifest that is a device', replaceBy((file) => symlink('/dev/zero', file))],
    [
      'a manifest of 4 MiB and a byte',
      (directory) => writeFile(manifest(directory), Buffer.alloc(MAX_MANIFEST_BYTES + 1)),
    ],
  ])('with %s cannot be read', async (_, prepare) => {
    const directory = await scratch.image();
    await prepare(directory);
    await expect(read(openDirectoryImage(directory))).rejects.toMatchObject(unreadable);
  });

  test('a manifest of 4 MiB is read', async () => {
    const directory = await scratch.image([], Buffer.alloc(MAX_MANIFEST_BYTES, ' '));
    expect((await read(openDirectoryImage(directory))).length).toBe(MAX_MANIFEST_BYTES);
  });

  test('what is no directory is named', async () => {
    const directory = await scratch.image();
    await expect(openDirectoryImage(manifest(directory))).rejects.toMatchObject(unreadable);
    await expect(openDirectoryImage(path.join(directory, 'none'))).rejects.toMatchObject(unreadable);
  });
});

describe('oci:', () => {
  const [, hex = ''] = DIGEST.split(':');
  const descriptor = { mediaType: OCI_MANIFEST, digest: DIGEST, size: MANIFEST.length };
  const named = (name: string, more: object = {}) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': name },
    ...more,
  });

  interface Layout {
    readonly manifests?: unknown;
    readonly more?: object;
    readonly version?: string;
    readonly blob?: Uint8Array;
  }
  async function writeLayout({ manifests = [descriptor], more = {}, version = '1.0.0', blob = MANIFEST }: Layout = {}) {
    const directory = await scratch.directory();
    await mkdir(path.join(directory, 'blobs/sha256'), { recursive: true });
    await writeFile(path.join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: version }));
    await writeFile(path.join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests, ...more }));
    await writeFile(path.join(directory, 'blobs/sha256', hex), blob);
    return directory;
  }

  test.each<[string, Layout, string | undefined]>([
    ['the only one', {}, undefined],
    ['by its name', { manifests: [named('b', { digest: `sha256:${'0'.repeat(64)}` }), named('a')] }, 'a'],
  ])('%s', async (_, layout, name) => {
    const directory = await writeLayout(layout);
    const source = await openLayoutImage(directory, name);
    expect(source.image).toEqual({ transport: 'oci', path: directory });
    expect(await read(Promise.resolve(source))).toEqual(MANIFEST);
  });

  test.each<[string, Layout, string | undefined, object]>([
    ['two without a name to choose by', { manifests: [named('a'), named('b')] }, undefined, unreadable],
    ['none', { manifests: [] }, undefined, unreadable],
    ['no such name', { manifests: [named('a')] }, 'b', unreadable],
    ['two of one name', { manifests: [named('a'), named('a')] }, 'a', unreadable],
    ['a name of something else', { manifests: [named('a', { mediaType: 'text/plain' })] }, 'a', unreadable],
    ['another layout version', { version: '2.0.0' }, undefined, unreadable],
    ['no list', { manifests: {} }, undefined, unreadable],
    ['a list in another case, which nodes read', { more: { Manifests: [named('a')] } }, undefined, unreadable],
    ['a digest in another case', { manifests: [{ ...descriptor, Digest: toDigest('none') }] }, undefined, unreadable],
    ['a name in another case', { manifests: [named('a'), { ...named('b'), Annotations: {} }] }, 'a', unreadable],
    [
      'a digest that leads out',
      { manifests: [{ ...descriptor, digest: 'sha256:../../../etc/passwd' }] },
      undefined,
      unreadable,
    ],
    ['a blob that is missing', { manifests: [{ ...descriptor, digest: toDigest('none') }] }, undefined, unreadable],
    [
      'a blob of other bytes, as many',
      { blob: Buffer.alloc(MANIFEST.length, ' ') },
      undefined,
      { code: 'ContentMismatch' },
    ],
    [
      'a size that is not the blob’s',
      { manifests: [{ ...descriptor, size: 1 }] },
      undefined,
      { code: 'ContentMismatch' },
    ],
  ])('%s is refused', async (_, layout, name, expected) => {
    const directory = await writeLayout(layout);
    await expect(read(openLayoutImage(directory, name))).rejects.toMatchObject(expected);
  });

  test.each<[string, readonly object[], string | undefined, string]>([
    ['two', [named('a'), named('b')], undefined, 'it holds 2 images: name one, as in oci:PATH:NAME'],
    ['none', [], undefined, 'it holds no image'],
    ['no such name', [named('a')], 'b', 'no image in it is called "b"'],
    ['two of one name', [named('a'), named('a')], 'a', '2 images in it are called "a"'],
  ])('says what to do: %s', async (_, manifests, name, said) => {
    const directory = await writeLayout({ manifests });
    const message = `cannot read the image in ${directory}: ${said}`;
    await expect(read(openLayoutImage(directory, name))).rejects.toMatchObject({ message });
  });

  test('a link among its directories is not followed', async () => {
    const directory = await writeLayout();
    const outside = path.join(await scratch.directory(), 'blobs');
    await rename(path.join(directory, 'blobs'), outside);
    await symlink(outside, path.join(directory, 'blobs'));
    await expect(read(openLayoutImage(directory, undefined))).rejects.toMatchObject(unreadable);
  });

  test('has no simple signing signatures, and other bytes under its digest are a no', async () => {
    const policy = policyOf(signedBy([signer]));
    const unsigned = await verify(await openLayoutImage(await writeLayout(), undefined), policy);
    expect(unsigned.requirements[0]?.reasons).toMatchObject([{ code: 'SignatureNotFound' }]);
    const changed = await openLayoutImage(await writeLayout({ blob: Buffer.from('{}') }), undefined);
    const { outcome, requirements } = await verify(changed, policy);
    expect([outcome, requirements[0]?.reasons[0]?.code]).toEqual(['rejected', 'ContentMismatch']);
  });
});

describe('docker://', () => {
  async function openImage(reference: string, content: Uint8Array = MANIFEST) {
    const asked: string[] = [];
    const server = await setup.serve((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('content-type', OCI_MANIFEST).end(content);
    });
    const registry = setup.connect({ allowed: [server.host], plain: [server.host] });
    const name = `${server.host}/signet/app`;
    const signatures = createMemorySignatureStore(new Map([[DIGEST, [signer.sign({ reference: `${name}:1` })]]]));
    const source = openRegistryImage(parseDockerReference(`${name}${reference}`), { registry, signatures });
    return { source, asked, name };
  }

  test.each([
    [':1', ':1', '/v2/signet/app/manifests/1'],
    ['', ':latest', '/v2/signet/app/manifests/latest'],
    [`@${DIGEST}`, `@${DIGEST}`, `/v2/signet/app/manifests/${DIGEST}`],
    [`:2@${DIGEST}`, `@${DIGEST}`, `/v2/signet/app/manifests/${DIGEST}`],
  ])('%s is asked for as %s, by tag or digest', async (written, meant, url) => {
    const { source, asked, name } = await openImage(written);
    expect(source.description).toBe(`docker://${name}${meant}`);
    const policy = policyOf(signedBy([signer], { type: 'matchRepository' }));
    expect((await verify(source, policy)).outcome).toBe('accepted');
    expect(asked).toEqual([url]);
  });

  test.each([
    [':1', 'matchExact', 'accepted'],
    [':2', 'matchExact', 'rejected'],
    [':2', 'matchRepoDigestOrExact', 'rejected'],
    [`@${DIGEST}`, 'matchExact', 'rejected'],
    [`@${DIGEST}`, 'matchRepoDigestOrExact', 'accepted'],
  ] as const)('%s by %s is %s', async (reference, type, outcome) => {
    const { source } = await openImage(reference);
    expect((await verify(source, policyOf(signedBy([signer], { type })))).outcome).toBe(outcome);
  });

  test('other bytes under its digest are a no', async () => {
    const { source } = await openImage(`@${DIGEST}`, Buffer.from('{"schemaVersion":2,"config":{},"layers":[]}'));
    const { outcome, requirements } = await verify(source, policyOf(signedBy([signer], ANY_TAG)));
    expect([outcome, requirements[0]?.reasons[0]?.code]).toEqual(['rejected', 'ContentMismatch']);
  });
});
