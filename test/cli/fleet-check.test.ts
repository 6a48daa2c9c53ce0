import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addFleet } from '../../cli/fleet/index.ts';
import {
  clusterVersion,
  digestOf,
  list,
  MIRROR,
  mirrorSet,
  OCP,
  writeFiles,
} from '../cluster/fleet/sample-clusters.ts';
import { FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { callNoun } from '../support/run-signet.ts';

let work = '';
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-fleet-'));
  const good = clusterVersion({ desired: `${OCP}@${digestOf('a')}` });
  const mirrored = list(clusterVersion({ desired: `${MIRROR}@${digestOf('b')}`, signatureStores: [] }), mirrorSet());
  await writeFiles(at('good'), { 'east.yaml': good });
  await writeFiles(at('unknown'), { 'east.yaml': good, 'north.yaml': mirrorSet() });
  await writeFiles(at('mixed'), { 'east.yaml': good, 'north.yaml': ': [', 'west.json': mirrored });
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const signet = (...args: readonly string[]) => callNoun(addFleet, ['fleet', 'check', ...args]);

describe('signet fleet check', () => {
  test.each<[string, string, number, string]>([
    ['all ready', 'good', 0, '1 cluster: 0 refused, 0 unknown, 1 ready'],
    ['one that cannot be told', 'unknown', 3, '2 clusters: 0 refused, 1 unknown, 1 ready'],
    ['one refused', 'mixed', 1, '3 clusters: 1 refused, 1 unknown, 1 ready'],
  ])('%s', async (_, directory, expected, summary) => {
    const { status, stdout } = await signet(at(directory));
    expect(status).toBe(expected);
    expect(stdout).toContain(summary);
  });

  test('the table, and the findings of each cluster', async () => {
    const { stdout } = await signet(at('mixed'), '--trust', FIXTURE_TRUST);
    expect(stdout).toMatch(/^refused +west +4\.16\.1 +local-mirror +broken$/m);
    expect(stdout).toMatch(/^ {2}refused +signature-stores +ClusterVersion spec\.signatureStores: the list is empty/m);
    expect(stdout).toContain(`→ use ${OCP}@${digestOf('b')}; your ImageDigestMirrorSet/release already redirects it`);
  });

  test('a risk of several lines is shown as lines, and nothing of it as a line of the table', async () => {
    const acceptedRisks =
      'Target release cannot be verified, but continuing anyway because the update was forced: no signature\nrefused  1 cluster\u001b[2J\n';
    const history = [{ version: '4.16.1', image: `${OCP}@${digestOf('a')}`, verified: false, acceptedRisks }];
    await writeFiles(at('forced'), { 'east.yaml': clusterVersion({ desired: `${OCP}@${digestOf('a')}`, history }) });
    const { stdout } = await signet(at('forced'));
    expect(stdout).not.toContain(String.raw`\u000a`);
    expect(stdout).toMatch(/forced: no signature\n {29}refused {2}1 cluster\\u001b\[2J\n/);
  });

  test('-o json', async () => {
    const { stdout } = await signet(at('mixed'), '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'refused',
      profile: 'ocp',
      clusters: [
        { cluster: 'east', outcome: 'ready' },
        { cluster: 'north', outcome: 'unknown' },
        { cluster: 'west', outcome: 'refused' },
      ],
    });
  });

  test('files of other kinds are passed over, by name, and the rest is judged', async () => {
    await writeFiles(at('beside'), { 'east.yaml': clusterVersion({ desired: `${OCP}@${digestOf('a')}` }) });
    await writeFile(at('beside/README.txt'), 'exports of November');
    const { status, stdout } = await signet(at('beside'));
    expect(stdout).toContain('1 cluster: 0 refused, 0 unknown, 1 ready');
    expect(stdout).toContain(`\npassed over\n  ${at('beside/README.txt')}: not read: its name is neither of YAML`);
    // It may be the export of a cluster under another name.
    expect([status, stdout]).toEqual([3, expect.stringMatching(/^unknown /m)]);
    const { stdout: json } = await signet(at('beside'), '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({ passedOver: [{ file: at('beside/README.txt') }] });
  });

  test.each<[name: string, file: string, text: string, says: RegExp]>([
    ['an empty file', 'empty.yaml', '', /empty\.yaml: there is no object in it; export it again$/],
    ['a file of comments', 'comment.yaml', '# nothing\n', /comment\.yaml: there is no object in it; export it again$/],
    [
      'a broken file',
      'broken.yaml',
      '{{{',
      /broken\.yaml:1: the object that starts here does not end; export it again$/,
    ],
    [
      'half of an export',
      'half.yaml',
      `${JSON.stringify(clusterVersion({ desired: OCP }))}\n---\n: [`,
      /half\.yaml:\d+: .*; export it again$/,
    ],
    ['a file of another kind', 'notes.txt', 'hello', /notes\.txt: not read: its name is neither/],
  ])('%s that is named alone is a wrong call', async (_, file, text, says) => {
    await writeFile(at(file), text);
    await expect(signet(at(file))).rejects.toThrow(says);
    await expect(signet(at(file))).rejects.toMatchObject({ name: 'InputError' });
  });

  test.each<[string, readonly string[], string]>([
    ['a profile that is not built in', ['good', '--profile', 'mine'], 'the profile mine is not built in'],
    ['no directory', ['absent'], 'cannot read'],
  ])('bad call: %s', async (_, [directory = '', ...args], message) => {
    await expect(signet(at(directory), ...args)).rejects.toThrow(message);
  });
});
