import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseWebhookCredentials } from '../../lib/platform/secrets/webhook-credentials.ts';
import { OTHER_OPTIONS } from '../stack/package/variants.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const Parameters = v.record(v.string(), v.union([v.string(), v.number()]));
const params = v.parse(v.objectWithRest({ default: Parameters }, Parameters), parse(readText('infra/parameters.yml')));
const text = readText('docs/guides/aws.md');

function readText(name: string): string {
  return readFileSync(path.join(ROOT, name), 'utf8');
}

describe('docs/guides/aws.md', () => {
  test('shows credentials of webhooks in the form that is read', () => {
    const [, example = ''] = /```json\n([^`]*)```/.exec(text) ?? [];
    const filled = example
      .replaceAll(/Sha256": "…"/g, `Sha256": "${'0'.repeat(64)}"`)
      .replace('"…"', '"a secret text"');
    expect(parseWebhookCredentials(filled).map(({ source, kind }) => [source, kind])).toEqual([
      ['quay', 'token'],
      ['harbor', 'authorization'],
      ['github', 'hmac'],
    ]);
  });
});

describe('the variants with options', () => {
  test('gives a value to every parameter that is empty or off by default', () => {
    const { default: defaults } = params;
    const off = Object.keys(defaults).filter((name) => ['', 'false', 0].includes(defaults[name] ?? ''));
    expect(off.filter((name) => !Object.hasOwn(OTHER_OPTIONS, name))).toEqual([]);
    expect(Object.keys(OTHER_OPTIONS).filter((name) => !Object.hasOwn(defaults, name))).toEqual([]);
  });
});
