import { readFileSync } from 'node:fs';
import path from 'node:path';
import formats from 'ajv-formats';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { REASON_CODES } from '../../../lib/base/errors/reason-code.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import {
  MAX_LISTED,
  MAX_SENTENCE,
  toVerdictChangedEvent,
  toVerdictEvent,
  toVerdictSummary,
  type VerdictChangedDetail,
  type VerdictDetail,
  type VerdictEvent,
  type VerdictSummary,
} from '../../../lib/push/verify/verdict-event.ts';
import { type Attempt, type Reason, VERIFIER_VERSION, type Verdict } from '../../../lib/verdict/judge/verdict.ts';
import type { Asked } from '../../../lib/verdict/records/verdict-record.ts';
import { type Body, DIGEST, OTHER_DIGEST, replaceMember } from '../receive/parse/samples.ts';

const FOLDER = path.join(import.meta.dirname, '../../../docs/events');
const ID = 'a'.repeat(64);
const PREVIOUS_ID = 'b'.repeat(64);

const ajv = new Ajv2020({ strict: true, allErrors: true });
formats.default(ajv);
const SCHEMAS = { 'Signet Verdict': readJson('verdict'), 'Signet Verdict Changed': readJson('verdict-changed') };
const VALIDATORS = {
  'Signet Verdict': ajv.compile(SCHEMAS['Signet Verdict']),
  'Signet Verdict Changed': ajv.compile(SCHEMAS['Signet Verdict Changed']),
};

function readJson(name: string): AnySchema & object {
  return JSON.parse(readFileSync(path.join(FOLDER, `${name}.schema.json`), 'utf8')) as AnySchema & object;
}

/** What is wrong with a detail once it has gone over the wire. */
function faultsOf(detailType: VerdictEvent['detailType'], detail: unknown): readonly string[] {
  const validate = VALIDATORS[detailType];
  if (validate(JSON.parse(JSON.stringify(detail)))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const ASKED: Asked = {
  source: 'quay',
  registry: 'quay.example.com:8443',
  repository: 'ns/name',
  tag: 'v1',
  pullspec: 'quay.example.com:8443/ns/name:v1',
};
const verified: Attempt = { store: 's', location: 'l', keyring: 'k', signer: 'F1', code: 'Verified', message: 'good' };
const VERDICT: Verdict = {
  schema: 1,
  outcome: 'accepted',
  forced: false,
  pullspec: `r.example/a@${DIGEST}`,
  canonicalPullspec: `r.example/a@${DIGEST}`,
  digest: parseDigest(DIGEST),
  profile: 'ocp',
  mode: 'enforce',
  trustRevision: 'c'.repeat(64),
  verifierVersion: VERIFIER_VERSION,
  reasons: [],
  warnings: [],
  attempts: [verified, { ...verified, signer: 'F2' }],
  decidedAt: '2026-01-31T12:00:00.000Z',
};
const UNDIGESTED: Verdict = {
  ...VERDICT,
  outcome: 'rejected',
  pullspec: 'r.example/a:v1',
  canonicalPullspec: undefined,
  digest: undefined,
  reasons: [{ code: 'DigestMissing', message: 'no digest', remedy: 'resolve the tag' }],
  attempts: [],
};
const long = '🔑'.repeat(10 * MAX_SENTENCE);
const many = Array.from({ length: 10 * MAX_LISTED }, (_, index): Reason => {
  return { code: REASON_CODES[index % REASON_CODES.length] ?? 'KeyUnknown', message: long, remedy: long };
});
const manySigners = many.map((_, index): Attempt => ({ ...verified, signer: `F${index}` }));

const VERDICTS: readonly [name: string, verdict: Verdict, asked: Asked][] = [
  ['accepted', VERDICT, ASKED],
  ['a pullspec without a digest', UNDIGESTED, { source: 'api', pullspec: 'r.example/a:v1' }],
  ['forced', { ...VERDICT, forced: true, reasons: many.slice(0, 1) }, ASKED],
  ['many reasons, warnings and signers', { ...VERDICT, reasons: many, warnings: many, attempts: manySigners }, ASKED],
  ['indeterminate', { ...VERDICT, outcome: 'indeterminate', reasons: many.slice(0, 3), mode: 'warn' }, ASKED],
  ...(['sha384', 'sha512'] as const).map((algorithm): [string, Verdict, Asked] => {
    const digest = parseDigest(`${algorithm}:${'0f'.repeat(algorithm === 'sha384' ? 48 : 64)}`);
    return [algorithm, { ...VERDICT, digest, pullspec: `r.example/a@${digest}` }, ASKED];
  }),
];

function toChanged(verdict: Verdict, before: Verdict, asked: Asked): VerdictChangedDetail {
  const event = toVerdictChangedEvent(
    verdict,
    toVerdictEvent(verdict, ID, asked),
    toVerdictSummary(before, PREVIOUS_ID),
  );
  if (event === undefined) throw new Error('no change');
  return event.detail;
}

describe('a real event is valid', () => {
  test.each(VERDICTS)('%s', (_, verdict, asked) => {
    expect(faultsOf('Signet Verdict', toVerdictEvent(verdict, ID, asked).detail)).toEqual([]);
    const before: Verdict = { ...verdict, outcome: verdict.outcome === 'rejected' ? 'accepted' : 'rejected' };
    expect(faultsOf('Signet Verdict Changed', toChanged(verdict, before, asked))).toEqual([]);
  });

  test('whatever the verdict', () => {
    const text = fc.string({ unit: 'binary', maxLength: 2 * MAX_SENTENCE });
    const optional = <T>(from: fc.Arbitrary<T>) => fc.option(from, { nil: undefined });
    const reason = fc.record({ code: fc.constantFrom(...REASON_CODES), message: text, remedy: optional(text) });
    const reasons = fc.array(reason, { maxLength: MAX_LISTED + 4 });
    const attempt = fc.record({ signer: optional(fc.stringMatching(/^[0-9A-F]{40}$/)), message: text });
    const verdict: fc.Arbitrary<Verdict> = fc
      .record({
        outcome: fc.constantFrom('accepted', 'rejected', 'indeterminate'),
        forced: fc.boolean(),
        mode: fc.constantFrom('enforce', 'warn'),
        digest: optional(fc.constantFrom(DIGEST, OTHER_DIGEST).map(parseDigest)),
        decidedAt: fc
          .date({ min: new Date(0), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true })
          .map((date) => date.toISOString()),
        reasons,
        warnings: reasons,
        attempts: fc.array(attempt.map((part): Attempt => ({ ...verified, ...part }))),
      })
      .map((parts): Verdict => ({ ...VERDICT, ...parts }));
    fc.assert(
      fc.property(verdict, verdict, (before, after) => {
        const event = toVerdictEvent(after, ID, ASKED);
        expect(faultsOf('Signet Verdict', event.detail)).toEqual([]);
        const changed = toVerdictChangedEvent(after, event, toVerdictSummary(before, PREVIOUS_ID));
        if (changed !== undefined) expect(faultsOf('Signet Verdict Changed', changed.detail)).toEqual([]);
      }),
    );
  });
});

/** Whether a member may be left out, as the compiler knows it of the type: a member that is added has to be added here. */
type Presence<T> = { readonly [Member in keyof T]-?: undefined extends T[Member] ? 'optional' : 'required' };

const DETAIL: Presence<VerdictDetail> = {
  schema: 'required',
  recordId: 'required',
  correlationId: 'optional',
  asked: 'required',
  outcome: 'required',
  forced: 'required',
  pullspec: 'required',
  canonicalPullspec: 'optional',
  digest: 'optional',
  profile: 'required',
  mode: 'required',
  trustRevision: 'required',
  verifierVersion: 'required',
  decidedAt: 'required',
  reasons: 'required',
  warnings: 'required',
  signers: 'required',
};
const CHANGED: Presence<VerdictChangedDetail> = { ...DETAIL, previous: 'required' };
const ASKED_MEMBERS: Presence<Asked> = {
  source: 'required',
  registry: 'optional',
  repository: 'optional',
  tag: 'optional',
  pullspec: 'required',
  caller: 'optional',
};
const REASON: Presence<Reason> = { code: 'required', message: 'required', remedy: 'optional' };
const SUMMARY: Presence<VerdictSummary> = {
  recordId: 'required',
  outcome: 'required',
  forced: 'required',
  reasonCodes: 'required',
  trustRevision: 'required',
  decidedAt: 'required',
};

const ObjectSchema = v.looseObject({
  type: v.literal('object'),
  additionalProperties: v.literal(false),
  required: v.array(v.string()),
  properties: v.record(v.string(), v.unknown()),
});

/** The schema of an object somewhere in a published schema. */
function readObject(schema: unknown, ...names: readonly string[]): v.InferOutput<typeof ObjectSchema> {
  return v.parse(
    ObjectSchema,
    names.reduce((at, name) => (at as Body)[name], schema),
  );
}

describe('the schemas have the members of the types', () => {
  test.each<[name: string, schema: v.InferOutput<typeof ObjectSchema>, presence: Readonly<Record<string, string>>]>([
    ['Signet Verdict', readObject(SCHEMAS['Signet Verdict']), DETAIL],
    ['Signet Verdict Changed', readObject(SCHEMAS['Signet Verdict Changed']), CHANGED],
    ['asked', readObject(SCHEMAS['Signet Verdict'], 'properties', 'asked'), ASKED_MEMBERS],
    ['a reason', readObject(SCHEMAS['Signet Verdict'], '$defs', 'reasons', 'items'), REASON],
    ['previous', readObject(SCHEMAS['Signet Verdict Changed'], 'properties', 'previous'), SUMMARY],
  ])('%s', (_, { properties, required }, presence) => {
    expect(Object.keys(properties).toSorted()).toEqual(Object.keys(presence).toSorted());
    expect(required.toSorted()).toEqual(
      Object.keys(presence)
        .filter((member) => presence[member] === 'required')
        .toSorted(),
    );
  });

  test('every reason code, and no other', () => {
    for (const schema of Object.values(SCHEMAS)) {
      expect(schema).toMatchObject({ $defs: { reasonCode: { enum: [...REASON_CODES] } } });
    }
  });

  test('what both events have is the same', () => {
    const { $defs, properties } = readObject(SCHEMAS['Signet Verdict']);
    const changed = readObject(SCHEMAS['Signet Verdict Changed']);
    const { previous: _, ...common } = changed.properties;
    expect([common, changed['$defs']]).toEqual([properties, $defs]);
  });

  test('each says what it is', () => {
    for (const [name, schema] of Object.entries(SCHEMAS)) {
      const { properties, title } = readObject(schema);
      expect(title).toBe(name);
      const silent = Object.entries(properties).filter(
        ([, one]) => !/"(?:description|\$ref)"/.test(JSON.stringify(one)),
      );
      expect(silent).toEqual([]);
    }
  });
});

describe('what is not such an event is refused', () => {
  const asked = { ...ASKED };
  const before: Verdict = { ...VERDICT, reasons: many.slice(0, 2), outcome: 'rejected' };
  const detail: Body = JSON.parse(
    JSON.stringify(toChanged({ ...VERDICT, reasons: many.slice(0, 1), warnings: many.slice(0, 1) }, before, asked)),
  ) as Body;
  const places = ['', 'asked.', 'reasons.0.', 'warnings.0.', 'previous.'];
  const required = [
    ...toRequired('', CHANGED),
    ...toRequired('asked.', ASKED_MEMBERS),
    ...toRequired('reasons.0.', REASON),
    ...toRequired('warnings.0.', REASON),
    ...toRequired('previous.', SUMMARY),
  ];

  test('though it is one as it stands', () => {
    expect(faultsOf('Signet Verdict Changed', detail)).toEqual([]);
    expect(faultsOf('Signet Verdict', detail)).toEqual([' must NOT have additional properties']);
  });

  test.each(required)('without %s', (member) => {
    expect(faultsOf('Signet Verdict Changed', replaceMember(detail, member, undefined))).not.toEqual([]);
  });

  test.each(places)('with another member: %smore', (place) => {
    expect(faultsOf('Signet Verdict Changed', replaceMember(detail, `${place}more`, 1))).not.toEqual([]);
  });

  test.each<[member: string, value: unknown]>([
    ...required.flatMap((member): [string, unknown][] => [
      [member, null],
      [member, { a: 1 }],
    ]),
    ['schema', 2],
    ['recordId', ID.toUpperCase()],
    ['recordId', ID.slice(1)],
    ['outcome', 'ACCEPTED'],
    ['forced', 'false'],
    ['digest', 'sha256:1'],
    ['digest', `md5:${'0'.repeat(32)}`],
    ['mode', 'off'],
    ['decidedAt', 'now'],
    ['decidedAt', '2026-01-31T12:00:00+01:00'],
    ['previous.decidedAt', '2026-01-31'],
    ['reasons.0.code', 'Verified'],
    ['reasons.0.message', 'x'.repeat(MAX_SENTENCE + 1)],
    ['reasons', Array.from({ length: MAX_LISTED + 1 }, () => ({ code: 'KeyUnknown', message: '' }))],
    ['signers', ['F1', 'F1']],
    ['previous.reasonCodes', ['KeyUnknown', 'KeyUnknown']],
    ['previous.reasonCodes', ['Other']],
  ])('%s: %j', (member, value) => {
    expect(faultsOf('Signet Verdict Changed', replaceMember(detail, member, value))).not.toEqual([]);
  });
});

describe('docs/events/README.md', () => {
  const blocks = [...readFileSync(path.join(FOLDER, 'README.md'), 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, text = '']) => JSON.parse(text) as Body,
  );
  const [example = {}, ...rules] = blocks;

  test('its example is an event', () => {
    expect([example['source'], example['detail-type']]).toEqual(['signet', 'Signet Verdict Changed']);
    expect(faultsOf('Signet Verdict Changed', example['detail'])).toEqual([]);
    expect((example['detail'] as VerdictDetail).verifierVersion).toBe(VERIFIER_VERSION);
  });

  test('its rules name members that there are', () => {
    expect(rules).toHaveLength(2);
    for (const rule of rules) {
      expect(rule).toMatchObject({ source: ['signet'], 'detail-type': [expect.stringMatching(/^Signet Verdict/)] });
      const { $or: either = [], ...named } = rule['detail'] as { readonly $or?: readonly Body[] };
      const members = [...Object.keys(named), ...either.flatMap((one) => Object.keys(one))];
      expect(members.filter((member) => !Object.hasOwn(CHANGED, member))).toEqual([]);
    }
  });
});

function toRequired(place: string, presence: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(presence)
    .filter((member) => presence[member] === 'required')
    .map((member) => place + member);
}
