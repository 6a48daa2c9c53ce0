import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { toShownPlace, toShownValue } from '../../cli/support/redact.ts';
import { FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';

/** None of its parts may be printed. */
const SECRET = 'Zq7-hunter2-K9vTpXw3LmRb8sYd';
const PARTS = ['hunter2', 'K9vTpXw3', 'Zq7'];

let root = '';
let home = '';
beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'signet-support-')));
  home = path.join(root, 'home');
  await mkdir(path.join(home, '.config/signet'), { recursive: true });
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

interface Shown {
  readonly signet: string;
  readonly node: string;
  readonly platform: string;
  readonly settings: readonly { setting: string; values: readonly string[]; from: string; state: string }[];
  readonly settingsFault?: { readonly code: string; readonly at?: string };
  readonly environment: readonly string[];
  readonly trust: readonly { profile: string; revision?: string; fault?: { code: string; at?: string } }[];
  readonly trustFault?: { readonly code: string };
}

async function support(env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const call = async (...more: readonly string[]) =>
    await runSignet(['support', ...args, ...more], { cwd: root, env: { HOME: home, ...env } });
  const [text, json] = [await call(), await call('-o', 'json')];
  expect([text.status, text.stderr, json.status, json.stderr]).toEqual([0, '', 0, '']);
  return { text: text.stdout, json: json.stdout, shown: JSON.parse(json.stdout) as Shown };
}

describe('signet support', () => {
  test('tells versions, revisions, settings and their places', async () => {
    const { text, shown } = await support({
      SIGNET_TRUST: FIXTURE_TRUST,
      SIGNET_STORE: 'https://mirror.example:8443',
      HTTPS_PROXY: 'http://proxy.example:3128',
    });
    expect(shown.signet).toMatch(/^[0-9]+\.[0-9]+\.[0-9]+$/);
    expect([shown.node, shown.platform]).toEqual([process.versions.node, `${process.platform}/${process.arch}`]);
    expect(shown.trust).toEqual([{ profile: 'ocp', revision: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
    expect(shown.settings[1]).toEqual({
      setting: 'store',
      values: ['https://mirror.example:8443'],
      from: 'SIGNET_STORE',
      state: 'used',
    });
    expect(shown.environment).toEqual(['HTTPS_PROXY', 'SIGNET_STORE', 'SIGNET_TRUST']);
    for (const said of [shown.signet, shown.node, shown.trust[0]?.revision ?? '-', 'https://mirror.example:8443']) {
      expect(text).toContain(said);
    }
    expect(text).not.toContain('proxy.example');
  });

  test.each<[name: string, env: Readonly<Record<string, string>>]>([
    ['user and password of a URL', { SIGNET_STORE: `https://user:${SECRET}@mirror.example/signatures` }],
    ['a user alone', { SIGNET_STORE: `https://${SECRET}@mirror.example` }],
    ['the query of a URL', { SIGNET_STORE: `https://mirror.example/signatures?X-Amz-Signature=${SECRET}` }],
    ['the fragment of a URL', { SIGNET_STORE: `https://mirror.example#${SECRET}` }],
    ['the path of a URL', { SIGNET_STORE: `https://mirror.example/hook/${SECRET}` }],
    ['the host of a URL', { SIGNET_STORE: `https://${SECRET}.example` }],
    ['a malformed URL', { SIGNET_STORE: `https://user:${SECRET}@[mirror` }],
    ['keys before a bucket', { SIGNET_STORE: `s3://AKIA:${SECRET}@bucket/x` }],
    ['no scheme', { SIGNET_STORE: `user:${SECRET}@mirror.example/x?token=${SECRET}` }],
    ['a part of a path', { SIGNET_TRUST: `/srv/${SECRET}/trust` }],
    ['a path of Windows', { SIGNET_STORE: `C:\\srv\\${SECRET}\\trust` }],
    ['a pull secret in place of a path', { SIGNET_TRUST: `{"auths":{"quay.io":{"auth":"${SECRET}"}}}` }],
    ['a profile', { SIGNET_PROFILE: SECRET.toLowerCase(), SIGNET_TRUST: FIXTURE_TRUST }],
    ['a timeout', { SIGNET_TIMEOUT: SECRET }],
    ['a token of the API', { SIGNET_TOKEN: SECRET, SIGNET_TOKEN_FILE: `/run/${SECRET}` }],
    ['credentials of AWS', { AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: SECRET }],
    ['a proxy with a password', { https_proxy: `http://user:${SECRET}@proxy.example` }],
    ['other variables', { GITHUB_TOKEN: SECRET, [`SIGNET_${SECRET}`]: 'x' }],
  ])('hides %s', async (_, env) => {
    const { text, json } = await support({ SIGNET_OUTPUT: '', ...env });
    for (const part of PARTS) {
      expect(text.toLowerCase()).not.toContain(part.toLowerCase());
      expect(json.toLowerCase()).not.toContain(part.toLowerCase());
    }
  });

  test.each<[name: string, file: string, code: string]>([
    ['an unknown member', `trust: t\n${SECRET}: x\n`, 'DocumentInvalid'],
    ['a value of the wrong kind', `trust:\n  password: ${SECRET}\n`, 'DocumentInvalid'],
    ['no YAML', `trust: "${SECRET}\n`, 'DocumentInvalid'],
    ['a member twice', `trust: ${SECRET}\ntrust: other\n`, 'DuplicateKey'],
  ])('of a configuration file with %s, tells the place and not the text', async (_, file, code) => {
    const config = path.join(home, 'faulty.yaml');
    await writeFile(config, file);
    const env = { HOME: home, SIGNET_CONFIG: config };
    const { stdout, status } = await runSignet(['support', '-o', 'json', '--trust', FIXTURE_TRUST], { cwd: root, env });
    // A faulty file ends other commands; this one tells of it.
    expect([status, (JSON.parse(stdout) as Shown).settingsFault?.code]).toEqual([0, code]);
    for (const part of PARTS) expect(stdout).not.toContain(part);
  });

  test('of trust that does not load, tells code and place and not the text', async () => {
    const trust = path.join(home, 'trust');
    await mkdir(path.join(trust, 'ocp'), { recursive: true });
    await writeFile(
      path.join(trust, 'ocp/profile.yaml'),
      `apiVersion: signet/v1\nkind: Profile\n${SECRET}: ${SECRET}\n`,
    );
    const { text, json, shown } = await support({}, ['--trust', trust]);
    expect(shown.trust).toEqual([
      { profile: 'ocp', fault: { code: 'DocumentInvalid', at: expect.stringContaining('profile.yaml') as string } },
    ]);
    for (const part of PARTS) expect(`${text}${json}`).not.toContain(part);
  });

  test('of trust that is not there, tells so and exits 0', async () => {
    const { text, shown } = await support({}, ['--trust', path.join(home, 'nowhere')]);
    expect([shown.trust, shown.trustFault]).toEqual([[], { code: 'TrustMissing', at: '~/nowhere' }]);
    expect(text).toContain('trust: does not load');
  });
});

describe('what is shown of a value', () => {
  test.each<[name: string, place: string, shown: string]>([
    ['the home folder', '/home/ann/trust', '~/trust'],
    ['the home folder itself', '/home/ann', '~'],
    ['a folder whose name begins alike', '/home/anna/trust', '/home/anna/trust'],
    ['a folder elsewhere', '/srv/signet/trust', '/srv/signet/trust'],
    ['a drive of Windows', 'D:\\signet\\trust', 'D:\\signet\\trust'],
    ['a share of Windows', '\\\\server\\share', '\\\\server\\share'],
    ['a bucket', 's3://signatures', 's3://signatures'],
    ['a key of a bucket', 's3://signatures/prefix', 's3://signatures/…'],
    ['an address of version 6', 'https://[2001:db8::1]:8443', 'https://…'],
    ['a hash', `/srv/${'0a'.repeat(32)}`, '/srv/…'],
    ['nothing', '', ''],
  ])('%s', (_, place, shown) => {
    expect(toShownPlace(place, '/home/ann')).toBe(shown);
  });

  test('the home folder of Windows', () => {
    expect(toShownPlace('C:\\Users\\Ann\\trust', 'C:\\Users\\Ann')).toBe('~\\trust');
  });

  test.each<[name: string, setting: 'output' | 'timeout' | 'profile', value: string, shown: string]>([
    ['a format', 'output', 'json', 'json'],
    ['a template', 'output', 'jsonpath=abc', '(not shown)'],
    ['a duration', 'timeout', '30s', '30s'],
    ['no duration', 'timeout', 'abc', '(not shown)'],
    ['a profile', 'profile', 'okd', 'okd'],
    ['no profile', 'profile', 'a b', '(not shown)'],
  ])('%s', (_, setting, value, shown) => {
    expect(toShownValue(setting, value, undefined)).toBe(shown);
  });
});

describe('the issue forms', () => {
  const folder = path.join(import.meta.dirname, '../../.github/ISSUE_TEMPLATE');

  test('ask for what signet support prints', async () => {
    const names = (await readdir(folder)).filter((name) => name !== 'config.yml');
    expect(names).toEqual(['bug.yml', 'idea.yml', 'verdict.yml']);
    for (const name of names) {
      const form = parse(await readFile(path.join(folder, name), 'utf8')) as Form;
      expect(Object.keys(form).every((key) => FORM_KEYS.includes(key))).toBe(true);
      expect(form.body.every(({ type }) => FIELD_TYPES.includes(type))).toBe(true);
      const ids = form.body.flatMap(({ id }) => (id === undefined ? [] : [id]));
      expect(new Set(ids).size).toBe(ids.length);
      const asked = form.body.find(({ id }) => id === 'support');
      if (name === 'idea.yml') continue;
      expect([asked?.type, asked?.validations?.required]).toEqual(['textarea', true]);
      expect(asked?.attributes.description).toContain('signet support');
    }
  });
});

/** Of GitHub's syntax for issue forms. */
const FORM_KEYS = ['name', 'description', 'body', 'title', 'labels', 'assignees', 'projects', 'type'];
const FIELD_TYPES = ['markdown', 'textarea', 'input', 'dropdown', 'checkboxes', 'upload'];

interface Form {
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: { readonly description?: string };
    readonly validations?: { readonly required?: boolean };
  }[];
}
