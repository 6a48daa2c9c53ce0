import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { readSignedReleases, type SignedReleasesRequest } from '../../../lib/cluster/render/read-signed-releases.ts';
import { toVersionLookup } from '../../../lib/cluster/render/release-version.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import {
  DIGEST,
  keyOf,
  objectsOf,
  readOnly,
  signerA,
  signerB,
  trustOf,
  watching,
} from '../../mirror/audit/audit-layouts.ts';
import { FIXTURE_RELEASES, FIXTURE_TIME, fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const REAL = process.env['SIGNET_RELEASES'];

function read(objects: ObjectStore, trust: ReadyTrust, change: Partial<SignedReleasesRequest> = {}) {
  const { signal } = new AbortController();
  return readSignedReleases({ objects: readOnly(objects), trust, now: FIXTURE_TIME, signal, ...change });
}

test('fixture releases: those that verify with their versions, the others with their codes', async () => {
  const { releases, leftOut } = await read(createDirectoryObjectStore(FIXTURE_RELEASES), await readFixtureTrust());
  const good = fixtureReleases.filter(({ expected }) => expected === 'accept');
  const wanted = good.map(({ pullspec, version }) => [pullspec.split('@')[1], version, 1]);
  const found = releases.map(({ digest, version, signatures }) => [digest, version, signatures.length]);
  expect(new Set(found)).toEqual(new Set(wanted));
  const codes = leftOut.map(({ location, attempts }) => [/sha256=([0-9a-f]+)/.exec(location)?.[1], attempts[0]?.code]);
  const bad = fixtureReleases.filter(({ expected }) => expected !== 'accept');
  expect(new Set(codes)).toEqual(new Set(bad.map(({ pullspec, expected }) => [pullspec.split(':')[1], expected])));
});

test.skipIf(REAL === undefined)('real releases, by the trust that ships with them', async () => {
  const folder = path.join(REAL ?? '', 'trust/ocp');
  const documents = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(path.join(folder, name)) }));
  const trust = toReadyTrust(await prepareTrust('ocp', documents), FIXTURE_TIME);
  const { releases, leftOut } = await read(createDirectoryObjectStore(REAL ?? ''), trust);
  expect(leftOut).toEqual([]);
  expect(releases.map(({ version }) => version)).toContain('4.16.37');
});

test('a signature of OpenPGP version 6 is left out, and clusters get the other one', async () => {
  const version6 = await makeSigner('version-6', { kind: 'mldsa65' });
  const certificates = [signerA, version6].flatMap(({ keyring }) => keyring.certificates);
  const trust = trustOf([{ ...signerA, keyring: { ...signerA.keyring, certificates } }]);
  const signed = signerA.sign(DIGEST);
  const objects = createMemoryObjectStore([
    [keyOf(1), version6.sign(DIGEST)],
    [keyOf(2), signed],
  ]);
  const { releases, leftOut } = await read(objects, trust);
  expect(releases.map(({ signatures }) => signatures.map((bytes) => Buffer.from(bytes)))).toEqual([[signed]]);
  expect(leftOut.map(({ attempts }) => attempts.map(({ code, message }) => `${code}: ${message}`))).toEqual([
    ['SignatureUnsupported: the signature verifies, but clusters cannot read OpenPGP version 6'],
  ]);
});

describe('layouts', () => {
  const trust = trustOf([signerA, signerB]);
  test.each<[name: string, layout: string, signatures: number, leftOut: readonly string[], missing: readonly string[]]>(
    [
      ['one of each keyring', 'ab', 2, [], []],
      ['more than are needed: a cluster may know one key of several', 'abce', 4, [], []],
      ['the same in another framing', 'aAb', 2, [], []],
      ['one keyring alone', 'a', 1, [], ['verifier-public-key-b']],
      ['behind a gap', 'a.b', 2, [], []],
      ['a stranger’s', 'asb', 2, ['KeyUnknown'], []],
      ['of another digest', 'aob', 2, ['DigestMismatch'], []],
      ['a framing that clusters cannot read', 'nb', 1, ['SignatureUnsupported'], ['verifier-public-key-a']],
      ['junk', 'xab', 2, ['SignatureMalformed'], []],
      ['empty', 'zab', 2, ['SignatureMalformed'], []],
      ['too long', 'lab', 2, ['LimitExceeded'], []],
    ],
  )('%s', async (_, layout, signatures, codes, missing) => {
    const result = await read(createMemoryObjectStore(objectsOf(layout)), trust);
    expect(result.releases.map((release) => release.signatures.length)).toEqual([signatures]);
    expect(result.leftOut.map(({ attempts }) => attempts[0]?.code)).toEqual(codes);
    expect(result.unsatisfied.flatMap(({ keyrings }) => keyrings)).toEqual(missing);
  });

  test.each(['s', 'x', 'r'])('nothing that verifies (%s): no release', async (layout) => {
    const result = await read(createMemoryObjectStore(objectsOf(layout)), trust);
    expect([result.releases, result.unsatisfied, result.leftOut.length]).toEqual([[], [], 1]);
  });

  test('other names are passed over and not read', async () => {
    const names = ['signature-0', 'signature-10', 'signature-1.bak', 'signature-1/x', 'README'];
    const more = names.map((name) => [`signatures/sha256=${'0'.repeat(64)}/${name}`, Buffer.from('x')] as const);
    const other = [
      ['signatures/x', Buffer.from('x')],
      ['lookaside/x', Buffer.from('x')],
    ] as const;
    const objects = createMemoryObjectStore([...objectsOf('ab'), ...more, ...other]);
    const result = await read(objects, trust);
    expect([result.releases.length, result.leftOut.length]).toEqual([1, 0]);
    expect(objects.reads).toEqual([keyOf(1), keyOf(2)]);
  });

  test('digests that were asked for alone are listed and read', async () => {
    const objects = createMemoryObjectStore(objectsOf('ab'));
    const absent = parseDigest(`sha256:${'0'.repeat(64)}`);
    const prefixes: string[] = [];
    const watched = watching(objects, (operation, key) => {
      if (operation === 'list') prefixes.push(key);
    });
    expect((await read(watched, trust, { digests: [absent, absent] })).releases).toEqual([]);
    expect((await read(watched, trust, { digests: [DIGEST] })).releases).toHaveLength(1);
    expect(prefixes).toEqual([
      keyOf('').replace('signature-', '').replace(DIGEST.slice(7), '0'.repeat(64)),
      keyOf('').replace('signature-', ''),
    ]);
  });
});

describe('versions', () => {
  const versionOf = toVersionLookup([{ digest: DIGEST, version: '4.1.1' }]);
  const anyRepository = trustOf([signerA], { signedRepository: 'off' });

  test.each<[name: string, repository: string, expected: string]>([
    ['what was signed counts, not what a graph says', 'quay.io/openshift-release-dev/ocp-release', '4.99.0'],
    ['what a graph says counts where none was signed', 'not a reference', '4.1.1'],
  ])('%s', async (_, repository, expected) => {
    const objects = createMemoryObjectStore([[keyOf(1), signerA.sign(DIGEST, repository)]]);
    const { releases } = await read(objects, anyRepository, { versionOf });
    expect(releases.map(({ version }) => version)).toEqual([expected]);
  });

  test('neither', async () => {
    const objects = createMemoryObjectStore([[keyOf(1), signerA.sign(DIGEST, 'not a reference')]]);
    expect((await read(objects, anyRepository)).releases.map(({ version }) => version)).toEqual([undefined]);
  });

  test('of several versions of a digest in graphs, their order does not matter', () => {
    const rows = [
      { digest: DIGEST, version: '4.2.0' },
      { digest: DIGEST, version: '4.1.0' },
    ];
    expect(toVersionLookup(rows)(DIGEST)).toBe('4.1.0');
    expect(toVersionLookup(rows.toReversed())(DIGEST)).toBe('4.1.0');
    expect(toVersionLookup([])(DIGEST)).toBeUndefined();
  });
});

describe('refused as a whole', () => {
  const objects = createMemoryObjectStore(objectsOf('ab'));
  const untouched: ObjectStore = watching(objects, (operation, key) => {
    throw new Error(`${operation} of ${key}`);
  });

  test.each<[name: string, trust: ReadyTrust]>([
    ['no keyring', trustOf([])],
    ['verification: disabled', trustOf([signerA], { verification: 'disabled' })],
  ])('%s: nothing is read', async (_, trust) => {
    await expect(read(untouched, trust)).rejects.toThrow(ConfigurationError);
  });

  test('stale trust: nothing is read', async () => {
    const now = new Date(FIXTURE_TIME.getTime() + 25 * 60 * 60 * 1000);
    await expect(read(untouched, trustOf([signerA]), { now })).rejects.toThrow(StoreError);
  });

  test('one signature that cannot be read: no other one is given, or read any more', async () => {
    const reads: string[] = [];
    const digests = Array.from({ length: 200 }, (_, index) => parseDigest(`sha256:${String(index).padStart(64, '0')}`));
    const rows = digests.map((digest) => [keyOf(1, digest), Buffer.alloc(MAX_SIGNATURE_BYTES)] as const);
    const failing = watching(createMemoryObjectStore(rows), (operation, key) => {
      if (operation !== 'read') return;
      reads.push(key);
      if (reads.length === 20) throw new StoreError('TimedOut', 'no answer');
    });
    await expect(read(failing, trustOf([signerA]))).rejects.toThrow('no answer');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reads.length).toBeLessThan(60);
  });

  test('an abort', async () => {
    const reason = new Error('stopped');
    await expect(read(objects, trustOf([signerA]), { signal: AbortSignal.abort(reason) })).rejects.toThrow(reason);
  });
});
