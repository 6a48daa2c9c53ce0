import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addRollout } from '../../cli/rollout/index.ts';
import { toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { toNodeFiles } from '../../lib/cluster/render/machine-config/machine-config-files.ts';
import { toMachineConfigs } from '../../lib/cluster/render/machine-config/machine-config.ts';
import { MAX_FILE_BYTES } from '../../lib/cluster/rollout/parse-machine-config.ts';
import { documentedFiles } from '../cluster/render/machine-config/machine-config-example.ts';
import { AFTER, BEFORE, describePool } from '../cluster/rollout/describe-pool.ts';
import { callNoun } from '../support/run-signet.ts';
import { IMAGE_POLICY } from '../trust/sample-documents.ts';

let work = '';
const files = toNodeFiles(documentedFiles());
const at = (name: string): string => path.join(work, name);

async function write(name: string, contents: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await writeFile(at(name), contents);
}

/** Three nodes with the files rendered, one of which has a link that cannot be resolved in place of one of them. */
async function makeDangling(name: string, place: string, target: string): Promise<void> {
  await cp(at('good'), at(name), { recursive: true });
  await rm(path.join(at(name), 'b', place), { recursive: true });
  await symlink(target, path.join(at(name), 'b', place));
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-rollout-'));
  const name = '51-{pool}-rh-registry-trust';
  await write(
    'ours.yaml',
    toManifestsText(toMachineConfigs({ pools: ['worker'], name, ignition: '3.4', files }), 'yaml'),
  );
  await write('before.txt', describePool(BEFORE));
  await write('after.txt', describePool(AFTER));
  await write('broken.txt', describePool(AFTER).replace('Machine Count:              3', 'Machine Count: x'));
  await write('nothing', '');
  await write('other.yaml', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n');
  for (const node of ['a', 'b', 'c']) {
    for (const file of files) {
      await write(path.join('good', node, file.path), file.bytes);
      await write(
        path.join('old', node, file.path),
        node === 'c' && file.path.endsWith('.json') ? 'old\n' : file.bytes,
      );
    }
  }
  for (const file of files) await write(path.join('moved/a', file.path), file.bytes);
  await write('moved/a/etc/crio/crio.conf.d/99-x', '[crio.image]\nsignature_policy = "/etc/other.json"\n');
  for (const file of files) await write(path.join('rooted/a', file.path), file.bytes);
  await write('rooted/a/var/roothome/.config/containers/policy.json', '{}');
  await write('image-policy.yaml', IMAGE_POLICY);
  await write('long/a/etc/containers/policy.json', Buffer.alloc(MAX_FILE_BYTES + 1));
  await mkdir(at('empty'));
  await write('flat/policy.json', 'x');
  await mkdir(at('linked/a/etc/containers'), { recursive: true });
  await symlink(at('flat/policy.json'), at('linked/a/etc/containers/policy.json'));
  await mkdir(at('folder/a'), { recursive: true });
  await symlink(at('empty'), at('folder/a/etc'));
  await makeDangling('dangling-folder', '/etc', at('absent'));
  await makeDangling('dangling-file', '/etc/containers/policy.json', at('absent'));
  await makeDangling('circle', '/etc/containers', 'containers');
  const upwards = toManifestsText(toMachineConfigs({ pools: ['worker'], name, ignition: '3.4', files }), 'yaml');
  await write(
    'table',
    'NAME     CONFIG   UPDATED   UPDATING   DEGRADED\nworker   a        True      False      False\n',
  );
  await write('upwards.yaml', upwards.replace('/etc/containers/policy.json', '/../../../../../../../../etc/hostname'));
  const conditions = [['Degraded', 'True', 'a\u001b[2J\u009b2J'] as const];
  await write('told.txt', describePool({ ...BEFORE, conditions }).replaceAll('99-worker', '99-\u001b[31mworker'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const signet = (...args: readonly string[]) =>
  callNoun(addRollout, [
    'rollout',
    'check',
    ...(args.includes('--expect') ? [] : ['--expect', at('ours.yaml')]),
    ...args,
  ]);

const POOL = ['--pool', 'after.txt'];
const EXPECTED = 'expected MachineConfigs or image policies, as signet render machineconfig writes them';

describe('signet rollout check', () => {
  test('after, on every node: exit 0', async () => {
    const { status, stdout } = await signet('--pool', at('after.txt'), '--node-files', at('good'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/^live {2}worker$/m);
    expect(stdout).toMatch(/^ {2}yes +nodes +the files of 3 of 3 nodes are the expected ones$/m);
  });

  test('before: exit 1 and what is missing', async () => {
    const { status, stdout } = await signet('--pool', at('before.txt'));
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^ {2}no +completed +rendered-worker-d9b3\w+ does not include 51-worker-rh-registry-trust$/m,
    );
    expect(stdout).toMatch(/^ {2}no +machines +1 machine: 0 updated, 0 ready, 1 unavailable$/m);
  });

  test('an old file on one node: exit 1 and the difference', async () => {
    const { status, stdout } = await signet('--pool', at('after.txt'), '--node-files', at('old'));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ +c: \/etc\/containers\/policy.json$/m);
    expect(stdout).toMatch(/^ +\+old$/m);
  });

  test.each([
    ['a folder that leads nowhere', 'dangling-folder', '/etc'],
    ['a file that leads nowhere', 'dangling-file', '/etc/containers/policy.json'],
    ['a folder that leads to itself', 'circle', '/etc/containers'],
  ])('a link on a node that cannot be resolved is unknown, not missing: %s', async (_, nodes, link) => {
    const { status, stdout } = await signet('--pool', at('after.txt'), '--node-files', at(nodes));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ {2}unknown +nodes +symbolic links cannot be resolved: copy the files themselves$/m);
    const line = `b: /etc/containers/policy.json is unknown: the symbolic link ${link} cannot be resolved`;
    expect(stdout).toContain(line);
    expect(stdout).not.toContain('missing');
  });

  test.each<[name: string, link: string, target: string, status: number]>([
    ['a drop-in of CRI-O', '/etc/crio/crio.conf.d/9', 'absent', 1],
    ['the folder of its drop-ins', '/etc/systemd/system/crio.service.d', '../absent', 1],
    ['its variables', '/etc/sysconfig/crio', 'absent', 1],
    ['a policy of root', '/var/roothome/.config/containers/policy.json', 'absent', 1],
    ['root’s home, as CoreOS has it', '/root', 'var/roothome', 0],
    ['root’s home, elsewhere', '/root', 'var/absent', 1],
    ['variables of another program', '/etc/sysconfig/selinux', '../selinux/config', 0],
  ])('a link that was copied as such, in place of %s', async (_, link, target, expected) => {
    const folder = at(`links${link.replaceAll('/', '-')}-${target.replaceAll('/', '-')}`);
    await cp(at('good'), folder, { recursive: true });
    await mkdir(path.join(folder, 'b/var/roothome'), { recursive: true });
    await mkdir(path.join(folder, 'b', path.dirname(link)), { recursive: true });
    await symlink(target, path.join(folder, 'b', link));
    const { status, stdout } = await signet('--pool', at('after.txt'), '--node-files', folder);
    expect(status).toBe(expected);
    const unknown = `b: ${link} is unknown: it is a link, or its contents are elsewhere`;
    expect(stdout.includes(unknown)).toBe(expected === 1);
  });

  test('another place on a node that counts: exit 1 and the file', async () => {
    const { status, stdout } = await signet('--pool', at('after.txt'), '--node-files', at('moved'));
    expect(status).toBe(1);
    expect(stdout).toContain('a: /etc/crio/crio.conf.d/99-x sets signature_policy: CRI-O does not go by');
  });

  test('a policy of root on a node counts: exit 1 and the file', async () => {
    const { status, stdout } = await signet('--pool', at('after.txt'), '--node-files', at('rooted'));
    expect(status).toBe(1);
    expect(stdout).toContain('a: /var/roothome/.config/containers/policy.json is root’s own: CRI-O does not go by');
  });

  test('an image policy is expected on every pool', async () => {
    const { status, stdout } = await signet('--pool', at('after.txt'), '--expect', at('image-policy.yaml'));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ {2}no +included +\S+ does not include 99-worker-generated-registries$/m);
    expect(stdout).toMatch(/^ {2}unknown +owner +the rendered MachineConfig is not shown/m);
  });

  test('what the cluster says is shown, and nothing of it obeyed', async () => {
    const { status, stdout } = await signet('--pool', at('told.txt'));
    expect(status).toBe(1);
    expect(stdout).toContain('                      a\\u001b[2J\\u009b2J\n');
    expect(stdout).toContain('                      99-\\u001b[31mworker-ssh\n');
    expect(stdout.includes('\u001b') || stdout.includes('\u009b')).toBe(false);
  });

  test('-o json', async () => {
    const { stdout } = await signet('--pool', at('before.txt'), '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'not-live', pools: [{ pool: 'worker', outcome: 'not-live' }] });
  });

  test.each<[string, readonly string[], string]>([
    ['a count that is none', ['--pool', 'broken.txt'], 'broken.txt:'],
    ['another object', ['--pool', 'other.yaml'], 'other.yaml:1: Pod a: expected MachineConfigPool'],
    ['a file that is not there', ['--pool', 'absent'], 'cannot read'],
    ['nothing at all', ['--pool', 'nothing'], 'nothing: there is no MachineConfigPool'],
    ['MachineConfigs and no pool', ['--pool', 'ours.yaml'], 'ours.yaml: there is no MachineConfigPool'],
    ['MachineConfigs in place of pools', ['--pool', 'ours.yaml'], 'give what oc get mcp,mc,node -o yaml prints'],
    ['another object to expect', [...POOL, '--expect', 'other.yaml'], `other.yaml:1: Pod a: ${EXPECTED}`],
    [
      'two files to expect',
      [...POOL, '--expect', 'ours.yaml', '--expect', 'other.yaml'],
      'it takes one value, and has',
    ],
    ['pools to expect', [...POOL, '--expect', 'after.txt'], `after.txt:1: this is what oc printed: ${EXPECTED}`],
    ['a table to expect', [...POOL, '--expect', 'table'], `table:1: this is what oc printed: ${EXPECTED}`],
    ['nothing to expect', [...POOL, '--expect', 'nothing'], `nothing:1: it holds none: ${EXPECTED}`],
    ['no node', ['--pool', 'after.txt', '--node-files', 'empty'], 'it holds no directory of a node'],
    [
      'a file in place of a node',
      ['--pool', 'after.txt', '--node-files', 'flat'],
      'not a directory: put the files of each node in one',
    ],
    [
      'a file longer than the limit',
      ['--pool', 'after.txt', '--node-files', 'long'],
      `longer than ${MAX_FILE_BYTES} bytes`,
    ],
    ['a folder that is a link', ['--pool', 'after.txt', '--node-files', 'folder'], 'a symbolic link: copy the folder'],
    [
      'a path out of the node',
      ['--pool', 'after.txt', '--node-files', 'good', '--expect', 'upwards.yaml'],
      'not an absolute, normalised path',
    ],
    ['a link on a node', ['--pool', 'after.txt', '--node-files', 'linked'], 'a symbolic link: copy the file itself'],
  ])('bad input: %s', async (_, args, message) => {
    const named = args.map((arg) => (arg.startsWith('--') ? arg : at(arg)));
    await expect(signet(...named)).rejects.toThrow(message);
  });
});
