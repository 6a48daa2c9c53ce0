import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { toReferrersTag, toSignatureTag } from '../../lib/registry/attachments/attachment.ts';
import { list, writeFiles } from '../cluster/fleet/sample-clusters.ts';
import { type ImagePolicyPlan, imagePolicy, pod } from '../cluster/trial/sample-export.ts';
import { toPem } from '../crypto/sigstore/make-signature.ts';
import {
  cosignKeys,
  type MadeAttachment,
  makeAttachment,
  makeImage,
  makeList,
  makeReferrer,
  otherKeys,
} from '../mirror/check/mirror-setup.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../registry/client/registry-setup.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const setup = createSetup();
const image = makeImage('tried');
const { digest } = image;
const moved = makeImage('under the tag by now');
const SOURCE = 'registry.example.com/shop';
const bundled = makeReferrer(digest);
const keyData = Buffer.from(toPem(cosignKeys.publicKey)).toString('base64');
let work = '';
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-policy-verify-'));
});
afterEach(() => setup.close());
afterAll(async () => {
  await rm(work, { recursive: true });
});

interface Laid {
  /** What lies at the `.sig` tag of the image. */
  readonly signature?: MadeAttachment | undefined;
  readonly referrer?: MadeAttachment;
  /** What the tag names; the image when left out. */
  readonly tagged?: { readonly bytes: Buffer };
  readonly list?: Buffer;
  readonly status?: number;
}

/** What a registry has: manifests by digest and tag, and blobs. */
function lay({ signature, referrer, tagged = image, list: index }: Laid) {
  const manifests = new Map<string, readonly [bytes: Buffer, type: string]>();
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer, name: string = toDigest(bytes), type = OCI_MANIFEST) =>
    manifests.set(name, [bytes, type]);
  put(image.bytes);
  put(moved.bytes);
  put(tagged.bytes, '1');
  if (index !== undefined) for (const name of [toDigest(index), '1']) put(index, name, OCI_INDEX);
  for (const made of [signature, referrer].filter((one) => one !== undefined)) {
    put(made.bytes);
    for (const blob of made.blobs) blobs.set(toDigest(blob), blob);
  }
  if (signature !== undefined) put(signature.bytes, toSignatureTag(digest));
  if (referrer !== undefined) {
    const entry = { mediaType: OCI_MANIFEST, digest: toDigest(referrer.bytes), size: referrer.bytes.length };
    const referring = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] };
    put(Buffer.from(JSON.stringify(referring)), toReferrersTag(digest), OCI_INDEX);
  }
  return { manifests, blobs };
}

/** A registry with the repository `shop/app`, and the paths that it was asked for. */
async function serve(laid: (host: string) => Laid) {
  const asked: string[] = [];
  const { host } = await setup.serve((request, response) => {
    asked.push(request.url ?? '');
    const { status, ...content } = laid(request.headers.host ?? '');
    const { manifests, blobs } = lay(content);
    const [, kind, name = ''] = /^\/v2\/shop\/app\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? [];
    const [bytes, type] = (kind === 'manifests' ? manifests.get(name) : [blobs.get(name)]) ?? [];
    if (status !== undefined || bytes === undefined) response.writeHead(status ?? 404).end();
    else response.writeHead(200, { 'content-type': type ?? 'application/octet-stream' }).end(bytes);
  });
  return { host, asked };
}

interface Trial {
  readonly host: string;
  readonly scope?: string;
  readonly policy?: ImagePolicyPlan;
  /** As the pod names the image; by tag when left out. */
  readonly named?: string;
  readonly runs?: string;
  readonly more?: readonly object[];
  readonly args?: readonly string[];
}

async function verify({
  host,
  scope = host,
  policy,
  named = `${host}/shop/app:1`,
  runs = digest,
  more = [],
  args = [],
}: Trial): Promise<Run> {
  const pods = [
    pod('shop', 'web', { images: [[named, `${named.split(/:1$|@/)[0]}@${runs}`]] }),
    pod('bank', 'x', { images: [['nowhere.example.com/x:1']] }),
  ];
  await writeFiles(work, {
    'policy.yaml': imagePolicy(keyData, [scope], policy),
    'against/all.json': list(...pods, ...more),
  });
  const access = ['--registry', `${host}=http://${host}`, '--allow-private-stores'];
  return await runSignet([
    'policy',
    'try',
    '--policy',
    at('policy.yaml'),
    '--against',
    at('against'),
    '--verify',
    ...access,
    ...args,
  ]);
}

const signedAs = (...names: readonly string[]) =>
  makeAttachment(
    digest,
    names.map((reference) => ({ reference })),
  );
const mirrorSet = (host: string) => ({
  apiVersion: 'config.openshift.io/v1',
  kind: 'ImageDigestMirrorSet',
  metadata: { name: 'shop' },
  spec: { imageDigestMirrors: [{ source: SOURCE, mirrors: [`${host}/shop`] }] },
});

describe('signet policy try --verify', () => {
  test.each<[name: string, laid: (host: string) => Laid, trial: Omit<Trial, 'host'>, status: number, row: RegExp]>([
    [
      'signed for the tag that the pod names',
      (host) => ({ signature: signedAs(`${host}/shop/app:1`) }),
      {},
      0,
      /allowed +yes/,
    ],
    [
      'signed by another key',
      (host) => ({ signature: makeAttachment(digest, [{ keys: otherKeys, reference: `${host}/shop/app:1` }]) }),
      {},
      1,
      /refused +no[\s\S]*SignatureInvalid/,
    ],
    [
      'signed for another tag',
      (host) => ({ signature: signedAs(`${host}/shop/app:2`) }),
      {},
      1,
      /refused +no[\s\S]*IdentityMismatch/,
    ],
    [
      'signed for another image',
      (host) => ({ signature: makeAttachment(digest, [{ digest: moved.digest, reference: `${host}/shop/app:1` }]) }),
      {},
      1,
      /refused +no[\s\S]*DigestMismatch/,
    ],
    ['not signed', () => ({}), {}, 1, /unsigned +no[\s\S]*SignatureNotFound/],
    [
      'by a bundle, which nodes do not read',
      () => ({ referrer: bundled }),
      { args: ['--bundle-identity', 'digest'] },
      1,
      /refused +no[\s\S]*bundle or a referrer alone[\s\S]*→ sign it with cosign/,
    ],
    ['a registry that does not answer', () => ({ status: 500 }), {}, 3, /unknown +unknown[\s\S]*StoreUnavailable/],
    ['an image that is gone', () => ({}), { runs: makeImage('gone').digest }, 3, /unknown +unknown/],
    [
      'a version whose nodes read no Sigstore signatures',
      (host) => ({ signature: signedAs(`${host}/shop/app:1`) }),
      { args: ['--target-version', '4.11'] },
      1,
      /refused +no[\s\S]*nodes of 4\.11 read no Sigstore/,
    ],
    [
      'another namespace',
      () => ({}),
      { policy: { namespace: 'bank' } },
      0,
      /0 unknown, 0 allowed, 2 covered by nothing/,
    ],
    ['a namespace of its own', () => ({}), { policy: { namespace: 'shop' } }, 1, /unsigned/],
  ])('%s', async (_, laid, trial, status, row) => {
    const { host } = await serve(laid);
    const run = await verify({ ...trial, host });
    expect([run.status, run.stdout]).toEqual([status, expect.stringMatching(row)]);
  });

  test('what runs is judged, and not what the tag names by now', async () => {
    const good = await serve((host) => ({ signature: signedAs(`${host}/shop/app:1`), tagged: moved }));
    expect((await verify({ host: good.host })).status).toBe(0);
    const bad = await serve((host) => ({ signature: signedAs(`${host}/shop/app:1`) }));
    expect((await verify({ host: bad.host, runs: moved.digest })).stdout).toMatch(/unsigned +no/);
  });

  test('every image of an index that a pod names by digest, or those of a platform', async () => {
    const index = makeList([digest, moved.digest]);
    const { host } = await serve((own) => ({ signature: signedAs(`${own}/shop/app:1`), list: index }));
    const named = `${host}/shop/app@${toDigest(index)}`;
    expect((await verify({ host, named })).status).toBe(1);
    expect((await verify({ host, named, args: ['--platform', 'linux/amd64'] })).status).toBe(0);
  });

  describe('through a mirror', () => {
    const named = `${SOURCE}/app@${digest}`;

    test('by the name of the source: the mirror’s own does not count', async () => {
      const { host } = await serve(() => ({ signature: signedAs(`${SOURCE}/app:1`) }));
      const run = await verify({ host, named, scope: SOURCE, more: [mirrorSet(host)] });
      expect([run.status, run.stdout]).toEqual([0, expect.stringMatching(/allowed +yes +registry\.example\.com/)]);
      const other = await serve((own) => ({ signature: signedAs(`${own}/shop/app:1`) }));
      const refused = await verify({ host: other.host, named, scope: SOURCE, more: [mirrorSet(other.host)] });
      expect([refused.status, refused.stdout]).toEqual([
        1,
        expect.stringMatching(/refused +no[\s\S]*IdentityMismatch/),
      ]);
    });

    test('whose signatures alone are read, whatever the source has', async () => {
      const { host, asked } = await serve(() => ({}));
      const run = await verify({ host, named, scope: SOURCE, more: [mirrorSet(host)] });
      expect([run.status, run.stdout]).toEqual([1, expect.stringMatching(/unsigned +no/)]);
      expect(asked).toContain(`/v2/shop/app/manifests/${toSignatureTag(digest)}`);
    });

    test('that a pod names itself: by a remapped identity', async () => {
      const remapIdentity = (host: string) => ({
        matchPolicy: 'RemapIdentity',
        remapIdentity: { prefix: `${host}/shop`, signedPrefix: SOURCE },
      });
      const { host } = await serve(() => ({ signature: signedAs(`${SOURCE}/app:1`) }));
      expect((await verify({ host })).status).toBe(1);
      const run = await verify({ host, policy: { signedIdentity: remapIdentity(host) } });
      expect([run.status, run.stdout]).toEqual([0, expect.stringMatching(/allowed +yes/)]);
    });
  });

  test('asks no registry about what nothing covers, or what is refused whoever signs it', async () => {
    const { host, asked } = await serve(() => ({}));
    expect((await verify({ host, scope: 'registry.example.org' })).status).toBe(0);
    expect(asked).toEqual([]);
  });

  test('contacts no private address that the caller does not allow', async () => {
    const { host, asked } = await serve(() => ({}));
    await verify({ host });
    asked.length = 0;
    const run = await runSignet([
      'policy',
      'try',
      '--policy',
      at('policy.yaml'),
      '--against',
      at('against'),
      '--verify',
    ]);
    expect([run.status, run.stdout]).toEqual([3, expect.stringMatching(/unknown +unknown/)]);
    expect(asked).toEqual([]);
  });

  test('an image of two namespaces is read once', async () => {
    const { host, asked } = await serve((own) => ({ signature: signedAs(`${own}/shop/app:1`) }));
    const same = pod('bank', 'web', { images: [[`${host}/shop/app:1`, `${host}/shop/app@${digest}`]] });
    const run = await verify({ host, more: [same] });
    expect([run.status, run.stdout]).toEqual([
      0,
      expect.stringContaining('3 images in 2 namespaces: 0 refused, 0 unsigned, 0 unknown, 2 allowed'),
    ]);
    expect(asked.filter((one) => one === `/v2/shop/app/manifests/${digest}`)).toHaveLength(1);
  });
});
