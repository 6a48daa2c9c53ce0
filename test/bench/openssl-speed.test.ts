import { expect, test } from 'vitest';
import { opensslVerifyRates } from '../../bench/peers/openssl-speed.ts';

const HEADER = 'compiler: gcc\n                  sign    verify    sign/s verify/s\n';

test.each([
  ['RSA', `${HEADER}rsa 4096 bits 0.004901s 0.000069s    204.0  14520.2\n`, [14_520.2]],
  ['ECDSA', `${HEADER} 256 bits ecdsa (nistp256)   0.0000s   0.0001s  48856.9  16210.9\n`, [16_210.9]],
  ['Ed25519', `${HEADER} 253 bits EdDSA (Ed25519)   0.0000s   0.0001s  25673.7   8105.5\n`, [8105.5]],
  ['a header alone', HEADER, []],
  ['nothing', '', []],
  ['no figure', `${HEADER}rsa 4096 bits 0.0s 0.0s 204.0 inf\n`, []],
])('the verify rate of %s', (_, output, expected) => {
  expect(opensslVerifyRates('rsa4096', () => output)).toEqual(expected);
});

test('there is no verify rate where openssl does not run', () => {
  const runSpeed = (): never => {
    throw new Error('spawn openssl ENOENT');
  };
  expect(opensslVerifyRates('rsa4096', runSpeed)).toEqual([]);
});
