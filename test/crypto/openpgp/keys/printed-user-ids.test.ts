import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { printResult, toPrintable } from '../../../../cli/shell/output.ts';
import { showTrust } from '../../../../cli/trust/show.ts';
import { toTrustConfigMap } from '../../../../lib/trust/publish/publisher-keys.ts';
import { writeArmor } from '../../../fixtures/make/armor-writer.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import { makeEcdsaKey } from '../../../fixtures/make/signing-key.ts';
import { keyPacket, selfSignature, userIdPacket } from '../../../support/certificate-builder.ts';

/** Clears the line, sets the window's title, and starts a line that looks like Signet's own. */
const EVIL = 'Evil\u001b[2K\u001b]0;pwn\u0007\n  keyring       verifier-public-key-redhat <e@example.com>';
const SHOWN = 'Evil\\u001b[2K\\u001b]0;pwn\\u0007\\u000a  keyring       verifier-public-key-redhat <e@example.com>';

/** What `run` prints to stdout. */
async function capture(run: () => unknown): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await run();
    return write.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    write.mockRestore();
  }
}

describe('signet trust show, with a user ID that would take over the terminal', () => {
  let trust = '';
  beforeAll(async () => {
    trust = await mkdtemp(path.join(tmpdir(), 'signet-user-ids-'));
    const key = makeEcdsaKey('P-256', KEY_CREATED);
    const bytes = Buffer.concat([keyPacket(key), userIdPacket(EVIL), selfSignature(key, {}, EVIL)]);
    const armored = writeArmor(bytes, { type: 'PUBLIC KEY BLOCK' });
    const stores = [{ key: 'store-evil', url: 'https://signatures.example/release' }];
    await mkdir(path.join(trust, 'ocp'));
    const document = toTrustConfigMap('verifier-public-key-evil', armored, stores);
    await writeFile(path.join(trust, 'ocp', 'release-verification.yaml'), document);
  });
  afterAll(async () => {
    await rm(trust, { recursive: true });
  });

  test('text shows what it is, on its own line', async () => {
    const lines = (await capture(() => showTrust({ trust, output: 'text' }))).split('\n');
    expect(lines).toContain(`    user ID     ${SHOWN}`);
    expect(lines.filter((line) => line.startsWith('  keyring '))).toEqual(['  keyring       verifier-public-key-evil']);
    expect(lines.filter((line) => toPrintable(line) !== line)).toEqual([]);
  });

  test('JSON carries it unchanged', async () => {
    const shown: unknown = JSON.parse(await capture(() => showTrust({ trust, output: 'json' })));
    expect(shown).toMatchObject({ keyrings: [{ certificates: [{ userIds: [EVIL] }] }] });
  });
});

test.each([
  ['C0', 'a\0b\tc\rd', 'a\\u0000b\\u0009c\\u000dd'],
  ['DEL and C1', 'a\u007fb\u009b2Kc', 'a\\u007fb\\u009b2Kc'],
  ['a bidirectional override', 'a\u202egpj.exe\u202c', 'a\\u202egpj.exe\\u202c'],
  ['bidirectional isolates and marks', '\u2066a\u2069\u200e\u200f\u061c', '\\u2066a\\u2069\\u200e\\u200f\\u061c'],
  ['line and paragraph separators', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
  ['nothing else', 'Jürgen Ø 木 שלום 🔑 <j@example.com>', 'Jürgen Ø 木 שלום 🔑 <j@example.com>'],
])('toPrintable escapes %s', (_, text, expected) => {
  expect(toPrintable(text)).toBe(expected);
});

test('a result is escaped wherever it holds a string, and what lays it out is not', async () => {
  const result = { outer: ['a\nb', { inner: 'c\u001bd', count: 1, isSet: false, nothing: null }] };
  const toText = (printable: typeof result): string => `\u001b[1m${JSON.stringify(printable.outer)}\u001b[0m\n`;
  const expected = JSON.stringify(['a\\u000ab', { inner: 'c\\u001bd', count: 1, isSet: false, nothing: null }]);
  expect(await capture(() => printResult('text', result, toText))).toBe(`\u001b[1m${expected}\u001b[0m\n\n`);
});
