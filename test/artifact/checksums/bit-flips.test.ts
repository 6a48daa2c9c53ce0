import { expect, test } from 'vitest';
import { evaluateSignedList } from '../../../lib/artifact/checksums/evaluate-signed-list.ts';
import { parseChecksumList } from '../../../lib/artifact/checksums/parse-checksum-list.ts';
import { makeListSigner, toLine } from './list-signer.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const LIST = toLine('a'.repeat(64), 'one.tar.gz') + toLine('b'.repeat(64), 'two.tar.gz');
const signer = await makeListSigner('flips');

function readHashes(bytes: Uint8Array, list?: Uint8Array): string | undefined {
  const { signed } = evaluateSignedList(bytes, list, signer.keyring, NOW);
  if (signed === undefined) return undefined;
  const listed = parseChecksumList(signed.content, { file: 'list', firstLine: signed.firstLine });
  return listed.map(({ hash, name }) => toLine(hash, name)).join('');
}

test.each<[string, Buffer, Buffer | undefined]>([
  ['inline', signer.inline(LIST), undefined],
  ['clearsigned', Buffer.from(signer.clearsigned(LIST)), undefined],
  ['clearsigned, version 3', Buffer.from(signer.clearsigned(LIST, { version: 3 })), undefined],
  ['detached', signer.detached(LIST), Buffer.from(LIST)],
])('%s: no flipped bit changes what is listed', (_, bytes, list) => {
  expect(readHashes(bytes, list)).toBe(LIST);
  let refused = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const read = readHashes(flipped, list);
    if (read === undefined) refused += 1;
    else expect(read).toBe(LIST);
  }
  expect(refused).toBeGreaterThan(bytes.length * 7);
});
