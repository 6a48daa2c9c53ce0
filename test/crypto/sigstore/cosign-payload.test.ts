import { expect, test } from 'vitest';
import { parseSimpleSigningPayload } from '../../../lib/crypto/simple-signing-payload.ts';
import { codeOf } from './code-of.ts';
import { DIGEST, REFERENCE, toPayload } from './make-signature.ts';

const good = toPayload().toString();
const withOptional = (optional: string): string => good.replace('"optional":null', `"optional":${optional}`);

const rows: [name: string, expected: string, payload: string][] = [
  ['as cosign writes it', 'accept', good],
  [
    'as containers/image writes it',
    'accept',
    withOptional('{"creator":"containers/image 5.36.0","timestamp":1700000000}'),
  ],
  ['annotations of any name', 'accept', withOptional('{"__proto__":{"deep":[1]},"build":"7"}')],
  ['a time with an exponent', 'accept', withOptional('{"timestamp":1e3}')],
  ['an empty reference, which matches nothing', 'accept', good.replace(REFERENCE, '')],
  ['no optional', 'PayloadInvalid', good.replace(',"optional":null', '')],
  ['optional as a list', 'PayloadInvalid', withOptional('[]')],
  ['a creator that is a number', 'PayloadInvalid', withOptional('{"creator":1}')],
  ['a time that is a text', 'PayloadInvalid', withOptional('{"timestamp":"1"}')],
  ['half a second', 'PayloadInvalid', withOptional('{"timestamp":1.5}')],
  ['a time beyond 64 bits', 'PayloadInvalid', withOptional('{"timestamp":1e19}')],
  ['a member more', 'PayloadInvalid', good.replace('{', '{"x":1,')],
  ['a member more in critical', 'PayloadInvalid', good.replace('"critical":{', '"critical":{"x":1,')],
  ['a member in other letter case', 'PayloadInvalid', good.replace('"critical"', '"Critical"')],
  ['a member twice', 'PayloadInvalid', good.replace('{"critical"', '{"critical":{},"critical"')],
  ['a member twice, once escaped', 'PayloadInvalid', good.replace('"optional"', '"\\u0063ritical":{},"optional"')],
  ['another type', 'PayloadInvalid', good.replace('cosign container', 'Cosign container')],
  ['a digest in upper case', 'PayloadInvalid', good.replace('sha256:aa', 'sha256:AA')],
  ['a digest by MD5', 'PayloadInvalid', good.replace(DIGEST, `md5:${'a'.repeat(32)}`)],
  ['a reference that is null, which is empty to Go', 'accept', good.replace(`"${REFERENCE}"`, 'null')],
  ['text behind it', 'PayloadInvalid', `${good} x`],
  ['a byte order mark', 'PayloadInvalid', `\ufeff${good}`],
  ['nothing', 'PayloadInvalid', ''],
];

test.each(rows)('%s: %s', (_, expected, payload) => {
  expect(codeOf(() => parseSimpleSigningPayload(Buffer.from(payload), 'cosign'))).toBe(expected);
});
