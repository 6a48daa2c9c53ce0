import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_PROFILE, toDemoDocuments } from '../../demo/demo-documents.ts';
import { DEMO_IMAGES, DEMO_MANIFESTS, DEMO_REFERRER, digestOf } from '../../demo/demo-images.ts';
import { DEMO_REPOSITORY, type DemoPublisher, makeDemoReleases } from '../../demo/demo-releases.ts';
import { parsePullspec } from '../../lib/base/names/reference.ts';
import { checkManifest } from '../../lib/registry/client/registry-answers.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import { keepDemo } from '../../local/keep-demo.ts';
import { createMemorySignatureStore } from '../support/memory-signature-store.ts';
import { untouchedManifests, untouchedStore } from '../support/untouched-store.ts';

let made: DemoPublisher;
let work = '';
beforeAll(async () => {
  made = await makeDemoReleases();
  work = await mkdtemp(path.join(tmpdir(), 'signet-demo-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

describe('manifests', () => {
  // Sample events and documents name these.
  test.each([
    ['first', 'sha256:ec625563c404612d6ddbb20584531227d79551e9b9dfc9fcf45681ec913d2759'],
    ['patch', 'sha256:1fe662e2a122aa73dd4f0ba884d0adff119586ffb9b1c1a2927fe41b82de1b04'],
    ['minor', 'sha256:198871f8802940a335a518651cb98a5dfe8a59ffa90ce0e88cc428f2947cce7d'],
    ['wrongKey', 'sha256:9073ff6c0416c07b5b886db64a31791b83859501dd987c4fe72cd01882fb600c'],
    ['tampered', 'sha256:4230419d957085ebe35a3b422f36f0deac04dbecfbc3eddc80c45de3c8d8dd12'],
    ['otherRepository', 'sha256:a89aecfee49bdb88496f79287306b6e309644c87c3c5674a53993f36834a4255'],
    ['unsigned', 'sha256:f8e8e4e7a638797adf8fd8b1e39d6b13824ed35876848ecf64c409683f3fb296'],
  ] as const)('%s has the digest that the samples name', (name, digest) => {
    expect(DEMO_IMAGES[name].digest).toBe(digest);
  });

  test('each is an image manifest, and its digest is that of its bytes', () => {
    for (const { digest, manifest } of DEMO_MANIFESTS) {
      checkManifest(manifest, 'application/vnd.oci.image.manifest.v1+json');
      expect(digestOf(manifest)).toBe(digest);
    }
    expect(DEMO_MANIFESTS).toHaveLength(8);
    expect(new Set(DEMO_MANIFESTS.map(({ digest }) => digest)).size).toBe(8);
    expect(DEMO_REFERRER.digest).toBe('sha256:9baa87c1181cdf07693b4c7e552fce067e312aea6342a49e09e146d6cb109b89');
  });
});

describe('by the demo’s documents', () => {
  test.each([
    ['first', 'accepted', []],
    ['patch', 'accepted', []],
    ['minor', 'accepted', []],
    ['wrongKey', 'rejected', ['KeyUnknown']],
    ['tampered', 'rejected', ['SignatureInvalid']],
    ['otherRepository', 'rejected', ['RepositoryMismatch']],
    ['unsigned', 'rejected', ['SignatureNotFound']],
  ] as const)('%s is %s', async (name, outcome, codes) => {
    const documents = toDemoDocuments(made.armoredKey, 'http://127.0.0.1:1');
    const trust = toReadyTrust(await prepareTrust(DEMO_PROFILE, documents), new Date());
    const contents = made.releases.flatMap(({ digest, signature }) =>
      signature === undefined ? [] : [[digest, [signature]] as const],
    );
    const dependencies = {
      store: createMemorySignatureStore(new Map(contents)),
      lookaside: untouchedStore,
      manifests: untouchedManifests,
      now: () => new Date(),
      signal: new AbortController().signal,
    };
    const pullspec = parsePullspec(`${DEMO_REPOSITORY}@${DEMO_IMAGES[name].digest}`);
    const { verdict } = await decideImage({ pullspec }, trust, dependencies);
    expect([verdict.outcome, verdict.reasons.map(({ code }) => code)]).toEqual([outcome, codes]);
  });
});

describe('keepDemo', () => {
  const newFolder = async (name: string, content?: string): Promise<{ data: string; file: string }> => {
    const data = path.join(work, name);
    const file = path.join(data, 'demo', 'releases.json');
    await mkdir(path.dirname(file), { recursive: true });
    if (content !== undefined) await writeFile(file, content);
    return { data, file };
  };
  const earlier = {
    armoredKey: 'the key of an earlier Signet',
    releases: [{ title: 'release 1.0.0', digest: digestOf('1.0.0'), signature: 'AA==' }],
  };
  const today = (digests: readonly string[]) =>
    JSON.stringify({
      armoredKey: earlier.armoredKey,
      releases: digests.map((digest) => ({ digest, signature: null })),
    });
  /** Whether the bytes are a Buffer is nobody's concern. */
  const toShown = ({ armoredKey, releases }: DemoPublisher) => ({
    armoredKey,
    releases: releases.map(({ signature, ...image }) => ({
      ...image,
      signature: signature === undefined ? undefined : Buffer.from(signature).toString('base64'),
    })),
  });
  const digests = Object.values(DEMO_IMAGES).map(({ digest }) => digest);

  test('makes a publisher once per data folder', async () => {
    const { data, file } = await newFolder('once');
    const first = await keepDemo(data);
    const written = await readFile(file, 'utf8');
    const second = await keepDemo(data);
    expect(toShown(second)).toEqual(toShown(first));
    expect(await readFile(file, 'utf8')).toBe(written);
    expect(second.releases.map(({ digest }) => digest)).toEqual(digests);
  });

  test.each([
    ['an earlier Signet’s releases', JSON.stringify(earlier)],
    ['a release too few', today(digests.slice(1))],
    ['a release too many', today([...digests, digestOf('another')])],
    ['another release', today([...digests.slice(1), digestOf('another')])],
    ['half a file', JSON.stringify(earlier).slice(0, 50)],
    ['another shape', '[]'],
  ])('makes it anew over %s', async (name, content) => {
    const { data, file } = await newFolder(name, content);
    const { armoredKey } = await keepDemo(data);
    expect(armoredKey).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ armoredKey });
    expect((await keepDemo(data)).armoredKey).toBe(armoredKey);
  });

  test('takes what it kept for these releases', async () => {
    const { data } = await newFolder('kept', today(digests));
    expect((await keepDemo(data)).armoredKey).toBe(earlier.armoredKey);
  });
});
