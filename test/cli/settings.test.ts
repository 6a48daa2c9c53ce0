import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_SETTINGS_BYTES } from '../../cli/shell/settings/settings-file.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const UNTRUSTED = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';

let root = '';
let home = '';
let site = '';
beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'signet-settings-')));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  const scratch = await mkdtemp(path.join(root, 'case-'));
  [home, site] = [path.join(scratch, 'home'), path.join(scratch, 'site')];
  await mkdir(path.join(home, '.config/signet'), { recursive: true });
  await mkdir(site);
});

interface Files {
  readonly user?: string;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function signet(args: readonly string[], { user, folder, env = {} }: Files = {}): Promise<Run> {
  if (user !== undefined) await writeFile(path.join(home, '.config/signet/config.yaml'), user);
  if (folder !== undefined) await writeFile(path.join(site, 'signet.yaml'), folder);
  return await runSignet(args, { cwd: site, env: { HOME: home, ...env } });
}

const USER = `trust: ${FIXTURE_TRUST}\nstore: ${FIXTURE_STORE}\n`;
const ENVIRONMENT = { SIGNET_TRUST: FIXTURE_TRUST, SIGNET_STORE: FIXTURE_STORE };

describe('what is said once', () => {
  test.each<[name: string, files: Files]>([
    ['in the environment', { env: ENVIRONMENT }],
    ['in the user’s file', { user: USER }],
    ['as a list of stores', { user: `trust: ${FIXTURE_TRUST}\nstore:\n- ${FIXTURE_STORE}\n` }],
    ['in a file that SIGNET_CONFIG names', { folder: USER, env: { SIGNET_CONFIG: 'signet.yaml' } }],
    ['in the environment before a file', { user: 'trust: nowhere\nstore: nowhere\n', env: ENVIRONMENT }],
    ['in a file, where the variable is empty', { user: USER, env: { SIGNET_TRUST: '' } }],
  ])('%s, it verifies', async (_, files) => {
    const { status, stdout, stderr } = await signet(['verify', GOOD], files);
    expect([status, stdout.split(' ')[0], stderr]).toEqual([0, 'accepted', '']);
  });

  test('an option comes before everything, and stores do not add up', async () => {
    const args = ['verify', GOOD, '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE, '-o', 'json'];
    const env = { SIGNET_TRUST: 'nowhere', SIGNET_STORE: 'nowhere' };
    const { status, stdout } = await signet(args, { user: 'trust: elsewhere\nstore: elsewhere\n', env });
    const { attempts } = JSON.parse(stdout) as { readonly attempts: readonly { readonly location: string }[] };
    expect([status, attempts.length]).toEqual([0, 1]);
  });

  test('below XDG_CONFIG_HOME, and nowhere else where that is set', async () => {
    await mkdir(path.join(home, 'xdg/signet'), { recursive: true });
    await writeFile(path.join(home, 'xdg/signet/config.yaml'), USER);
    const files = { user: 'trust: nowhere\n', env: { XDG_CONFIG_HOME: path.join(home, 'xdg') } };
    expect((await signet(['verify', GOOD, '-q'], files)).status).toBe(0);
    const relative = { user: USER, env: { XDG_CONFIG_HOME: 'xdg' } };
    expect((await signet(['verify', GOOD, '-q'], relative)).status).toBe(0);
  });

  test('paths start from the folder of their file', async () => {
    await symlink(FIXTURE_TRUST, path.join(home, '.config/signet/trust'));
    await symlink(FIXTURE_STORE, path.join(home, 'store'));
    const { status, stderr } = await signet(['verify', GOOD, '-q'], { user: 'trust: ./trust\nstore: ~/store\n' });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('what another option excludes does not count', async () => {
    const inspect = await signet(['release', 'inspect', 'dir:nowhere'], { env: ENVIRONMENT });
    expect(inspect.stderr).not.toMatch(/decides nothing/);
    const imported = await signet(['bundle', 'import', 'x', '--to', 'y', '--use-bundle-trust'], { env: ENVIRONMENT });
    expect(imported.stderr).not.toMatch(/cannot be used with/);
  });

  test('a profile is chosen, and trust add writes no other because of it', async () => {
    const env = { SIGNET_TRUST: FIXTURE_TRUST, SIGNET_PROFILE: 'okd' };
    expect((await signet(['verify', GOOD], { env })).stderr).toMatch(/okd/);
    const to = path.join(home, 'trust');
    const keys = path.join(FIXTURE_TRUST, '../../openpgp/keys/rsa4096.asc');
    const args = ['trust', 'add', 'redhat', '--from', keys, '--trust', to];
    expect((await signet(args, { env })).stderr).not.toMatch(/okd/);
  });
});

describe('a file in the current folder, which whoever made an archive may have written', () => {
  const evil = { trust: '', text: '' };
  beforeEach(async () => {
    // A profile that accepts whatever the key of a stranger signed.
    evil.trust = path.join(site, 'trust/ocp');
    await mkdir(evil.trust, { recursive: true });
    await writeFile(
      path.join(evil.trust, 'profile.yaml'),
      'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {verification: disabled}\n',
    );
    evil.text = 'trust: trust\n';
  });

  const REFUSED = /^signet: \.\/signet\.yaml:1: \w+: a file in the current folder does not say whom to trust/;

  test.each<[name: string, files: Files]>([
    ['alone', {}],
    ['beside the user’s file', { user: USER }],
  ])('chooses no trust: %s', async (_, files) => {
    const { status, stdout, stderr } = await signet(['verify', UNTRUSTED], { folder: evil.text, ...files });
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(REFUSED)]);
  });

  test.each<[name: string, text: string]>([
    ['profile', 'profile: okd\n'],
    ['store', 'store: https://attacker.example/signatures\n'],
  ])('chooses no %s', async (_, text) => {
    const { status, stdout, stderr } = await signet(['verify', UNTRUSTED], { user: USER, folder: text });
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(REFUSED)]);
  });

  test('prints no outcome of its own by a template', async () => {
    const folder = `output: 'jsonpath=accepted {"\\n"}'\n`;
    const { status, stdout, stderr } = await signet(['verify', UNTRUSTED], { user: USER, folder });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/signet\.yaml:1/);
  });

  test('names no folder as its own', async () => {
    const { status, stderr } = await signet(['verify', UNTRUSTED], { folder: `folders: [.]\n${evil.text}` });
    expect([status, stderr]).toEqual([2, 'signet: ./signet.yaml:1: folders: unknown field\n']);
  });

  test('is not the user’s own through a link to it', async () => {
    await symlink(path.join(site, 'signet.yaml'), path.join(home, 'link.yaml'));
    const { status } = await signet(['verify', UNTRUSTED], { user: USER, folder: evil.text });
    expect(status).toBe(2);
  });

  test('counts in a folder that the user’s own file lists, and in none below it', async () => {
    const listed = `folders: [${site}]\n`;
    const { status, stdout } = await signet(['verify', UNTRUSTED, '-o', 'jsonpath={.trustRevision}'], {
      user: listed,
      folder: evil.text,
    });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\n$/)]);
    const above = await signet(['verify', UNTRUSTED], { user: `folders: [${path.dirname(site)}]\n` });
    expect([above.status, above.stderr]).toEqual([2, expect.stringMatching(REFUSED)]);
  });

  test('needs nothing where the option or the environment says it', async () => {
    const args = ['verify', GOOD, '-q'];
    expect((await signet(args, { folder: evil.text, env: ENVIRONMENT })).status).toBe(0);
    const named = [...args, '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
    expect((await signet(named, { folder: evil.text })).status).toBe(0);
  });

  test('may say how to print', async () => {
    const { status, stdout } = await signet(['verify', GOOD], { user: USER, folder: 'output: json\n' });
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { outcome: 'accepted' }]);
  });
});

describe('a file that cannot be used ends the call with its line', () => {
  test.each<[name: string, text: string, message: string]>([
    ['an unknown member', 'output: json\ntrsut: trust\n', ':2: trsut: unknown field'],
    ['a member twice', 'output: json\noutput: text\n', ':2: the key "output" occurs twice, with different values'],
    ['a member twice, alike', 'output: json\noutput: json\n', ':2: the key "output" occurs twice, with the same value'],
    ['a list', '- trust\n', ':1: expected a mapping'],
    ['no YAML', 'output: [\n', ':2: '],
    ['an empty value', "trust: ''\n", ':1: trust: '],
    ['another format', 'output: csv\n', ':1: output: '],
    ['two documents', 'output: json\n---\noutput: json\n', ': more than one document'],
    ['a long one', `# ${'x'.repeat(MAX_SETTINGS_BYTES)}\n`, `: longer than ${MAX_SETTINGS_BYTES} bytes`],
  ])('%s', async (_, text, message) => {
    const { status, stdout, stderr } = await signet(['check', GOOD, '--trust', FIXTURE_TRUST], { folder: text });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`signet: ./signet.yaml${message}`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each<[name: string, files: Files, message: RegExp]>([
    ['a time that is none', { user: `${USER}timeout: soon\n` }, /config\.yaml:3: timeout: it must be a time/],
    ['one of the environment', { user: USER, env: { SIGNET_TIMEOUT: '1y' } }, /^signet: SIGNET_TIMEOUT: timeout: /],
    ['a named file that is not there', { env: { SIGNET_CONFIG: 'x.yaml' } }, /x\.yaml: there is no such file/],
    ['a folder in its place', { env: { SIGNET_CONFIG: '.' } }, /not a regular file/],
  ])('%s', async (_, files, message) => {
    const { status, stderr } = await signet(['verify', GOOD], files);
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('help is printed beside one', async () => {
    const { status, stdout } = await signet(['verify', '--help'], { folder: 'x: y\n' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('SIGNET_TRUST')]);
  });
});

describe('signet config view', () => {
  test('says where each value comes from, and which counts', async () => {
    const files = { user: USER, folder: 'output: text\n', env: { SIGNET_STORE: '/mnt/store' } };
    const { status, stdout } = await signet(['config', 'view'], files);
    const file = path.join(home, '.config/signet/config.yaml');
    expect([status, stdout.split('\n').map((line) => line.split(/ {2,}/))]).toEqual([
      0,
      [
        ['SETTING', 'VALUE', 'FROM', 'STATE'],
        ['trust', FIXTURE_TRUST, `${file}:1`, 'used'],
        ['store', '/mnt/store', 'SIGNET_STORE', 'used'],
        ['store', FIXTURE_STORE, `${file}:2`, 'overridden'],
        ['output', 'text', './signet.yaml:1', 'used'],
        [`files read: ./signet.yaml, ${file}`],
        [''],
      ],
    ]);
  });

  test('shows what is refused, and exits 2', async () => {
    const { status, stdout } = await signet(['config', 'view', '-o', 'json'], { folder: 'trust: trust\n' });
    expect([status, JSON.parse(stdout)]).toMatchObject([
      2,
      { schema: 1, settings: [{ setting: 'trust', from: './signet.yaml:1', state: 'refused' }] },
    ]);
  });

  test.each([
    ['https://user:secret@store.example/a?sig=secret#secret', 'https://store.example/a?…'],
    ['https://store.example/a', 'https://store.example/a'],
    ['https://user:secret@[', 'https://…'],
    ['s3://key:secret@bucket/a', 's3://bucket/a'],
  ])('%s is shown without what may be secret, and by --verbose too', async (store, shown) => {
    const env = { SIGNET_STORE: store, SIGNET_TRUST: FIXTURE_TRUST };
    const viewed = await signet(['config', 'view', '-o', 'json'], { env });
    expect(JSON.parse(viewed.stdout)).toMatchObject({ settings: [{}, { setting: 'store', values: [shown] }] });
    const called = await signet(['verify', '4.99.1', '-v', '--timeout', '100ms'], { env });
    expect(called.stderr).toContain(`signet: --store ${shown} (SIGNET_STORE)`);
    expect([viewed.stdout, called.stderr].join(' ')).not.toContain('secret');
  });

  test('nothing', async () => {
    const { status, stdout } = await signet(['config', 'view']);
    expect([status, stdout]).toEqual([0, 'nothing is set\nfiles read: none\n']);
  });
});
