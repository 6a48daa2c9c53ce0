import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addCatalog } from '../../cli/catalog/index.ts';
import { MAX_OBJECTS_BYTES } from '../../lib/base/documents/read-objects.ts';
import { FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { callNoun } from '../support/run-signet.ts';

let work = '';
const at = (name: string): string => path.join(work, name);
const A = `registry.redhat.io/a/operator@sha256:${'a'.repeat(64)}`;
const RELEASE = `quay.io/openshift-release-dev/ocp-release@sha256:${'b'.repeat(64)}`;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-catalog-'));
  await writeFile(at('good.txt'), `${A}\n${RELEASE}\n`);
  await writeFile(at('bad.txt'), `${A}\nquay.io/x/y:v1\n`);
  await writeFile(at('broken.txt'), `${A}\nnot a pullspec\n`);
  const docker = { 'registry.redhat.io': [{ type: 'reject' }] };
  await writeFile(
    at('policy.json'),
    JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }], transports: { docker } }),
  );
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const signet = (...args: readonly string[]) => callNoun(addCatalog, ['catalog', 'check', ...args]);

describe('signet catalog check', () => {
  test('all pinned: exit 0', async () => {
    const { status, stdout } = await signet(at('good.txt'));
    expect([status, stdout]).toEqual([
      0,
      `PINNED  IMAGE\nyes     ${A}\nyes     ${RELEASE}\naccepted  2 images, 0 at fault, 2 pinned\n`,
    ]);
  });

  test('one not pinned: exit 1, and which', async () => {
    const { status, stdout } = await signet(at('bad.txt'));
    expect(status).toBe(1);
    expect(stdout).toContain(
      '  quay.io/x/y:v1: no digest, named by line 2\nrejected  2 images, 1 at fault, 1 pinned\n',
    );
  });

  test('rejected by the policy: exit 1, and by which scope', async () => {
    const { status, stdout } = await signet(at('good.txt'), '--policy', at('policy.json'));
    expect(status).toBe(1);
    expect(stdout).toContain(`  ${A}: it is rejected by registry.redhat.io, named by line 1\n`);
    expect(stdout).toContain('1 in a scope of the policy');
  });

  test('what of a profile covers an image', async () => {
    const { status, stdout } = await signet(at('good.txt'), '--trust', FIXTURE_TRUST, '-o', 'json');
    expect(status).toBe(0);
    const { images } = JSON.parse(stdout) as { images: readonly { trust: readonly { by: string }[] }[] };
    expect(images.map(({ trust }) => trust.map(({ by }) => by))).toEqual([[], ['keyrings']]);
  });

  test('a file longer than the limit is not parsed', async () => {
    await writeFile(at('long'), '');
    await truncate(at('long'), MAX_OBJECTS_BYTES + 1);
    await expect(signet(at('long'))).rejects.toThrow(`longer than ${MAX_OBJECTS_BYTES} bytes`);
    await rm(at('long'));
  });

  test('an entry that cannot be used is told, and the others are checked', async () => {
    const { status, stdout } = await signet(at('broken.txt'));
    expect([status, stdout]).toEqual([1, expect.stringContaining('  line 2: "not a pullspec" is not a pullspec')]);
    expect(stdout).toContain('1 image, 1 at fault');
  });

  test.each<[string, readonly string[], string]>([
    ['no line that is a pullspec', ['policy.json'], 'policy.json:1: '],
    ['a file that is not there', ['absent'], 'cannot read'],
    ['a policy that is none', ['good.txt', '--policy', 'good.txt'], 'good.txt:1: '],
    ['a directory', ['.'], 'it is a directory'],
    ['--verify by nothing', ['good.txt', '--verify'], '--verify needs what to verify by'],
    [
      '--root without --verify',
      ['good.txt', '--policy', 'policy.json', '--root', '.'],
      '--root goes with --verify: without it nothing is contacted',
    ],
    ['--store without --verify', ['good.txt', '--store', '.'], '--store goes with --verify'],
    ['--registry without --verify', ['good.txt', '--registry', 'a=http://b'], '--registry goes with --verify'],
    ['--store without --trust', ['good.txt', '--verify', '--policy', 'policy.json', '--store', '.'], 'with --trust'],
    [
      '--registries-d without --policy',
      ['good.txt', '--verify', '--trust', '.', '--registries-d', '.'],
      'with --policy',
    ],
  ])('bad input: %s', async (_, args, message) => {
    const named = args.map((arg) => (arg.startsWith('--') ? arg : at(arg)));
    await expect(signet(...named)).rejects.toThrow(message);
  });
});
