import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { addRender } from '../../cli/render/index.ts';
import {
  KEY_PATH,
  KEY_TEXT,
  POLICY_TEXT,
  REGISTRIES_D,
  readKey,
} from '../cluster/render/machine-config/machine-config-example.ts';
import { type Run, runSignet, toRun } from '../support/run-signet.ts';

let work = '';

function signet(...args: readonly string[]): Promise<Run> {
  return runSignet(['render', 'machineconfig', ...args], { cwd: work });
}

async function write(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(work, name)), { recursive: true });
  await writeFile(path.join(work, name), text);
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-machineconfig-'));
  await write('policy.json', POLICY_TEXT);
  await write(`root${KEY_PATH}`, KEY_TEXT);
  await write('trust/site/policy.json', POLICY_TEXT);
  await write(`trust/site/keys/${path.basename(KEY_PATH)}`, KEY_TEXT);
  await write('none/site/registries.d/a.yaml', 'docker: {}\n');
  await write('two/site/a.json', POLICY_TEXT);
  await write('two/site/b.json', POLICY_TEXT);
  await write('shared/site/a.yaml', 'default: [{type: reject}]\n---\ndocker: {}\n');
  await write('keyless/site/policy.json', POLICY_TEXT);
  await write('reject.json', '{"default": [{"type": "reject"}]}');
  await write('broken.json', '{\n"default": [{"type": "accept"}]}');
  await write('doubled.json', '{"default": [{"type": "reject"}], "default": [{"type": "insecureAcceptAnything"}]}');
  const naming = (keyPath: string) => JSON.stringify({ default: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath }] });
  await write('upwards.json', naming('/etc/../a'));
  await write('feed.json', naming('/etc/a\nb'));
  await mkdir(path.join(work, 'linked', path.dirname(KEY_PATH)), { recursive: true });
  await symlink(path.join(work, `root${KEY_PATH}`), path.join(work, `linked${KEY_PATH}`));
  await write('certify-only.asc', readKey('certify-only'));
  await write('private.asc', KEY_TEXT.replaceAll('PUBLIC', 'PRIVATE'));
  await write('two.yaml', 'docker: {}\n---\ndocker: {}\n');
  await write('unknown.yaml', 'docker:\n  a.example:\n    lookasid: https://a.example\n');
  for (const [name, text] of Object.entries(REGISTRIES_D)) {
    await write(`registries.d/${name}`, text);
    await write(`trust/site/registries.d/${name}`, text);
  }
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const FILES = ['--policy', 'policy.json', '--registries-d', 'registries.d'];
const EXAMPLE = [...FILES, '--root', 'root'];
const GIVEN = FILES.map((arg) => (arg.startsWith('--') ? arg : `@/${arg}`));
const GIVEN_ALL = [...GIVEN, '--root', '@/root'];

interface Manifest {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly config: {
      readonly storage: {
        readonly files: readonly { readonly path: string; readonly contents: { readonly source: string } }[];
      };
    };
  };
}

/** File texts by path, as a node would have them. */
function decode(text: string): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  return parseAllDocuments(text).map((document) => {
    const { metadata, spec } = document.toJS() as Manifest;
    const files = spec.config.storage.files.map(({ path: file, contents }) => {
      const base64 = contents.source.replace('data:text/plain;charset=utf-8;base64,', '');
      return [file, Buffer.from(base64, 'base64').toString()];
    });
    return [metadata.name, Object.fromEntries(files)] as const;
  });
}

const DOCUMENTED = {
  '/etc/containers/policy.json': POLICY_TEXT,
  [KEY_PATH]: KEY_TEXT,
  ...Object.fromEntries(
    Object.entries(REGISTRIES_D).map(([name, text]) => [`/etc/containers/registries.d/${name}`, text]),
  ),
};

describe('signet render machineconfig', () => {
  test.each([
    ['a root', EXAMPLE],
    ['single files', [...FILES, '--key', `${KEY_PATH}=root${KEY_PATH}`]],
    ['a profile', ['--from-profile', '--trust', 'trust', '--profile', 'site']],
    ['the only profile', ['--from-profile', '--trust', 'trust']],
    ['a folder that is the profile', ['--from-profile', '--trust', 'trust/site']],
  ])('the documentation’s files come from one command: %s', async (_, args) => {
    const { status, stdout, stderr } = await signet(...args, '--name', '51-{pool}-rh-registry-trust');
    expect([status, stderr]).toEqual([0, '']);
    expect(decode(stdout)).toEqual([
      ['51-worker-rh-registry-trust', DOCUMENTED],
      ['51-master-rh-registry-trust', DOCUMENTED],
    ]);
  });

  test('the same bytes again', async () => {
    const [first, second] = [await signet(...EXAMPLE), await signet(...EXAMPLE)];
    expect(first.stdout).toBe(second.stdout);
  });

  test('a key that nodes have is not written', async () => {
    const { stdout } = await signet(...FILES, '--key-on-node', KEY_PATH, '--pool', 'worker');
    const { [KEY_PATH]: _, ...others } = DOCUMENTED;
    expect(decode(stdout)).toEqual([['51-worker-signet-policy', others]]);
  });

  test('-o json --ignition 2.2', async () => {
    const { stdout } = await signet(...EXAMPLE, '-o', 'json', '--ignition', '2.2', '--pool', 'worker');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'List',
      items: [
        {
          spec: {
            config: { ignition: { version: '2.2.0' }, storage: { files: [{ filesystem: 'root' }, {}, {}, {}] } },
          },
        },
      ],
    });
  });

  test('a key that can sign nothing is warned of', async () => {
    const { status, stderr } = await signet(...FILES, '--key', `${KEY_PATH}=certify-only.asc`);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^signet: warning: \/etc\/pki\/rpm-gpg\/RPM-GPG-KEY-redhat-release: certificate \w+ can sign nothing/,
    );
  });

  test('a policy that locks the cluster out is not written, unless it is forced', async () => {
    const args = ['--policy', 'reject.json', '--pull-source', 'mirror.example/ocp/release'];
    const refused = await signet(...args);
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr.match(/^signet: refused: \S+: it is rejected, by the default$/gm)).toHaveLength(3);
    const forced = await signet(...args, '--force');
    expect([forced.status, decode(forced.stdout).length]).toEqual([0, 2]);
    expect(forced.stderr.match(/^signet: warning: forced: /gm)).toHaveLength(3);
  });

  test.each([
    ['unknown.yaml', /^signet: warning: \/\S+\/unknown\.yaml:3: docker\.a\.example\.lookasid is not known/m],
    ['two.yaml', /^signet: warning: \/\S+\/two\.yaml: nodes read its first document alone/m],
  ])('warns of what nodes ignore in %s', async (name, warning) => {
    const args = [...GIVEN_ALL, '--registries-d', `@/${name}`, '--force'];
    const { stderr } = await signet(...args.map((arg) => arg.replace('@', work)));
    expect(stderr).toMatch(warning);
  });

  test('bad input: exit 2, and nothing is written', async () => {
    const { status, stdout, stderr } = await signet('--policy', 'broken.json');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('broken.json:2: ');
  });

  /** An error is what `cli/shell/main.ts` turns into exit status 2; `@` stands for the folder of the test. */
  test.each<[string, readonly string[], string]>([
    ['no policy', [], 'name the policy'],
    ['a key that is not given', GIVEN, `the policy names ${KEY_PATH}, which is not given`],
    [
      'a key that the policy does not name',
      [...GIVEN_ALL, '--key', '/etc/pki/other=@/policy.json'],
      'does not name the key /etc/pki/other',
    ],
    [
      'a key twice',
      [...GIVEN, ...['a', 'b'].flatMap(() => ['--key', `${KEY_PATH}=@/root${KEY_PATH}`])],
      'is given twice',
    ],
    ['a key without a path', [...GIVEN, '--key', 'file'], 'expected <path on the node>=<file>'],
    ['a policy that is none', ['--policy', '@/broken.json'], 'broken.json:2: '],
    ['a policy that is not there', ['--policy', '@/absent.json'], 'cannot read '],
    [
      'a section twice',
      [...GIVEN_ALL, '--registries-d', '@/registries.d/registry.redhat.io.yaml'],
      'registries.d/registry.redhat.io.yaml:2: docker.registry.redhat.io: the section is given twice',
    ],
    ['a folder with other files alone', [...GIVEN_ALL, '--registries-d', '@/trust'], 'there is no <name>.yaml in '],
    ['a pull source without a registry', [...GIVEN_ALL, '--pull-source', 'ubi9/ubi'], 'names no registry'],
    ['a version that is none', [...GIVEN_ALL, '--target-version', 'latest'], 'is not a version'],
    ['a key file that is none', [...GIVEN, '--key', `${KEY_PATH}=@/policy.json`], 'not valid as OpenPGP keys: '],
    ['a private key', [...GIVEN, '--key', `${KEY_PATH}=@/private.asc`], 'not valid as OpenPGP keys: '],
    ['a root that is not there', [...GIVEN, '--root', '@/absent'], 'there is no such folder'],
    ['a name with a line feed', [...GIVEN_ALL, '--name', '51-{pool}\nspec: {}'], 'is not a name'],
    ['a pool with a line feed', [...GIVEN_ALL, '--pool', 'worker\nx: y'], 'is not a name'],
    [
      'a name of the cluster’s own',
      [...GIVEN_ALL, '--name', '99-{pool}-generated-registries'],
      'reserved by the cluster',
    ],
    ['a member of the policy twice', ['--policy', '@/doubled.json'], 'doubled.json:1: '],
    [
      'a key path upwards',
      ['--policy', '@/upwards.json', '--key', `/etc/../a=@/root${KEY_PATH}`],
      'not a path on a node',
    ],
    [
      'a key path with a line feed',
      ['--policy', '@/feed.json', '--key', `/etc/a\nb=@/root${KEY_PATH}`],
      'not a path on a node',
    ],
    ['a key that is a link out of the root', [...GIVEN, '--root', '@/linked'], 'it leads out of '],
    ['one name for two pools', [...GIVEN_ALL, '--name', 'mine'], 'the same for 2 pools'],
    ['a profile without trust', ['--from-profile'], '--from-profile needs --trust'],
    ['a profile and a policy', ['--from-profile', '--trust', '@/trust', ...GIVEN], 'leave --policy'],
    ['trust without a profile', [...GIVEN_ALL, '--trust', '@/trust'], '--trust goes with --from-profile'],
    [
      'an unknown profile',
      ['--from-profile', '--trust', '@/trust', '--profile', 'x'],
      'there is no profile "x"; known: site',
    ],
    ['a profile without a policy', ['--from-profile', '--trust', '@/none'], 'the profile site has no policy.json'],
    [
      'a profile with two',
      ['--from-profile', '--trust', '@/two'],
      'a.json and b.json: nodes read only one policy.json',
    ],
    ['two documents in one file of a profile', ['--from-profile', '--trust', '@/shared'], 'in a file of its own'],
    ['a profile without the key', ['--from-profile', '--trust', '@/keyless'], 'which is not given'],
    ['trust that is not there', ['--from-profile', '--trust', '@/absent'], 'the trust directory cannot be read'],
  ])('refused: %s', async (_, args, message) => {
    const program = new Command().exitOverride();
    addRender(
      program,
      toRun(() => {
        throw new Error('must not come so far');
      }),
    );
    const command = ['render', 'machineconfig', ...args.map((arg) => arg.replace('@/', `${work}/`))];
    await expect(program.parseAsync(command, { from: 'user' })).rejects.toThrow(message);
  });
});
