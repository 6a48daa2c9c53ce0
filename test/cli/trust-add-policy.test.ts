import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { runSignet } from '../support/run-signet.ts';

const REAL = process.env['SIGNET_RELEASES'];
const KEYS = path.join(REAL ?? '', 'keys/RPM-GPG-KEY-redhat10-release');
const POLICY = path.join(REAL ?? '', 'image-policy/openshift.yaml');

interface Policy {
  readonly metadata: object;
  readonly spec: {
    readonly scopes: readonly string[];
    readonly policy: { readonly rootOfTrust: { readonly publicKey: object } };
  };
}

describe.skipIf(REAL === undefined)('signet trust add redhat --image-policy', () => {
  let work = '';
  let real: Policy;
  const at = (name: string): string => path.join(work, name);

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-trust-policy-'));
    real = parse(await readFile(POLICY, 'utf8')) as Policy;
  });
  afterAll(async () => {
    await rm(work, { recursive: true });
  });

  let count = 0;
  async function add(text: string, ...more: readonly string[]) {
    count += 1;
    await writeFile(at(`policy-${count}.yaml`), text);
    const from = ['--from', KEYS, '--image-policy', at(`policy-${count}.yaml`)];
    const to = at(`trust-${count}`);
    return { to, ...(await runSignet(['trust', 'add', 'redhat', '--trust', to, ...from, ...more])) };
  }

  test.each([
    ['4.20', 'clusters of 4.20 have no such policy'],
    ['4.21', 'clusters of 4.21 do not cover'],
    ['4.22', undefined],
    ['5.0', undefined],
  ])('takes the policy of a release, and compares it with %s', async (version, says) => {
    const { to, status, stdout } = await add(stringify(real), '--target-version', version);
    expect([status, stdout]).toEqual([0, expect.stringContaining('policy    key sha256:ba9d2635')]);
    expect(stdout.includes('  warning   clusters of')).toBe(says !== undefined);
    if (says !== undefined) expect(stdout).toContain(says);
    const shown = await runSignet(['trust', 'show', '--trust', to]);
    expect([shown.status, shown.stdout]).toEqual([0, expect.stringContaining('ClusterImagePolicy openshift')]);
  });

  test('clusters of 4.22 want the components covered too', async () => {
    const spec = { ...real.spec, scopes: real.spec.scopes.slice(0, 1) };
    const { status, stdout } = await add(stringify({ ...real, spec }), '--target-version', '4.22');
    expect([status, stdout]).toEqual([0, expect.stringContaining('too: take the policy of that release')]);
  });

  const change = (publicKey: object, more: object = {}): string => {
    const rootOfTrust = {
      ...real.spec.policy.rootOfTrust,
      publicKey: { ...real.spec.policy.rootOfTrust.publicKey, ...publicKey },
    };
    return stringify({ ...real, spec: { ...real.spec, policy: { ...real.spec.policy, rootOfTrust, ...more } } });
  };
  const own = (): string => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');
  };
  const disabled = 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {verification: disabled}\n';

  test.each<[name: string, text: () => string, says: string]>([
    ['another key', () => change({ keyData: own() }), "and not Red Hat's"],
    ['what is no key', () => change({ keyData: 'AAAA' }), 'its key cannot be read'],
    ['the key of a log', () => change({ rekorKeyData: own() }), 'the key of a log, of which none is pinned'],
    [
      'another identity',
      () => change({}, { signedIdentity: { matchPolicy: 'MatchRepository' } }),
      'it has a signedIdentity',
    ],
    ['another root of trust', () => change({}, { rootOfTrust: { policyType: 'PKI' } }), 'no public key'],
    ['another name', () => stringify({ ...real, metadata: { name: 'other' } }), 'not the ClusterImagePolicy openshift'],
    ['another kind', () => disabled, 'not the ClusterImagePolicy openshift'],
    ['something put beside it', () => `${stringify(real)}---\n${disabled}`, 'of a release, alone'],
    ['something put before it', () => `${disabled}---\n${stringify(real)}`, 'of a release, alone'],
    ['nothing', () => '', 'not the ClusterImagePolicy openshift'],
  ])('with %s writes nothing', async (_, text, says) => {
    const { to, status, stdout, stderr } = await add(text());
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
    await expect(readFile(path.join(to, 'ocp/release-verification.yaml'))).rejects.toThrow('ENOENT');
  });

  test.each<[name: string, args: readonly string[], says: string]>([
    ['a version without a policy', ['redhat', '--target-version', '4.21'], '--target-version needs --image-policy'],
    [
      'another publisher',
      [
        'x',
        '--fingerprint',
        'A'.repeat(40),
        '--profile',
        'x',
        '--store',
        'https://a.example',
        '--image-policy',
        POLICY,
      ],
      'no Sigstore key of x is built in',
    ],
  ])('%s is a wrong call', async (_, args, says) => {
    const { status, stderr } = await runSignet(['trust', 'add', ...args, '--from', KEYS, '--trust', at('none')]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});

test('without internet the error names the files that serve', async () => {
  const args = ['trust', 'add', 'redhat', '--trust', '/nowhere/at/all'];
  // A proxy that is not there, in the place of a network.
  const { status, stderr } = await runSignet(args, { env: { HTTPS_PROXY: 'http://127.0.0.1:9' } });
  expect([status, stderr]).toEqual([3, expect.stringContaining('name a file with --from: release-verification.yaml')]);
});
