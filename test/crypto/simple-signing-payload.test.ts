import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { type PayloadMode, parseSimpleSigningPayload } from '../../lib/crypto/simple-signing-payload.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CRITICAL = `"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":"${DIGEST}"},"identity":{"docker-reference":"q.io/a:1"}}`;

function judge(text: string, mode: PayloadMode): string {
  return judgeBytes(Buffer.from(text), mode);
}

function judgeBytes(content: Uint8Array, mode: PayloadMode): string {
  try {
    return parseSimpleSigningPayload(content, mode).dockerReference;
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
    ['a timestamp 2^63-1', `{${CRITICAL},"optional":{"timestamp":9223372036854775807}}`, 'q.io/a:1', 'PayloadInvalid'],
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

  const bytes = (...parts: readonly (number | string)[]): Buffer =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));

  test.each([
    ['in the creator', bytes(`{${CRITICAL},"optional":{"creator":"`, 0xff, '"}}'), 'q.io/a:1', 'q.io/a:1'],
    ['a character cut short', bytes(`{${CRITICAL},"optional":{"creator":"`, 0xe2, 0x82, '"}}'), 'q.io/a:1', 'q.io/a:1'],
    ['half of a pair', bytes(`{${CRITICAL},"optional":{"creator":"\\ud800"}}`), 'q.io/a:1', 'q.io/a:1'],
    ['in an unknown member', bytes(`{${CRITICAL},"optional":{"`, 0xfe, '":1}}'), 'PayloadInvalid', 'q.io/a:1'],
    [
      'in two names, which are the same then',
      bytes(`{${CRITICAL},"optional":{"`, 0xfe, '":1,"', 0xff, '":2}}'),
      'PayloadInvalid',
      'PayloadInvalid',
    ],
    ['outside of strings', bytes(`{${CRITICAL},`, 0xff, '"optional":{}}'), 'PayloadInvalid', 'PayloadInvalid'],
    [
      'in the reference, which names nothing then',
      bytes(`{${CRITICAL.replace('q.io/a:1', 'q.io/')}`.slice(0, -3), 0xff, '"}},"optional":{}}'),
      'q.io/\uFFFD',
      'q.io/\uFFFD',
    ],
  ])('bytes that are not UTF-8, %s', (_, content, release, strict) => {
    expect([judgeBytes(content, 'release'), judgeBytes(content, 'strict')]).toEqual([release, strict]);
  });

  test.each([
    [
      'a name twice in what an ignored member holds',
      `{${CRITICAL},"optional":{"x":{"a":1,"a":[{"b":1,"b":2}]}}}`,
      'q.io/a:1',
    ],
    ['a name twice in optional', `{${CRITICAL},"optional":{"x":1,"x":2}}`, 'PayloadInvalid'],
    ['a number that no double holds', `{${CRITICAL},"optional":{"x":1e999}}`, 'PayloadInvalid'],
    ['the reference null, which is empty to Go', `{${CRITICAL.replace('"q.io/a:1"', 'null')},"optional":{}}`, ''],
    [
      'critical twice in a member called optional',
      `{"critical":{"optional":{"x":{"a":1,"a":2}}},"optional":{}}`,
      'PayloadInvalid',
    ],
  ])('strict: %s', (_, text, strict) => {
    expect(judge(text, 'strict')).toBe(strict);
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
