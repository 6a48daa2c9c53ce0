import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { decideImage } from '../../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';

/** Real releases are not in the repository; a run that has them names their folder. */
const REAL = process.env['SIGNET_RELEASES'];
const OCP = 'quay.io/openshift-release-dev/ocp-release';
const FIRST = '0065822bf39b11e3a3113eb2dee4bddf0a07fe0967892498771bd9728e145ad0';
const SECOND = '195de2a5ef3af1083620a62a45ea61ac1233ffa27bbce7b30609a69775aeca19';

describe.skipIf(REAL === undefined)('real releases', () => {
  let store = '';
  beforeAll(async () => {
    store = await mkdtemp(path.join(tmpdir(), 'signet-real-'));
  });
  afterAll(async () => {
    await rm(store, { recursive: true });
  });

  /** Puts the signature of one release below the digest of another, or of itself. */
  async function put(name: string, signed: string, digest: string): Promise<string> {
    const directory = path.join(store, name);
    await cp(path.join(REAL ?? '', 'signatures', `sha256=${signed}`), path.join(directory, `sha256=${digest}`), {
      recursive: true,
    });
    return directory;
  }

  async function decide(pullspec: string, directory: string): Promise<Verdict> {
    const folder = path.join(REAL ?? '', 'trust/ocp');
    const documents = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(path.join(folder, name)) }));
    const trust = toReadyTrust(await prepareTrust('ocp', documents), FIXTURE_TIME);
    const dependencies = {
      store: createDirectoryReleaseStore(directory),
      lookaside: untouchedStore,
      manifests: untouchedManifests,
      now: () => FIXTURE_TIME,
      signal: new AbortController().signal,
    };
    return (await decideImage({ pullspec: parsePullspec(pullspec) }, trust, dependencies)).verdict;
  }

  test.each<[name: string, repository: string, asked: string, signed: string, under: string, code: string]>([
    ['a release', OCP, FIRST, FIRST, FIRST, 'accept'],
    ['the other release', OCP, SECOND, SECOND, SECOND, 'accept'],
    ['another repository', 'quay.io/evil/ocp-release', FIRST, FIRST, FIRST, 'RepositoryNotCanonical'],
    ['another digest', OCP, FIRST.replace(/^00/, '01'), FIRST, FIRST, 'SignatureNotFound'],
    ['the other’s digest', OCP, SECOND, FIRST, FIRST, 'SignatureNotFound'],
    ['the other’s signature under its digest', OCP, FIRST, SECOND, FIRST, 'DigestMismatch'],
    ['its signature under the other’s digest', OCP, SECOND, FIRST, SECOND, 'DigestMismatch'],
  ])('%s', async (name, repository, asked, signed, under, code) => {
    const directory = await put(name, signed, under);
    const { outcome, reasons } = await decide(`${repository}@sha256:${asked}`, directory);
    expect(outcome).toBe(code === 'accept' ? 'accepted' : 'rejected');
    expect(reasons.map((reason) => reason.code)).toEqual(code === 'accept' ? [] : [code]);
  });
});
