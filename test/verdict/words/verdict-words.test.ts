import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { decideImage } from '../../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { toClusterVersionWords } from '../../../lib/verdict/words/to-cluster-version-words.ts';
import { parseWordsForm, toVerdictWords } from '../../../lib/verdict/words/to-verdict-words.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';

const OCP = 'quay.io/openshift-release-dev/ocp-release';
const KEYRINGS = ['verifier-public-key-fixture'];
const REQUIRED = KEYRINGS.map((name) => ({ name }));
const AT = '2026-11-22T00:00:00Z';
const published = createDirectoryReleaseStore(FIXTURE_STORE);
const empty = createMemorySignatureStore(new Map(), { description: 'https://store.example' });
const broken = createMemorySignatureStore(new Map(), {
  description: 'https://store.example',
  failure: new StoreError('StatusUnexpected', 'response status 403'),
});

function releaseOf(expected: string): string {
  return fixtureReleases.find((release) => release.expected === expected)?.pullspec ?? '';
}

interface Asking {
  readonly store?: SignatureStore;
  readonly force?: boolean;
}

async function decide(
  pullspec: string,
  { store = published, force = false }: Asking = {},
  change: Partial<PreparedTrust> = {},
): Promise<Verdict> {
  const trust = await readFixtureTrust(change);
  const { verdict } = await decideImage({ pullspec: parsePullspec(pullspec), force }, trust, {
    store,
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => FIXTURE_TIME,
    signal: new AbortController().signal,
  });
  return verdict;
}

const GOOD = releaseOf('accept');
const DIGEST = parseDigest(GOOD.slice(GOOD.indexOf('@') + 1));
const UNABLE = `unable to verify ${DIGEST} against keyrings: verifier-public-key-fixture`;
const ANSWER = `${AT}: unable to retrieve signature from https://store.example/${DIGEST}/1: no more signatures to check`;

describe('Hive', () => {
  test('accepted: Hive leaves the ClusterDeployment alone', async () => {
    expect(toVerdictWords(await decide(GOOD), 'hive', REQUIRED)).toEqual({
      outcome: 'accepted',
      forced: false,
      condition: null,
    });
  });

  test.each<[string, string, string]>([
    ['a tag', `${OCP}:4.12.0`, 'release images that are not accessed via digest cannot be verified'],
    [
      'another repository',
      `quay.io/other/release@${DIGEST}`,
      `quay.io/other/release is not where releases of this profile are asked for: ${OCP}`,
    ],
    ['no signature', GOOD, UNABLE],
  ])('%s', async (_, pullspec, message) => {
    const { condition } = toVerdictWords(await decide(pullspec, { store: empty }), 'hive', REQUIRED);
    expect(condition).toEqual({
      type: 'InstallImagesNotResolved',
      status: 'True',
      reason: 'ReleaseImageVerificationFailed',
      message,
      lastTransitionTime: AT,
    });
  });

  test.each<[string, Asking]>([
    ['a store that failed says no more than Hive does', { store: broken }],
    ['Hive knows no force', { store: empty, force: true }],
  ])('%s', async (_, how) => {
    expect(toVerdictWords(await decide(GOOD, how), 'hive', REQUIRED).condition?.message).toBe(UNABLE);
  });
});

describe('the cluster-version operator', () => {
  test('accepted', async () => {
    const words = toClusterVersionWords(await decide(GOOD), KEYRINGS, '4.99.1');
    const message = `Payload loaded version="4.99.1" image="${GOOD}"`;
    expect(words).toEqual({
      outcome: 'accepted',
      forced: false,
      condition: {
        type: 'ReleaseAccepted',
        status: 'True',
        reason: 'PayloadLoaded',
        message,
        lastTransitionTime: AT,
      },
      failure: null,
      event: { type: 'Normal', reason: 'PayloadLoaded', message },
      history: { version: '4.99.1', image: GOOD, verified: true },
    });
  });

  test('no signature: the condition is short, the event long', async () => {
    const words = toClusterVersionWords(await decide(GOOD, { store: empty }), KEYRINGS);
    const failed = `Retrieving payload failed version="" image="${GOOD}" failure=The update cannot be verified: ${UNABLE}`;
    expect(words.condition).toMatchObject({ status: 'False', reason: 'RetrievePayload', message: failed });
    expect(words.failure).toEqual({
      reason: 'ImageVerificationFailed',
      message: `The update cannot be verified: ${UNABLE}`,
      summary: 'the image may not be safe to use',
    });
    expect(words.event).toEqual({
      type: 'Warning',
      reason: 'RetrievePayloadFailed',
      message: `${failed} // ${ANSWER}`,
    });
    expect(words.history).toBeNull();
  });

  test('forced: not verified, with the risk that was accepted', async () => {
    const words = toClusterVersionWords(await decide(GOOD, { store: empty, force: true }), KEYRINGS);
    const acceptedRisks = `Target release version="" image="${GOOD}" cannot be verified, but continuing anyway because the update was forced: ${UNABLE}\n${ANSWER}`;
    expect(words).toMatchObject({
      forced: true,
      condition: { status: 'True', reason: 'PayloadLoaded' },
      failure: null,
      event: { type: 'Warning', reason: 'RetrievePayload', message: acceptedRisks },
    });
    expect(words.history).toEqual({ version: '', image: GOOD, verified: false, acceptedRisks });
  });

  test('force that was not needed is none', async () => {
    const words = toClusterVersionWords(await decide(GOOD, { force: true }), KEYRINGS);
    expect(words.history).toEqual({ version: '', image: GOOD, verified: true });
  });

  test('what was warned about is an accepted risk', async () => {
    const { history } = toClusterVersionWords(
      await decide(`mirror.example/release@${DIGEST}`, {}, { mode: 'warn' }),
      KEYRINGS,
    );
    expect(history?.verified).toBe(true);
    expect(history?.acceptedRisks).toMatch(/^mirror\.example\/release/);
  });

  test('verification: disabled verifies nothing and says so', async () => {
    const { history } = toClusterVersionWords(
      await decide(GOOD, { store: untouchedStore }, { verification: 'disabled' }),
      KEYRINGS,
    );
    expect(history?.verified).toBe(false);
    expect(history?.acceptedRisks).toContain('nothing was verified');
  });

  test.each<[string, string]>([
    ['KeyUnknown', 'invalid signature'],
    ['SignatureInvalid', 'signature error: '],
    ['DigestMismatch', 'signature digest does not match'],
    ['SignatureUnsupported', 'could not read the message: '],
    ['RepositoryMismatch', 'the signature names '],
  ])('%s in the long form', async (code, text) => {
    const words = toClusterVersionWords(await decide(releaseOf(code)), KEYRINGS);
    expect(words.event.message).toContain(`${AT}: ${text}`);
  });
});

test.each(['hive', 'clusterversion'])('as=%s', (text) => {
  expect(parseWordsForm(text)).toBe(text);
});

test('as= of another kind is an error', () => {
  expect(() => parseWordsForm('cvo')).toThrow(expect.objectContaining({ code: 'ArgumentInvalid' }));
});
