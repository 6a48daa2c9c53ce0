import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addImage } from '../../cli/image/index.ts';
import { toReferrersTag, toSignatureTag } from '../../lib/registry/attachments/attachment.ts';
import { describeClients } from '../../lib/verdict/judge/readers.ts';
import { toStatement } from '../crypto/sigstore/make-bundle.ts';
import { toPem } from '../crypto/sigstore/make-signature.ts';
import {
  cosignKeys,
  type MadeAttachment,
  makeAttachment,
  makeCosignReferrer,
  makeImage,
  makeList,
  makeReferrer,
  RELEASES,
} from '../mirror/check/mirror-setup.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../registry/client/registry-setup.ts';
import { createScratch } from '../registry/images/image-setup.ts';
import { callNoun } from '../support/run-signet.ts';

const scratch = createScratch();
const setup = createSetup();
const image = makeImage('for nodes');
const { digest } = image;

let work = '';
beforeEach(async () => {
  work = await scratch.directory();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await scratch.remove();
  await setup.close();
});

const signet = (...args: readonly string[]) => callNoun(addImage, ['image', ...args]);

interface Laid {
  readonly tag?: MadeAttachment;
  readonly referrers?: readonly MadeAttachment[];
  /** The image is one of a list. */
  readonly isListed?: boolean;
}

/** A registry with the image under a tag, and what lies beside it. */
async function start({ tag, referrers = [], isListed = false }: Laid) {
  const manifests = new Map<string, { readonly bytes: Buffer; readonly type: string }>();
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer, name: string = toDigest(bytes), type = OCI_MANIFEST) =>
    manifests.set(name, { bytes, type });
  const list = makeList([digest]);
  put(image.bytes);
  put(list, toDigest(list), OCI_INDEX);
  put(isListed ? list : image.bytes, '1', isListed ? OCI_INDEX : OCI_MANIFEST);
  for (const made of [...(tag === undefined ? [] : [tag]), ...referrers]) {
    put(made.bytes);
    for (const blob of made.blobs) blobs.set(toDigest(blob), blob);
  }
  if (tag !== undefined) put(tag.bytes, toSignatureTag(digest));
  const entries = referrers.map(({ bytes }) => ({
    mediaType: OCI_MANIFEST,
    digest: toDigest(bytes),
    size: bytes.length,
  }));
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }));
  if (entries.length > 0) put(index, toReferrersTag(digest), OCI_INDEX);
  const { host } = await setup.serve((request, response) => {
    const [, kind, name = ''] = /^\/v2\/app\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
    const manifest = kind === 'manifests' ? manifests.get(name) : undefined;
    const bytes = kind === 'blobs' ? blobs.get(name) : manifest?.bytes;
    if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': manifest?.type ?? 'application/octet-stream' }).end(bytes);
  });
  const access = ['--registry', `${host}=http://${host}`, '--allow-private-stores'];
  return { name: `${host}/app:1`, host, access };
}

describe('signet image verify, and whether nodes can pull', () => {
  async function verify(laid: Laid, ...more: readonly string[]) {
    const { name, host, access } = await start(laid);
    const keyData = Buffer.from(toPem(cosignKeys.publicKey)).toString('base64');
    const signedIdentity = { type: 'exactRepository', dockerRepository: RELEASES };
    const policy = path.join(work, 'policy.json');
    await writeFile(policy, JSON.stringify({ default: [{ type: 'sigstoreSigned', keyData, signedIdentity }] }));
    await mkdir(path.join(work, 'registries.d'));
    await writeFile(
      path.join(work, 'registries.d/a.yaml'),
      `docker:\n  "${host}":\n    use-sigstore-attachments: true\n`,
    );
    const by = ['--policy', policy, '--registries-d', path.join(work, 'registries.d'), '--bundle-identity', 'digest'];
    return await signet('verify', `docker://${name}`, ...by, ...access, ...more);
  }

  test.each<{ name: string; laid: Laid; more?: readonly string[]; says: RegExp | undefined }>([
    { name: 'a tag', laid: { tag: makeAttachment(digest) }, says: undefined },
    {
      name: 'a bundle',
      laid: { referrers: [makeReferrer(digest)] },
      says: /warning {3}nodes cannot pull it: the image is signed by a bundle.*\n.*→ sign it with cosign 3\.1 and --new-bundle-format=false --use-signing-config=false/,
    },
    {
      name: 'a referrer',
      laid: { referrers: [makeCosignReferrer(digest)] },
      says: /nodes cannot pull it: the image is signed by a bundle or a referrer alone/,
    },
    {
      name: 'an image of a list, by a bundle',
      laid: { referrers: [makeReferrer(digest)], isListed: true },
      says: /nodes cannot pull it/,
    },
    {
      name: 'a tag with a layer that is missing behind the good one',
      laid: { tag: withMissing(makeAttachment(digest, [{}, { reference: `${RELEASES}:gone` }])) },
      says: /nodes cannot pull it: nodes refuse the image: .* has a layer 2 that cannot be read/,
    },
    {
      name: 'a tag, for 4.11',
      laid: { tag: makeAttachment(digest) },
      more: ['--target-version', '4.11.3'],
      says: /nodes of 4\.11 read no Sigstore/,
    },
    {
      name: 'a tag, for 4.21',
      laid: { tag: makeAttachment(digest) },
      more: ['--target-version', '4.21'],
      says: undefined,
    },
  ])('$name: accepted, whatever nodes read', async ({ laid, more = [], says }) => {
    const { status, stdout } = await verify(laid, ...more);
    expect([status, stdout.split(' ', 1)[0]]).toEqual([0, 'accepted']);
    if (says === undefined) expect(stdout).not.toContain('warning');
    else expect(stdout).toMatch(says);
  });

  test('-o json has the second answer', async () => {
    const { stdout } = await verify({ referrers: [makeReferrer(digest)] }, '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'accepted', nodes: { nodes: 'no' } });
  });

  test.each(['4', '4.x', 'latest', '4.21;rm'])('--target-version %s is refused', async (version) => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(verify({}, '--target-version', version)).rejects.toThrow('must be a version such as 4.21');
    stderr.mockRestore();
  });
});

/** Without the payload of its last layer. */
function withMissing({ bytes, blobs }: MadeAttachment): MadeAttachment {
  return { bytes, blobs: blobs.slice(0, -1) };
}

describe('signet image readers', () => {
  async function readers(laid: Laid, ...more: readonly string[]) {
    const { name, access } = await start(laid);
    return await signet('readers', name, ...access, ...more);
  }

  test('a tag: nodes read it, and its payload names what was signed', async () => {
    const { status, stdout } = await readers({ tag: makeAttachment(digest, [{}, { reference: `${RELEASES}:1.0` }]) });
    expect(status).toBe(0);
    expect(stdout).toMatch(/\.sig tag {2}.*sha256-[0-9a-f]{64}\.sig {2}2 signatures/);
    expect(stdout).toContain(`names         ${RELEASES}@${digest}`);
    expect(stdout).toContain(`names         ${RELEASES}:1.0`);
    expect(stdout).toMatch(/read by .*cosign 2, cosign 3.*CRI-O and podman of OpenShift 4\.12 to 5\.0/);
    expect(stdout).toMatch(/not read by .*CRI-O and podman of OpenShift 4\.6 to 4\.11/);
    expect(stdout).not.toContain('nodes read none');
  });

  const named = (reference: string) => makeAttachment(digest, [{ reference }]);
  const NODES = 'CRI-O and podman of OpenShift 4.12 to 5.0';
  test.each<{ name: string; laid: Laid; says: RegExp; isRead: boolean }>([
    {
      name: 'that its payload names',
      laid: { tag: named(`${RELEASES}:1`) },
      says: /by tag 1 +as by digest, by nodes as registry\.example\.com\/product\/release:1\n?/,
      isRead: true,
    },
    {
      name: 'in a list, that its payload names',
      laid: { tag: named(`${RELEASES}:1`), isListed: true },
      says: /by tag 1 +as by digest/,
      isRead: true,
    },
    {
      name: 'of which its payload names another',
      laid: { tag: named(`${RELEASES}:2`) },
      says: /by tag 1 +not read by CRI-O and podman of OpenShift 4\.12 to 5\.0, unless/,
      isRead: false,
    },
    {
      name: 'where its payload names the repository alone',
      laid: { tag: named(RELEASES) },
      says: /→ sign it with --sign-container-identity NAME:1 as well/,
      isRead: false,
    },
    {
      name: 'where its payload names the tag with a digest, which nodes compare as a whole',
      laid: { tag: named(`${RELEASES}:1@${digest}`) },
      says: /by tag 1 +not read by CRI-O/,
      isRead: false,
    },
    {
      name: 'where its payload names no image',
      laid: { tag: named('no image:::') },
      says: /by tag 1 +not read by CRI-O/,
      isRead: false,
    },
    {
      name: 'of a bundle, which names none',
      laid: { referrers: [makeReferrer(digest)] },
      says: /by tag 1 +as by digest$/m,
      isRead: false,
    },
  ])('a pull by a tag, $name', async ({ laid, says, isRead }) => {
    const { status, stdout } = await readers(laid);
    expect(status).toBe(0);
    expect(stdout).toMatch(says);
    const { stdout: json } = await readers(laid, '-o', 'json');
    const { images } = JSON.parse(json) as {
      images: readonly { signatures: readonly { byTag: { tag: string; readers: { yes: string[] } } }[] }[];
    };
    const [byTag] = images.flatMap(({ signatures }) => signatures.map((one) => one.byTag));
    expect(byTag?.tag).toBe('1');
    expect(describeClients(byTag?.readers.yes ?? []).includes(NODES)).toBe(isRead);
    expect(byTag?.readers.yes).toContain('cosign 3');
  });

  test('asked for by its digest, the tags are those that payloads name', async () => {
    const { name, access } = await start({ tag: named(`${RELEASES}:2`) });
    const { stdout } = await signet('readers', `${name.replace(/:1$/, '')}@${digest}`, ...access);
    expect(stdout).toMatch(/by tag +as by digest, by nodes as registry\.example\.com\/product\/release:2/);
  });

  test('a bundle: nodes do not, and what to do is said with the version of cosign', async () => {
    const { status, stdout } = await readers({ referrers: [makeReferrer(digest)] });
    expect(status).toBe(0);
    expect(stdout).toMatch(/not read by .*CRI-O and podman of OpenShift 4\.6 to 5\.0/);
    expect(stdout).toMatch(/→ sign it with cosign 3\.1 and --new-bundle-format=false --use-signing-config=false/);
  });

  test('nothing but provenance: no signature', async () => {
    const provenance = makeReferrer(digest, undefined, toStatement([digest], 'https://slsa.dev/provenance/v1'));
    const { status, stdout } = await readers({ referrers: [provenance], isListed: true });
    expect([status, stdout]).toEqual([0, expect.stringContaining('no Sigstore signature is beside it')]);
    expect(stdout).toContain('linux/amd64');
  });

  test('-o json, of every form', async () => {
    const referrers = [makeReferrer(digest), makeCosignReferrer(digest)];
    const { stdout } = await readers({ tag: makeAttachment(digest), referrers }, '-o', 'json');
    const { images } = JSON.parse(stdout) as { images: readonly { signatures: readonly { form: string }[] }[] };
    expect(images.flatMap(({ signatures }) => signatures.map(({ form }) => form))).toEqual([
      'tag',
      'bundle',
      'referrer',
    ]);
  });

  test('what cannot be read: exit 3, and it is named', async () => {
    const { status, stdout } = await readers({ tag: withMissing(makeAttachment(digest)) });
    expect([status, stdout]).toEqual([3, expect.stringMatching(/failed {2}.*\.sig#1/)]);
  });
});
