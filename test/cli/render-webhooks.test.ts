import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ADMISSION_RESOURCES } from '../../lib/cluster/objects/admission-kinds.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';

let work = '';
let given: readonly string[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-webhooks-'));
  await writeFile(path.join(work, 'token'), `${TOKEN}\n`);
  given = ['--url', 'https://signet.example.com', '--token-file', path.join(work, 'token')];
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

function render(...args: readonly string[]): Promise<Run> {
  return runSignet(['render', 'webhooks', ...given, ...args]);
}

describe('render webhooks', () => {
  test('prints one configuration for each kind, the same bytes each time, and what the secret needs', async () => {
    const [first, again] = await Promise.all([render(), render()]);
    expect(first.status).toBe(0);
    expect(first.stdout).toBe(again.stdout);
    const names = parseAllDocuments(first.stdout).map((document) => String(document.getIn(['metadata', 'name'])));
    expect(names).toEqual(ADMISSION_RESOURCES.map((kind) => `signet-${kind}`));
    expect(first.stderr).toContain(createHash('sha256').update(TOKEN).digest('hex'));
    expect(first.stderr).not.toContain(TOKEN);
  });

  test('of the kinds that are named, in their own order', async () => {
    const { stdout } = await render('--kind', 'nodepools', 'clusterversions', '-o', 'json');
    const { items } = JSON.parse(stdout) as { readonly items: readonly { readonly metadata: { name: string } }[] };
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['signet-clusterversions', 'signet-nodepools']);
  });

  test('warns of the token in the URL, and says nothing of it in the cluster', async () => {
    expect((await render()).stderr).toContain('to users whose change fails, to their log and to the audit log');
    const { status, stdout, stderr } = await runSignet(['render', 'webhooks', '--service', 'signet/api']);
    expect([status, stdout.includes('path: /admission/nodepools')]).toEqual([0, true]);
    expect(stderr).toContain('network policy');
    const aggregated = await runSignet(['render', 'webhooks', '--service', 'signet/api', '--aggregated']);
    expect(aggregated.stdout).toContain('kind: APIService');
    expect(aggregated.stdout).not.toContain('/admission/');
    expect(aggregated.stderr).toContain('clientNames');
  });

  test('has the selectors that are given, and warns of labels that users set', async () => {
    const { stdout, stderr } = await render('--namespace-selector', 'env=prod', '--object-selector', '!skip');
    expect(stdout).toContain('namespaceSelector');
    expect(stdout).toContain('DoesNotExist');
    expect(stderr).toContain('warning: whoever may set labels');
    expect((await render('--no-match-conditions')).stdout).not.toContain('matchConditions');
  });

  test.each([
    ['two ways at once', ['--service', 'signet/api']],
    ['a token and a certificate', ['--client-certificate']],
    ['an API that is no Service', ['--aggregated']],
    ['a selector that is none', ['--namespace-selector', 'a b']],
    ['a kind that is not reviewed', ['--kind', 'pods']],
    ['a time that is none', ['--timeout', '1e1']],
    ['a time that is too long', ['--timeout', '31']],
    ['plain HTTP', ['--url', 'http://signet.example.com']],
    ['no token file', ['--token-file', '/nowhere/token']],
  ])('%s is a wrong call', async (_, args) => {
    const { status, stdout } = await render(...args);
    expect([status, stdout]).toEqual([2, '']);
  });
});
