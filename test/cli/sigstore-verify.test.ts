import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toKeyName } from '../../lib/crypto/sigstore/x509/public-key.ts';
import {
  ARTIFACT,
  ARTIFACT_DIGEST,
  type ArtifactBundlePlan,
  makeArtifactBundle,
  OTHER_ARTIFACT,
} from '../crypto/sigstore/make-artifact-bundle.ts';
import { formatRoot, IDENTITY, LOGIN } from '../crypto/sigstore/make-instance.ts';
import { NOW, SIGNER, toPem } from '../crypto/sigstore/make-signature.ts';
import { runSignet } from '../support/run-signet.ts';

let work = '';
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-sigstore-'));
  await write('app', ARTIFACT);
  await write('other', OTHER_ARTIFACT);
  await write('trusted_root.json', formatRoot());
  await write('key.pub', toPem(SIGNER.publicKey));
  await write('bundle.json', makeArtifactBundle({ keys: SIGNER }));
});
afterEach(() => rm(work, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array): Promise<void> {
  await writeFile(path.join(work, name), content);
}

const sigstore = (...args: readonly string[]) => runSignet(['sigstore', 'verify', ...args], { cwd: work });
const LOGIN_ARGS = ['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', LOGIN];
const BUNDLE = ['--bundle', 'bundle.json'];
const ROOT = ['--trusted-root', 'trusted_root.json'];
const signed = new Date(NOW * 1000).toISOString();

describe('signet sigstore verify', () => {
  test.each(['app', ARTIFACT_DIGEST])('a bundle by a login holds for %s', async (artifact) => {
    const { status, stdout } = await sigstore(artifact, ...BUNDLE, ...LOGIN_ARGS, ...ROOT);
    expect(stdout).toBe(
      [
        `valid  ${artifact}`,
        `  signer  ${IDENTITY}`,
        `  issuer  ${LOGIN}`,
        `  key     ${toKeyName(SIGNER.publicKey)}`,
        `  signed  by ${signed}`,
        '  logged  yes\n',
      ].join('\n'),
    );
    expect(status).toBe(0);
  });

  test('as JSON, for a statement', async () => {
    await write('bundle.json', makeArtifactBundle({ keys: SIGNER, content: 'statement' }));
    const { status, stdout } = await sigstore('app', ...BUNDLE, ...LOGIN_ARGS, ...ROOT, '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      valid: true,
      artifact: 'app',
      signer: toKeyName(SIGNER.publicKey),
      content: 'statement',
      predicateType: 'https://slsa.dev/provenance/v1',
      identity: IDENTITY,
      issuer: LOGIN,
      times: [signed],
      logged: true,
    });
    expect(status).toBe(0);
  });

  test('by a key without a root, the log is not read, and that is said', async () => {
    await write('bundle.json', makeArtifactBundle({ keys: SIGNER, byKey: true, log: undefined, stamp: undefined }));
    const { status, stdout } = await sigstore('app', ...BUNDLE, '--key', 'key.pub');
    expect([status, stdout]).toEqual([0, expect.stringContaining('  logged  not checked: there is no trusted root\n')]);
    expect((await sigstore('app', ...BUNDLE, '--key', 'key.pub', ...ROOT)).stdout).toContain('LogEntryInvalid');
  });

  test.each<[name: string, code: string, plan: ArtifactBundlePlan, artifact: string, identity: string]>([
    ['another file', 'DigestMismatch', {}, 'other', IDENTITY],
    ['another login', 'IdentityMismatch', {}, 'app', `${IDENTITY}x`],
    ['an empty bundle', 'SignatureMalformed', { change: () => '' }, 'app', IDENTITY],
  ])('%s is rejected: %s', async (_, code, plan, artifact, identity) => {
    await write('bundle.json', makeArtifactBundle({ keys: SIGNER, ...plan }));
    const named = ['--certificate-identity', identity, '--certificate-oidc-issuer', LOGIN];
    const { status, stdout } = await sigstore(artifact, ...BUNDLE, ...named, ...ROOT);
    expect([status, stdout]).toEqual([1, expect.stringContaining(`invalid  ${artifact}\n  ${code}: `)]);
    const json = await sigstore(artifact, ...BUNDLE, ...named, ...ROOT, '-o', 'json');
    expect([json.status, JSON.parse(json.stdout)]).toMatchObject([1, { valid: false, code }]);
  });

  test.each<[name: string, args: readonly string[], error: string]>([
    ['nobody named', ['app', ...BUNDLE, ...ROOT], 'say who must have signed'],
    ['no issuer', ['app', ...BUNDLE, '--certificate-identity', IDENTITY, ...ROOT], 'say who must have signed'],
    ['a login without a root', ['app', ...BUNDLE, ...LOGIN_ARGS], 'an identity needs --trusted-root'],
    ['both a key and a login', ['app', ...BUNDLE, '--key', 'key.pub', ...LOGIN_ARGS], 'cannot be used with'],
    ['no bundle', ['app', '--key', 'key.pub'], '--bundle'],
    ['a file that is not there', ['none', ...BUNDLE, '--key', 'key.pub'], 'cannot read none'],
    ['a key that is none', ['app', ...BUNDLE, '--key', 'app'], 'app: expected one PEM block'],
    ['a root that is none', ['app', ...BUNDLE, ...LOGIN_ARGS, '--trusted-root', 'app'], 'app: the trusted root'],
  ])('%s is a wrong call', async (_, args, error) => {
    const { status, stdout, stderr } = await sigstore(...args);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(error)]);
  });
});

describe('signet trust add sigstore', () => {
  const add = (...args: readonly string[]) =>
    runSignet(['trust', 'add', 'sigstore', '--trust', 'trust', ...args], { cwd: work });

  test('writes the root, which sigstore verify then takes', async () => {
    const { status, stdout } = await add('--from', 'trusted_root.json');
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining('2 logs, 1 certificate authority, 1 timestamp authority'),
    ]);
    expect(await readFile(path.join(work, 'trust/ocp/trusted_root.json'), 'utf8')).toBe(formatRoot());
    const verified = await sigstore('app', ...BUNDLE, ...LOGIN_ARGS, '--trust', 'trust');
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining('valid  app')]);
  });

  test('never writes over a root', async () => {
    await add('--from', 'trusted_root.json');
    const { status, stderr } = await add('--from', 'trusted_root.json');
    expect([status, stderr]).toEqual([2, expect.stringContaining('it exists; remove it first')]);
  });

  test.each<[name: string, root: string, error: string]>([
    ['no JSON', 'root', 'root.json: the trusted root cannot be used: it is not strict JSON'],
    ['a log without a start', formatRoot({ logsValidFor: {} }), 'tlogs[0].publicKey.validFor.start is missing'],
  ])('does not write a root with %s', async (_, root, error) => {
    await write('root.json', root);
    const { status, stderr } = await add('--from', 'root.json');
    expect([status, stderr]).toEqual([2, expect.stringContaining(error)]);
  });

  test('a profile that has a root and nothing else vouches for no image', async () => {
    await add('--from', 'trusted_root.json');
    const { status, stdout } = await runSignet(['trust', 'check', '--trust', 'trust'], { cwd: work });
    expect([status, stdout]).toEqual([2, expect.stringContaining('has neither keyrings nor image policies')]);
  });

  test('a profile without a root says how to add one', async () => {
    await mkdir(path.join(work, 'own'));
    await write('own/profile.yaml', 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: own}\nspec: {}\n');
    const { status, stderr } = await sigstore('app', ...BUNDLE, ...LOGIN_ARGS, '--trust', 'own');
    expect([status, stderr]).toEqual([2, expect.stringContaining('has no trusted root: add one with')]);
  });
});
