import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { toVerdictEvent, toVerdictSummary } from '../../../lib/push/verify/verdict-event.ts';
import { evaluateStored } from '../../../lib/verdict/records/read-records.ts';
import { installStepFaults, type StepFaults } from '../../support/step-fault.ts';
import { GOOD, recordOf, serving, signer } from './sample-records.ts';

const record = await recordOf({ stores: [serving('store', Buffer.from('junk'), signer.sign(GOOD.slice(-71)))] });
const bytes = Buffer.from(JSON.stringify(record));

const THROWN = [
  new TypeError('thrown'),
  new RangeError('thrown'),
  new StoreError('BodyInvalid', 'thrown'),
  new InputError('DigestInvalid', 'thrown'),
  'text',
  undefined,
];

let faults: StepFaults;
beforeAll(() => {
  faults = installStepFaults();
});
afterAll(() => faults.restore());

test('whatever step of reading a stored record throws, it is that record’s fault, and the next one is read', () => {
  const read = () => evaluateStored(record.id, bytes);
  const whole = faults.run(read);
  expect(whole.value.record).toEqual(record);
  expect(whole.steps).toBeGreaterThan(20);
  let found = 0;
  for (let at = 0; at < whole.steps; at += 1) {
    const { value } = faults.run(read, at, THROWN[at % THROWN.length]);
    const { error } = value;
    if (error !== undefined) found += 1;
    expect([at, error === undefined || error instanceof StoreError || error instanceof ConfigurationError]).toEqual([
      at,
      true,
    ]);
    if (value.record !== undefined) expect(value.record.id).toBe(record.id);
  }
  expect(found).toBeGreaterThan(0);
  expect(read().record).toEqual(record);
});

test('no sentence of a verdict keeps its event from being made', () => {
  const nasty = ['\u0000', '\ud800', '\udfff'.repeat(2000), '"\\'.repeat(600), '😀'.repeat(1000), '__proto__'];
  for (const message of nasty) {
    const reasons = [{ code: 'KeyUnknown', message, remedy: message }] as const;
    const verdict = { ...record.verdict, reasons, warnings: reasons, outcome: 'rejected', pullspec: message } as const;
    const { detail } = toVerdictEvent(verdict, record.id, { ...record.asked, pullspec: message });
    expect(detail.reasons).toHaveLength(1);
    expect(JSON.stringify(toVerdictSummary(verdict, record.id))).toContain('KeyUnknown');
  }
});
