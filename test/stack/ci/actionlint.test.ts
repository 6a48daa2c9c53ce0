import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findTool } from '../../support/tools.ts';

const WORKFLOWS = path.join(import.meta.dirname, '../../../.github/workflows');
const program = findTool('actionlint') ?? '';

/** Without linters of scripts that may be on a machine or not. */
function lint(text: string) {
  const args = ['-shellcheck=', '-pyflakes=', '-no-color', '-'];
  const { status, stdout } = spawnSync(program, args, { input: text, encoding: 'utf8' });
  return { status, stdout };
}

describe.skipIf(program === '')('actionlint', () => {
  test.each(readdirSync(WORKFLOWS))('has nothing to say of %s', (name) => {
    const text = readFileSync(path.join(WORKFLOWS, name), 'utf8');
    expect(lint(text)).toEqual({ status: 0, stdout: '' });
  });

  test('finds a fault that is put in', () => {
    const text = readFileSync(path.join(WORKFLOWS, 'ci.yml'), 'utf8');
    const { status, stdout } = lint(text.replace('contents: read', 'content: read'));
    expect(status).toBe(1);
    expect(stdout).toContain('unknown permission scope "content"');
  });
});
