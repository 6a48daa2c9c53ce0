import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addExplain } from '../../cli/explain/index.ts';
import { parseDigest, toKeySegment, toStoreSegment } from '../../lib/base/names/digest.ts';
import { FIXTURE_RELEASES, FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { callNoun } from '../support/run-signet.ts';

let work = '';
const at = (name: string): string => path.join(work, name);
const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(GOOD.slice(GOOD.indexOf('@') + 1));
const FAILED = `Retrieving payload failed version="4.99.1" image="${GOOD}" failure=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-fixture // [2026-11-22T09:00:00Z: prefix ${toKeySegment(DIGEST)} in config map signatures-managed: no more signatures to check, 2026-11-22T09:00:01Z: unable to retrieve signature from https://sigs.example.com/${toStoreSegment(DIGEST)}/signature-1: response status 403]`;
const TRUST = ['--trust', FIXTURE_TRUST, '--mirror', FIXTURE_RELEASES, '--store', FIXTURE_STORE];

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-explain-'));
  await writeFile(at('failed.txt'), `${FAILED}\n`);
  await writeFile(at('other.txt'), 'the weather is fine\u001b[2J\n');
  await writeFile(at('latin1.txt'), Buffer.from([0xe4, 0xf6]));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const signet = (...args: readonly string[]) => callNoun(addExplain, ['explain', ...args]);

describe('signet explain', () => {
  test('what was asked, what it answered, where the signature is, and what to do', async () => {
    const { status, stdout } = await signet(at('failed.txt'), ...TRUST);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}keyrings +no signature satisfied verifier-public-key-fixture$/m);
    expect(stdout).toMatch(/^ {2}asked +ConfigMap signatures-managed: absent: no more signatures to check$/m);
    expect(stdout).toMatch(/^ {2}asked +https:\/\/sigs\.example\.com\/\S+: failed: response status 403$/m);
    expect(stdout).toMatch(/^ {2}signet +mirror \S+: has a signature that verifies$/m);
    expect(stdout).toMatch(/^ +\$ signet explain \S+ --trust \S+ --mirror \S+ --store \S+ -o yaml \| oc apply -f -$/m);
  });

  test('-o yaml: the ConfigMap and nothing else', async () => {
    const { stdout } = await signet(at('failed.txt'), ...TRUST, '-o', 'yaml');
    expect(stdout).toMatch(/^apiVersion: v1\nkind: ConfigMap\n/);
    expect(stdout).toContain(`  ${toKeySegment(DIGEST)}-1: `);
  });

  test('-o json', async () => {
    const { stdout } = await signet(at('failed.txt'), '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ releases: [{ digest: DIGEST, states: ['refused'], search: null }] });
  });

  test('nothing understood: exit 1, the text given back, and no terminal obeys it', async () => {
    const { status, stdout } = await signet(at('other.txt'));
    expect(status).toBe(1);
    expect(stdout).toContain('nothing in this text says why a release or image was refused');
    expect(stdout).toContain(String.raw`  the weather is fine\u001b[2J`);
  });

  test.each<[string, readonly string[], string]>([
    ['a mirror without trust', ['failed.txt', '--mirror', 'x'], '--mirror needs --trust'],
    ['a file that is not there', ['absent'], 'cannot read'],
    ['not UTF-8', ['latin1.txt'], 'not UTF-8'],
  ])('bad call: %s', async (_, [file = '', ...args], message) => {
    await expect(signet(at(file), ...args)).rejects.toThrow(message);
  });
});
