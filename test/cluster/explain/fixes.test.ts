import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest, toKeySegment, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { explainText } from '../../../lib/cluster/explain/explain-text.ts';
import { toShellWord } from '../../../lib/cluster/explain/explanation.ts';
import { findSignatures, type SearchedPlace } from '../../../lib/cluster/explain/find-signatures.ts';
import { toPullFixes } from '../../../lib/cluster/explain/fixes/to-pull-fixes.ts';
import { toReleaseFixes } from '../../../lib/cluster/explain/fixes/to-release-fixes.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignatureConfigMaps } from '../../../lib/stores/config-map-store.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, writePayload } from '../../fixtures/make/payload.ts';
import { makeEd25519Key } from '../../fixtures/make/signing-key.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { EMPTY_STORES, EXHAUSTED } from './sample-messages.ts';

const pullspecOf = (expected: string): string =>
  fixtureReleases.find((one) => one.expected === expected)?.pullspec ?? '';
const digestOf = (pullspec: string) => parseDigest(pullspec.slice(pullspec.indexOf('@') + 1));
const GOOD = pullspecOf('accept');
const signal = new AbortController().signal;
const published: SearchedPlace = {
  role: 'stores',
  name: 'published',
  store: createDirectoryReleaseStore(FIXTURE_STORE),
};
const empty: SearchedPlace = { role: 'mirror', name: 'empty', store: createMemorySignatureStore(new Map()) };
const broken: SearchedPlace = {
  role: 'mirror',
  name: 'broken',
  store: createMemorySignatureStore(new Map(), { failure: new StoreError('ConnectionFailed', 'refused') }),
};

function factsOf(text: string) {
  const [facts] = explainText(text).releases;
  if (facts === undefined) throw new Error('nothing was understood');
  return facts;
}

function refused(pullspec: string, more = '', keyring = 'verifier-public-key-fixture'): string {
  return `Retrieving payload failed version="4.99.1" image="${pullspec}" failure=The update cannot be verified: unable to verify ${digestOf(pullspec)} against keyrings: ${keyring}${more}`;
}

async function fix(text: string, pullspec: string, places: readonly SearchedPlace[]) {
  const trust = await readFixtureTrust();
  const search = await findSignatures(digestOf(pullspec), trust, places, FIXTURE_TIME, signal);
  return {
    search,
    fixes: toReleaseFixes(factsOf(text), { search, trust: trust.prepared, command: 'signet explain m' }),
  };
}

describe('where a signature is', () => {
  test.each<[string, string, SearchedPlace, string]>([
    ['held', GOOD, published, 'held'],
    ['absent', GOOD, empty, 'absent'],
    ['failed', GOOD, broken, 'failed'],
    ['refused', pullspecOf('KeyUnknown'), published, 'refused'],
    ['refused, of another repository', pullspecOf('RepositoryMismatch'), published, 'refused'],
  ])('%s', async (_, pullspec, place, outcome) => {
    const { search, fixes } = await fix(refused(pullspec), pullspec, [place]);
    expect(search.places).toMatchObject([{ role: place.role, name: place.name, outcome }]);
    expect(search.release === undefined).toBe(outcome !== 'held');
    // What does not verify is never put in a ConfigMap.
    expect(fixes.some(({ manifest }) => manifest !== undefined)).toBe(outcome === 'held');
  });

  test('a cluster that asks for another publisher’s keyring is not mended by this one’s signature', async () => {
    const { search, fixes } = await fix(refused(GOOD, '', 'verifier-public-key-other'), GOOD, [published]);
    expect(search.release).toBeDefined();
    expect(fixes.map(({ manifest }) => manifest)).toEqual(fixes.map(() => undefined));
    expect(fixes[0]?.say).toContain('requires verifier-public-key-other');
  });

  test('what current operators could not check is not put in a ConfigMap', async () => {
    const key = makeEd25519Key('legacy', KEY_CREATED);
    const file = writeCertificate({ primary: key, userId: 'Ed25519' });
    const { keyring } = await prepareKeyring('verifier-public-key-fixture', file);
    const trust = await readFixtureTrust({ keyrings: [keyring] });
    const [reference = ''] = GOOD.split('@');
    const bytes = writeRelease(
      signMessage(key, { content: writePayload({ digest: digestOf(GOOD), reference: `${reference}:1` }) }),
    );
    const store = createMemorySignatureStore(new Map([[digestOf(GOOD), [bytes]]]));
    const place = { role: 'stores', name: 'here', store } as const;
    const { places, release } = await findSignatures(digestOf(GOOD), trust, [place], FIXTURE_TIME, signal);
    expect(places[0]?.attempts).toMatchObject([
      { code: 'Verified', note: expect.stringContaining('Ed25519') as unknown },
      {},
    ]);
    expect(release).toBeUndefined();
  });

  test('a broken mirror does not hide what a store has', async () => {
    const { search } = await fix(refused(GOOD), GOOD, [broken, published]);
    expect(search.places.map(({ outcome }) => outcome)).toEqual(['failed', 'held']);
    expect(search.release).toMatchObject({ version: '4.99.1', signatures: [expect.anything()] });
  });
});

const signature = readFileSync(path.join(FIXTURE_STORE, toStoreSegment(digestOf(GOOD)), 'signature-1')).toString(
  'base64',
);

describe('what mends a release', () => {
  test('the ConfigMap: by a name of its own, and the exact command', async () => {
    const { fixes } = await fix(refused(GOOD), GOOD, [published]);
    const { manifest, command } = fixes.find((one) => one.manifest !== undefined) ?? {};
    expect(command).toBe('signet explain m -o yaml | oc apply -f -');
    const segment = toKeySegment(digestOf(GOOD));
    expect(parseSignatureConfigMaps([manifest])).toMatchObject([
      { name: segment, binaryData: { [`${segment}-1`]: signature } },
    ]);
  });

  test.each<[string, string, string]>([
    ['an empty list of stores', ` // 2026-11-22T00:00:00Z: ${EMPTY_STORES}`, 'is an empty list'],
    ['stores of the cluster that have it not', ` // 2026-11-22T00:00:00Z: ${EXHAUSTED}`, 'replaces the default stores'],
    [
      '403',
      ` // 2026-11-22T00:00:00Z: unable to retrieve signature from https://s.example/${toStoreSegment(digestOf(GOOD))}/signature-1: response status 403`,
      'answered 403: a bucket that may not be listed',
    ],
  ])('%s', async (_, more, say) => {
    const { fixes } = await fix(refused(GOOD, more), GOOD, [published]);
    expect(fixes.map((one) => one.say)).toContainEqual(expect.stringContaining(say));
  });

  test('a keyring that the profile does not have is said', async () => {
    const { fixes } = await fix(refused(GOOD, '', 'verifier-public-key-other'), GOOD, [published]);
    expect(fixes[0]?.say).toBe('the cluster requires verifier-public-key-other, which the profile ocp does not have');
  });

  test('a mirror’s pullspec: the canonical one is named first', async () => {
    const mirror = GOOD.replace(/^[^@]+/, 'mirror.example/release');
    const { fixes } = await fix(refused(mirror), mirror, [published]);
    expect(fixes[0]?.say).toContain(`use ${GOOD}`);
  });

  test('another publisher’s pullspec: without a signature nothing shows that it is a copy', async () => {
    const other = GOOD.replace(/^[^@]+/, 'ci.example/origin/release');
    const { fixes } = await fix(refused(other), other, []);
    expect(fixes[0]?.say).toContain('use the profile of its publisher');
    expect(JSON.stringify(fixes)).not.toContain(`use ${GOOD}`);
  });

  test('without trust nothing is looked for, and that is said', () => {
    const [only, ...others] = toReleaseFixes(factsOf(refused(GOOD)), { command: 'signet explain m' });
    expect(only?.command).toBe('signet explain m --trust DIR --mirror DIR');
    expect(others).toEqual([]);
  });

  test.each<[string, string, number]>([
    ['loaded', `Payload loaded version="" image="${GOOD}"`, 0],
    ['under way', `Retrieving and verifying payload version="" image="${GOOD}"`, 0],
    ['preconditions', `Preconditions failed for payload loaded version="" image="${GOOD}": x`, 0],
    ['not downloaded', `Unable to download and prepare the update: timeout`, 1],
    [
      'forced',
      `Target release version="" image="${GOOD}" cannot be verified, but continuing anyway because the update was forced: verification is not possible`,
      2,
    ],
  ])('%s', (_, text, count) => {
    const fixes = toReleaseFixes(factsOf(text), { command: 'signet explain m' });
    expect(fixes).toHaveLength(count);
    expect(fixes.some(({ manifest }) => manifest !== undefined)).toBe(false);
  });
});

describe('what mends a pull', () => {
  const image = 'mirror.example/release';
  const pull = (reason: string) => {
    const [facts] = explainText(`Failed to pull image "${image}:1": Source image rejected: ${reason}`).pulls;
    return facts === undefined ? [] : toPullFixes(facts);
  };

  test('no signature: the registries.d file', () => {
    expect(pull('A signature was required, but no signature exists')[0]?.file?.text).toBe(
      `docker:\n  ${image}:\n    use-sigstore-attachments: true\n`,
    );
  });

  test.each<[string, string, object]>([
    ['another repository', 'quay.io/o/r:1', { type: 'remapIdentity', prefix: image, signedPrefix: 'quay.io/o/r' }],
    ['the same repository', `${image}:2`, { type: 'matchRepository' }],
  ])('identity: %s', (_, identity, signedIdentity) => {
    const [first] = pull(`Signature for identity "${identity}" is not accepted`);
    expect(JSON.parse(first?.file?.text ?? '')).toEqual({ signedIdentity });
  });

  test('an image is one word of the command, whatever it holds', () => {
    const [facts] = explainText(
      `Failed to pull image "a$(reboot)'b": Source image rejected: No public keys imported`,
    ).pulls;
    const command = facts === undefined ? undefined : toPullFixes(facts).at(-1)?.command;
    expect(command).toContain(String.raw`signet image verify 'docker://a$(reboot)'\''b' --policy`);
  });
});

test.each([
  ['plain/word:1@x', 'plain/word:1@x'],
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", String.raw`'it'\''s'`],
])('shell word %j', (text, word) => {
  expect(toShellWord(text)).toBe(word);
});
