import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { withGpg } from '../../../fixtures/make/gpg.ts';

const HAS_GPG = spawnSync('gpg', ['--version'], { stdio: 'ignore' }).status === 0;
if (!HAS_GPG) process.stderr.write('not run: revocations by designated revokers, judged by gpg (there is no gpg)\n');

const ROOT = path.join(import.meta.dirname, '../../../fixtures/openpgp/revokers');
const NOW = '2026-11-22';

const cases = v.parse(
  v.pipe(
    v.array(
      v.object({
        name: v.string(),
        message: v.string(),
        expected: v.picklist(['accept', 'KeyRevoked', 'KeyNotForSigning']),
        gpg: v.picklist(['GOODSIG', 'REVKEYSIG']),
        why: v.string(),
      }),
    ),
    v.minLength(40),
  ),
  JSON.parse(readFileSync(path.join(ROOT, 'cases.json'), 'utf8')),
);

const keyFileOf = (name: string): string => path.join(ROOT, 'keys', `${name}.gpg`);
const messageFileOf = (message: string): string => path.join(ROOT, 'messages', message);

async function judge(name: string, message: string): Promise<string> {
  const { keyring } = await prepareKeyring(name, readFileSync(keyFileOf(name)));
  try {
    const parsed = parseSignedMessage(readFileSync(messageFileOf(message)));
    verifyMessage(parsed, indexKeyring(keyring), Date.parse(NOW) / 1000);
    return 'accept';
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

describe('a key that lets others revoke it', () => {
  test.each(cases)('$name: $expected', async ({ name, message, expected }) => {
    expect(await judge(name, message)).toBe(expected);
  });

  test('every key file has a row', () => {
    const files = readdirSync(path.join(ROOT, 'keys')).map((file) => file.replace(/\.gpg$/, ''));
    expect(files.toSorted()).toEqual(cases.map(({ name }) => name).toSorted());
  });

  test('what gpg calls revoked is never accepted', () => {
    const revoked = cases.filter(({ gpg }) => gpg === 'REVKEYSIG');
    expect(revoked.filter(({ expected }) => expected !== 'KeyRevoked')).toEqual([]);
  });

  test.runIf(HAS_GPG).each(cases)('gpg about $name: $gpg', ({ name, message, gpg: expected }) => {
    const lines = withGpg((gpg) => gpg.readStatus([keyFileOf(name)], messageFileOf(message), NOW));
    const said = lines.flatMap((line) => /^\[GNUPG:\] ([A-Z]+SIG) /.exec(line)?.[1] ?? []);
    expect(said.filter((word) => word !== 'NEWSIG' && word !== 'VALIDSIG')).toEqual([expected]);
  });
});
