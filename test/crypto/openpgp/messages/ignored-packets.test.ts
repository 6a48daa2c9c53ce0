import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ReasonCode } from '../../../../lib/base/errors/reason-code.ts';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { parseDetachedSignatures } from '../../../../lib/crypto/openpgp/messages/detached-signature.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { readPacket } from '../../../../lib/crypto/openpgp/packets/packet-reader.ts';
import { compressedBody, newPacket, oldPacket, PACKET } from '../../../fixtures/make/packet-writer.ts';
import { makeSigner } from '../../../support/make-signer.ts';
import { openMessage } from '../../../support/reframe-message.ts';

const signer = await makeSigner('ignored-packets');
const keyring = indexKeyring(signer.keyring);
const packets = splitPackets(openMessage(signer.sign(`sha256:${'a'.repeat(64)}`)));
const SECONDS = Date.parse('2026-11-22T00:00:00Z') / 1000;

function splitPackets(bytes: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const { end } = readPacket(bytes, offset);
    found.push(bytes.subarray(offset, end));
    offset = end;
  }
  return found;
}

function compress(content: Uint8Array): Buffer {
  return newPacket(PACKET.compressed, compressedBody(1, deflateRawSync(content)));
}

/** The message with something at every place in turn, compressed or not. */
function listPlaces(extra: Uint8Array): readonly Buffer[] {
  const whole = Buffer.concat(packets);
  const inside = [0, 1, 2, 3].map((at) => Buffer.concat(packets.toSpliced(at, 0, extra)));
  return [
    ...inside,
    ...inside.map(compress),
    Buffer.concat([extra, compress(whole)]),
    Buffer.concat([compress(whole), extra]),
  ];
}

function judge(message: Uint8Array): ReasonCode | 'Verified' {
  try {
    verifyMessage(parseSignedMessage(message), keyring, SECONDS);
    return 'Verified';
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

const MARKER = newPacket(10, Buffer.from('PGP'));

describe('packets that every reader ignores', () => {
  test.each([
    ['a marker', MARKER],
    ['a marker with an old header', oldPacket(10, Buffer.from('PGP'))],
    ['a hundred markers', Buffer.concat(Array.from({ length: 100 }, () => MARKER))],
    ['padding', newPacket(21, Buffer.alloc(64))],
    ['trust', newPacket(12, Buffer.from([1, 2]))],
    ['a private packet', newPacket(60, Buffer.from('abc'))],
    ['an unknown packet that is not critical', newPacket(40, Buffer.from('abc'))],
  ])('%s before, between and after: Verified', (_, extra) => {
    expect(listPlaces(extra).map(judge)).toEqual(Array.from({ length: 10 }, () => 'Verified'));
  });

  test.each([
    ['a marker with other words', newPacket(10, Buffer.from('XYZ'))],
    ['a marker with a byte more', newPacket(10, Buffer.from('PGP!'))],
    ['a critical unknown packet', newPacket(39, Buffer.from('abc'))],
    ['a user ID', newPacket(13, Buffer.from('abc'))],
    ['other content', newPacket(11, Buffer.from('b\0\0\0\0\0{}'))],
    ['a zero byte', Buffer.from([0])],
  ])('%s anywhere: never Verified', (_, extra) => {
    expect(listPlaces(extra).map(judge)).not.toContain('Verified');
  });

  test('a marker that is cut short: SignatureMalformed', () => {
    expect(judge(Buffer.concat([...packets, MARKER.subarray(0, 4)]))).toBe('SignatureMalformed');
  });

  test('markers alone: SignatureUnsupported', () => {
    expect(judge(Buffer.concat([MARKER, MARKER]))).toBe('SignatureUnsupported');
  });

  test('around a detached signature', () => {
    const [, , signature = Buffer.alloc(0)] = packets;
    expect(parseDetachedSignatures(Buffer.concat([MARKER, signature, MARKER]))).toHaveLength(1);
  });
});
