import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { JsonNumber } from '../../../lib/base/documents/json-value.ts';
import { parseStrictJsonWithRawNumbers } from '../../../lib/base/documents/parse-strict-json.ts';
import { MAX_CANONICAL_DEPTH, toCanonicalJson } from '../../../lib/crypto/sigstore/canonical-json.ts';
import { parseRekorPayload, parseRekorSet, verifyRekorSet } from '../../../lib/crypto/sigstore/rekor-set.ts';
import { codeOf } from './code-of.ts';
import { makeKeys } from './make-certificate.ts';
import {
  makeRekorSet,
  NOW,
  OTHER_SIGNER,
  REKOR,
  SIGNER,
  signContent,
  signEntry,
  toPayload,
  toPem,
} from './make-signature.ts';

const canonicalRows: [text: string, expected: string][] = [
  ['{ "b" : 1, "a" : [ true , null ] }', '{"a":[true,null],"b":1}'],
  ['{"\\u0061":1,"A":2}', '{"A":2,"a":1}'],
  ['{"\u{1f600}":1,"\ufb33":2}', '{"\u{1f600}":1,"\ufb33":2}'],
  ['[1e3,1.50,-0,1e21,0.000001,1e-7]', '[1000,1.5,0,1e+21,0.000001,1e-7]'],
  ['"\\u0007\\u20ac\\/"', '"\\u0007\u20ac/"'],
];

test.each(canonicalRows)('%s is spelled %s', (text, expected) => {
  expect(toCanonicalJson(parseStrictJsonWithRawNumbers(text))).toBe(expected);
});

test.each([
  ['half a surrogate pair', '"\\ud800"'],
  ['half a surrogate pair as a name', '{"\\ud800":1}'],
  ['too many levels', '['.repeat(MAX_CANONICAL_DEPTH + 2) + ']'.repeat(MAX_CANONICAL_DEPTH + 2)],
])('%s has no canonical form', (_, text) => {
  expect(codeOf(() => toCanonicalJson(parseStrictJsonWithRawNumbers(text)))).toBe('SignatureMalformed');
});

test('a number without end has no canonical form', () => {
  expect(codeOf(() => toCanonicalJson(new JsonNumber('1e999')))).toBe('SignatureMalformed');
});

const payloadRows: [name: string, expected: string, text: string][] = [
  ['control', 'accept', '{"body":"YQ==","integratedTime":1,"logIndex":2,"logID":"c0"}'],
  ['a time with an exponent', 'SignatureMalformed', '{"body":"YQ==","integratedTime":1e3,"logIndex":2,"logID":"c0"}'],
  [
    'a time beyond doubles',
    'SignatureMalformed',
    '{"body":"YQ==","integratedTime":9007199254740993,"logIndex":2,"logID":"c0"}',
  ],
  ['a time that is null', 'SignatureMalformed', '{"body":"YQ==","integratedTime":null,"logIndex":2,"logID":"c0"}'],
  ['a log that is a number', 'SignatureMalformed', '{"body":"YQ==","integratedTime":1,"logIndex":2,"logID":1}'],
  ['a member more', 'SignatureMalformed', '{"body":"YQ==","integratedTime":1,"logIndex":2,"logID":"c0","x":1}'],
];

test.each(payloadRows)('entry: %s: %s', (_, expected, text) => {
  expect(codeOf(() => parseRekorPayload(text))).toBe(expected);
});

test('a set may not have its payload twice', () => {
  const set = '{"SignedEntryTimestamp":"YQ==","Payload":1,"Payload":2}';
  expect(codeOf(() => parseRekorSet(set))).toBe('SignatureMalformed');
});

describe('the check of a set', () => {
  const signature = signContent(toPayload(), SIGNER);
  const keyOrCertificate = SIGNER.publicKey.export({ type: 'spki', format: 'der' });
  const logged = { keyOrCertificate, signature: Buffer.from(signature, 'base64'), content: toPayload() };
  const set = makeRekorSet({ rekor: REKOR, pem: toPem(SIGNER.publicKey), signature });

  test.each([
    ['by the log', 'accept', [REKOR]],
    ['by one of several', 'accept', [OTHER_SIGNER, REKOR]],
    ['by none of several', 'LogEntryInvalid', [OTHER_SIGNER, makeKeys()]],
    ['without a log', 'LogEntryInvalid', []],
  ])('%s: %s', (_, expected, keys) => {
    expect(
      codeOf(() =>
        verifyRekorSet(
          keys.map(({ publicKey }) => publicKey),
          set,
          logged,
        ),
      ),
    ).toBe(expected);
  });

  test('reads the canonical form and not the sent one', () => {
    const { SignedEntryTimestamp, Payload } = v.parse(
      v.object({ SignedEntryTimestamp: v.string(), Payload: v.looseObject({}) }),
      JSON.parse(set),
    );
    const reordered = Object.fromEntries(Object.entries(Payload).toReversed());
    const sent = JSON.stringify({ Payload: reordered, SignedEntryTimestamp }, undefined, 2);
    expect(codeOf(() => verifyRekorSet([REKOR.publicKey], sent, logged))).toBe('accept');
  });

  test('takes a time that is written otherwise for the one that was signed', () => {
    const sent = set.replace(String(NOW), `${NOW / 10}e1`);
    expect(verifyRekorSet([REKOR.publicKey], sent, logged)).toBe(NOW);
  });

  test('refuses what the log signed and is no entry', () => {
    const verify = () => verifyRekorSet([REKOR.publicKey], signEntry(REKOR, ['signed']), logged);
    expect(codeOf(verify)).toBe('SignatureMalformed');
  });

  test.each([
    ['not UTF-8', Buffer.from([0xff])],
    ['a list', Buffer.from('[]')],
    ['another kind', Buffer.from('{"kind":"dsse","apiVersion":"0.0.1"}')],
    ['a later version', Buffer.from('{"kind":"hashedrekord","apiVersion":"0.0.2"}')],
  ])('refuses a body that is %s', (_, body) => {
    const entry = { body: body.toString('base64'), integratedTime: NOW, logID: 'c0d2', logIndex: 7 };
    const verify = () => verifyRekorSet([REKOR.publicKey], signEntry(REKOR, entry), logged);
    expect(codeOf(verify)).toBe('SignatureMalformed');
  });
});
