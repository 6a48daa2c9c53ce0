import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addRelease } from '../../cli/release/index.ts';
import { toDemoDocuments } from '../../demo/demo-documents.ts';
import { DEMO_REPOSITORY } from '../../demo/demo-releases.ts';
import type { ReleaseAudit } from '../../lib/artifact/release/audit-release.ts';
import { parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { makeImage, makeList } from '../mirror/check/mirror-setup.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../registry/client/registry-setup.ts';
import { callNoun } from '../support/run-signet.ts';

const setup = createSetup();
const VERSION = '4.16.37';
const image = makeImage('x86_64').bytes;
const children = [makeImage('amd64').bytes, makeImage('arm64').bytes];
const list = makeList(children.map((bytes) => toDigest(bytes)));
const [imageDigest, listDigest, ...childDigests] = [image, list, ...children].map((bytes) => toDigest(bytes));
const PARTS = [imageDigest ?? '', listDigest ?? '', ...childDigests];
const [, , firstChild = ''] = PARTS;

let publisher: PrivateKey;
let stranger: PrivateKey;
beforeAll(async () => {
  [publisher, stranger] = await Promise.all([makeKey('Publisher'), makeKey('Stranger')]);
});

let work = '';
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-audit-'));
});
afterEach(async () => {
  await setup.close();
  await rm(work, { recursive: true });
});

async function makeKey(name: string): Promise<PrivateKey> {
  const { privateKey } = await generateKey({ type: 'rsa', rsaBits: 2048, userIDs: [{ name }], format: 'object' });
  return privateKey;
}

async function signFor(digest: string, reference: string, key: PrivateKey = publisher): Promise<Uint8Array> {
  const payload = {
    critical: {
      image: { 'docker-manifest-digest': digest },
      type: 'atomic container signature',
      identity: { 'docker-reference': reference },
    },
    optional: {},
  };
  const message = await createMessage({ binary: Buffer.from(JSON.stringify(payload)) });
  const signed: unknown = await sign({ message, signingKeys: key, format: 'binary' });
  if (!(signed instanceof Uint8Array)) throw new TypeError('the OpenPGP library gave no bytes');
  return signed;
}

const toTag = (digest: string): string => (digest === imageDigest ? `${VERSION}-x86_64` : `${VERSION}-multi`);
const signWell = (digest: string, key?: PrivateKey) => signFor(digest, `${DEMO_REPOSITORY}:${toTag(digest)}`, key);

/** A store with a good signature of every part; `change` replaces those of some, and an empty list leaves none. */
async function writeStore(name: string, change: Readonly<Record<string, readonly Uint8Array[]>> = {}): Promise<string> {
  const folder = path.join(work, name);
  for (const digest of PARTS) {
    const signatures = change[digest] ?? [await signWell(digest)];
    const place = path.join(folder, toStoreSegment(parseDigest(digest)));
    await mkdir(place, { recursive: true });
    for (const [index, bytes] of signatures.entries())
      await writeFile(path.join(place, `signature-${index + 1}`), bytes);
  }
  return folder;
}

/** A registry with an image for x86_64 and a list. */
async function serveRelease(status = 404): Promise<readonly string[]> {
  const tags = new Map([
    [`${VERSION}-x86_64`, image],
    [`${VERSION}-multi`, list],
  ]);
  const byDigest = new Map([image, list].map((bytes) => [toDigest(bytes) as string, bytes]));
  const { origin } = await setup.serve((request, response) => {
    const name = (request.url ?? '').split('/manifests/')[1] ?? '';
    const bytes = tags.get(name) ?? byDigest.get(name);
    if (bytes === undefined) return response.writeHead(status).end();
    const type = bytes === list ? OCI_INDEX : OCI_MANIFEST;
    const headers = { 'content-type': type, 'docker-content-digest': toDigest(bytes), 'content-length': bytes.length };
    return response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : bytes);
  });
  return ['--registry', `registry.example.com=${origin}`, '--allow-private-stores'];
}

async function writeTrust(): Promise<string> {
  const folder = path.join(work, 'demo');
  for (const { name, bytes } of toDemoDocuments(publisher.toPublic().armor(), 'http://127.0.0.1:1')) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes);
  }
  return folder;
}

/** Runs the command in this process; what it throws is what `main.ts` makes exit status 2 or 3 of. */
async function audit(stores: readonly string[], more: readonly string[] = [], version = VERSION) {
  const reach = more.includes('--registry') ? [] : await serveRelease();
  const args = [version, '--trust', await writeTrust(), ...stores.flatMap((store) => ['--store', store]), ...reach];
  return await callNoun(addRelease, ['release', 'audit', ...args, ...more]);
}

async function auditJson(...asked: Parameters<typeof audit>) {
  const [stores, more = [], version] = asked;
  const { status, stdout } = await audit(stores, [...more, '-o', 'json'], version);
  return { status, audited: JSON.parse(stdout) as ReleaseAudit };
}

/** What became of each image in each store, in order: `x86_64 image verified verified`. */
const statesOf = ({ images }: ReleaseAudit): readonly string[] =>
  images.map(({ architecture, part, stores }) => [architecture, part, ...stores.map(({ state }) => state)].join(' '));

test('every signature of every image in both stores, by tag and by digest, list and children', async () => {
  const { status, audited } = await auditJson([await writeStore('a'), await writeStore('b')]);
  expect(status).toBe(0);
  expect(statesOf(audited)).toEqual([
    'x86_64 image verified verified',
    'multi list verified verified',
    'multi child verified verified',
    'multi child verified verified',
  ]);
  expect(audited.tags.map(({ tag, code, outcome }) => `${tag} ${code} ${outcome}`)).toEqual([
    `${VERSION}-aarch64 TagMissing accepted`,
    `${VERSION}-ppc64le TagMissing accepted`,
    `${VERSION}-s390x TagMissing accepted`,
  ]);
  const [first] = audited.images;
  expect([first?.pullspec, first?.digest]).toEqual([`${DEMO_REPOSITORY}:${VERSION}-x86_64`, imageDigest]);
  expect(first?.stores[0]?.signatures).toMatchObject([
    { state: 'verified', signedFor: `${DEMO_REPOSITORY}:${VERSION}-x86_64`, signer: expect.any(String) as unknown },
  ]);
});

describe('one store is enough for a cluster, and not for the publisher', () => {
  const exception = (more: object) => ({
    exceptions: [
      {
        version: VERSION,
        architecture: 'multi',
        code: 'SignatureNotFound',
        reason: 'late',
        source: 'https://example.com/1',
        ...more,
      },
    ],
  });
  const good = () => signWell(imageDigest ?? '');
  test.each<
    [
      name: string,
      change: () => Promise<Readonly<Record<string, readonly Uint8Array[]>>>,
      known: object | undefined,
      status: number,
      state: string,
    ]
  >([
    ['none of a child', async () => ({ [firstChild]: [] }), undefined, 1, 'absent'],
    ['none of a child, as is known', async () => ({ [firstChild]: [] }), exception({}), 0, 'absent'],
    [
      'none of a child, as is known of another version',
      async () => ({ [firstChild]: [] }),
      exception({ version: '4.16.36' }),
      1,
      'absent',
    ],
    [
      'none of a child, as is known of another architecture',
      async () => ({ [firstChild]: [] }),
      exception({ architecture: 's390x' }),
      1,
      'absent',
    ],
    [
      'none of a child, as is known of another store',
      async () => ({ [firstChild]: [] }),
      exception({ store: 'https://x' }),
      1,
      'absent',
    ],
    [
      'a stranger’s',
      async () => ({ [firstChild]: [await signWell(firstChild, stranger)] }),
      exception({}),
      1,
      'faulty',
    ],
    ['one of another image', async () => ({ [firstChild]: [await good()] }), exception({}), 1, 'faulty'],
    ['no message', async () => ({ [firstChild]: [Buffer.from('x')] }), exception({}), 1, 'faulty'],
    [
      'a bad one behind a good one',
      async () => ({ [firstChild]: [await signWell(firstChild), await signWell(firstChild, stranger)] }),
      exception({}),
      1,
      'faulty',
    ],
    [
      'a good one behind a bad one',
      async () => ({ [firstChild]: [await signWell(firstChild, stranger), await signWell(firstChild)] }),
      undefined,
      1,
      'faulty',
    ],
  ])('%s', async (_, change, known, expected, state) => {
    const file = path.join(work, 'known.yaml');
    if (known !== undefined) await writeFile(file, JSON.stringify(known));
    const stores = [await writeStore('a'), await writeStore('b', await change())];
    const { status, audited } = await auditJson(stores, known === undefined ? [] : ['--exceptions', file]);
    expect([status, audited.outcome]).toEqual([expected, expected === 0 ? 'accepted' : 'rejected']);
    expect(statesOf(audited)).toEqual([
      'x86_64 image verified verified',
      'multi list verified verified',
      `multi child verified ${state}`,
      'multi child verified verified',
    ]);
  });

  test('a signature for another tag', async () => {
    const digest = imageDigest ?? '';
    const other = await signFor(digest, `${DEMO_REPOSITORY}:${VERSION}-aarch64`);
    const { status, stdout } = await audit([await writeStore('a'), await writeStore('b', { [digest]: [other] })]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^rejected {2}4\.16\.37 of registry\.example\.com\/demo\/release\n/);
    expect(stdout).toContain(`it is signed for ${DEMO_REPOSITORY}:${VERSION}-aarch64`);
    expect(stdout).toMatch(/\n {4}faulty {4}.*\/b, 0 of 1 signatures verify\n/);
  });

  test('a tag and the digest: the tag counts too', async () => {
    const digest = imageDigest ?? '';
    const named = (tag: string) => signFor(digest, `${DEMO_REPOSITORY}${tag}@${digest}`);
    const statuses: number[] = [];
    for (const [index, tag] of [`:${toTag(digest)}`, '', ':4.16.36-x86_64'].entries()) {
      const stores = [await writeStore(`a${index}`), await writeStore(`b${index}`, { [digest]: [await named(tag)] })];
      statuses.push((await audit(stores)).status);
    }
    expect(statuses).toEqual([0, 0, 1]);
  });

  test('a store that does not answer', async () => {
    const { origin } = await setup.serve((_, response) => response.writeHead(500).end());
    const { status, audited } = await auditJson([await writeStore('a'), origin]);
    expect([status, audited.outcome]).toEqual([3, 'indeterminate']);
    expect(statesOf(audited)[0]).toBe('x86_64 image verified failed');
  });
});

describe('tags', () => {
  test('one that was named has to be there', async () => {
    const { status, audited } = await auditJson([await writeStore('a')], ['--arch', 'x86_64', '--arch', 's390x']);
    expect(status).toBe(1);
    expect(audited.tags).toMatchObject([{ tag: `${VERSION}-s390x`, code: 'TagMissing', outcome: 'rejected' }]);
  });

  test('unless it is known not to be', async () => {
    const file = path.join(work, 'known.yaml');
    await writeFile(
      file,
      `exceptions:\n  - {version: ${VERSION}, architecture: s390x, code: TagMissing, reason: none, source: here}\n`,
    );
    const more = ['--arch', 'x86_64', '--arch', 's390x', '--exceptions', file];
    const { status, stdout } = await audit([await writeStore('a')], more);
    expect(status).toBe(0);
    expect(stdout).toContain(`has no tag ${VERSION}-s390x; known: none (here)`);
  });

  test('a version that has none shows nothing', async () => {
    expect((await audit([await writeStore('a')], [], '4.16.38')).status).toBe(1);
  });

  test('a registry that cannot be reached leaves all open', async () => {
    const reach = ['--registry', 'registry.example.com=http://127.0.0.1:1', '--allow-private-stores'];
    const { status, audited } = await auditJson([await writeStore('a')], reach);
    expect([status, audited.outcome, audited.images]).toEqual([3, 'indeterminate', []]);
  });

  test('a registry that does not answer leaves it open', async () => {
    const reach = await serveRelease(500);
    const { status, audited } = await auditJson([await writeStore('a')], reach);
    expect([status, audited.tags.map(({ code }) => code)]).toEqual([
      3,
      ['StoreUnavailable', 'StoreUnavailable', 'StoreUnavailable'],
    ]);
  });
});

describe('a wrong call', () => {
  test.each<[name: string, version: string, known: string, message: string]>([
    ['no version', 'latest', '', '"latest" is not a release\'s version, such as 4.16.37'],
    ['a version with a path', '4.16.37/x', '', "is not a release's version"],
    [
      'an exception without a source',
      VERSION,
      'exceptions:\n- {version: 4.1.0, code: TagMissing, reason: x}\n',
      'source',
    ],
    [
      'an exception of a signature that does not verify',
      VERSION,
      'exceptions:\n- {version: 4.1.0, code: SignatureInvalid, reason: x, source: y}\n',
      'code',
    ],
    ['a member that is not known', VERSION, 'exceptions: []\nmore: 1\n', 'known.yaml:1: object: more: unknown field'],
    ['two documents', VERSION, 'exceptions: []\n---\nexceptions: []\n', 'expected one document'],
  ])('%s', async (_, version, known, message) => {
    const file = path.join(work, 'known.yaml');
    await writeFile(file, known);
    await expect(audit([], ['--exceptions', file], version)).rejects.toThrow(message);
  });
});
