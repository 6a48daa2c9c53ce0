import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { type PayloadMode, parseSimpleSigningPayload } from '../../lib/crypto/simple-signing-payload.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CRITICAL = `"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":"${DIGEST}"},"identity":{"docker-reference":"q.io/a:1"}}`;

function judge(text: string, mode: PayloadMode): string {
  try {
    return parseSimpleSigningPayload(Buffer.from(text), mode).dockerReference;
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

describe('the two modes', () => {
  test.each([
    ['a whole payload', `{${CRITICAL},"optional":{"creator":"x","timestamp":1}}`, 'q.io/a:1', 'q.io/a:1'],
    ['no optional', `{${CRITICAL}}`, 'q.io/a:1', 'PayloadInvalid'],
    ['an unknown optional member', `{${CRITICAL},"optional":{"x":1}}`, 'PayloadInvalid', 'q.io/a:1'],
    ['a timestamp 1e3', `{${CRITICAL},"optional":{"timestamp":1e3}}`, 'PayloadInvalid', 'q.io/a:1'],
    [
      'a timestamp 2^63',
      `{${CRITICAL},"optional":{"timestamp":9223372036854775808}}`,
      'PayloadInvalid',
      'PayloadInvalid',
    ],
    ['a timestamp 2^63-1', `{${CRITICAL},"optional":{"timestamp":9223372036854775807}}`, 'q.io/a:1', 'q.io/a:1'],
    ['optional null', `{${CRITICAL},"optional":null}`, 'q.io/a:1', 'PayloadInvalid'],
    [
      'a second digest',
      `{${CRITICAL.replace('"image":{', `"image":{"docker-manifest-digest":"${DIGEST}",`)}}`,
      'PayloadInvalid',
      'PayloadInvalid',
    ],
    [
      'a second, escaped digest',
      `{${CRITICAL.replace('"image":{', `"image":{"docker-manifest-dig\\u0065st":"${DIGEST}",`)}}`,
      'PayloadInvalid',
      'PayloadInvalid',
    ],
    ['critical from a prototype', `{"__proto__":{${CRITICAL}},"optional":{}}`, 'PayloadInvalid', 'PayloadInvalid'],
    ['an array', '[]', 'PayloadInvalid', 'PayloadInvalid'],
    ['nothing', '', 'PayloadInvalid', 'PayloadInvalid'],
  ])('%s', (_, text, release, strict) => {
    expect([judge(text, 'release'), judge(text, 'strict')]).toEqual([release, strict]);
  });

  test('bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from(`{${CRITICAL},"optional":{"creator":"`),
      Buffer.from([0xff]),
      Buffer.from('"}}'),
    ]);
    expect(() => parseSimpleSigningPayload(bytes, 'release')).toThrow(/not UTF-8/);
  });
});

test('no bytes crash the parser, and what it accepts JSON.parse reads the same', () => {
  const whole = `{${CRITICAL},"optional":{"creator":"x","timestamp":1}}`;
  const edited = fc
    .tuple(fc.nat(whole.length), fc.nat(6), fc.string({ maxLength: 6 }))
    .map(([at, cut, put]) => whole.slice(0, at) + put + whole.slice(at + cut));
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), edited),
      fc.constantFrom<PayloadMode>('release', 'strict'),
      (text, mode) => {
        const judged = judge(text, mode);
        if (judged === 'PayloadInvalid') return;
        expect(JSON.parse(text)).toMatchObject({ critical: { identity: { 'docker-reference': judged } } });
      },
    ),
    { numRuns: 5000 },
  );
});
