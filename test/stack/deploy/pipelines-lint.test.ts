import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTool } from '../../support/tools.ts';

const actionlint = findTool('actionlint');
const PIPELINES = path.join(import.meta.dirname, '../../../deploy/pipelines');

describe.skipIf(actionlint === undefined)('the GitHub Action and its example, by actionlint', () => {
  let work = '';
  beforeAll(() => {
    work = mkdtempSync(path.join(tmpdir(), 'signet-actionlint-'));
    mkdirSync(path.join(work, '.git'));
    mkdirSync(path.join(work, '.github/workflows'), { recursive: true });
    cpSync(PIPELINES, path.join(work, 'deploy/pipelines'), { recursive: true });
    // As the example says: a runner with a label of the site's own.
    writeFileSync(path.join(work, '.github/actionlint.yaml'), 'self-hosted-runner:\n  labels: [signet]\n');
  });
  afterAll(() => rmSync(work, { recursive: true }));

  test.each<[name: string, change: (text: string) => string, status: number, said: RegExp]>([
    ['as it is', (text) => text, 0, /^$/],
    ['an input that the action has not', (text) => text.replace('command: verify', 'comand: verify'), 1, /comand/],
    ['an output that it has not', (text) => text.replaceAll('outputs.report', 'outputs.reprot'), 1, /reprot/],
  ])('%s', (_, change, status, said) => {
    const example = readFileSync(path.join(PIPELINES, 'github/workflow.yml'), 'utf8');
    writeFileSync(path.join(work, '.github/workflows/releases.yml'), change(example));
    const ran = spawnSync(actionlint ?? '', ['-no-color', '-shellcheck=', '-pyflakes='], {
      cwd: work,
      encoding: 'utf8',
    });
    expect([ran.status, ran.stdout]).toEqual([status, expect.stringMatching(said)]);
  });
});
