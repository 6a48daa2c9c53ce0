import * as v from 'valibot';

/** The fields that Signet writes, as SARIF 2.1.0 defines them; another field is a fault. */
const level = v.picklist(['error', 'note']);
const text = v.strictObject({ text: v.pipe(v.string(), v.minLength(1)) });
/** RFC 3986's characters alone. */
const uri = v.pipe(v.string(), v.regex(/^(?:file:\/\/\/)?(?:[A-Za-z0-9\-._~!$&'()*+,;=@/]|%[0-9A-F]{2})+$/));

const Location = v.strictObject({
  physicalLocation: v.optional(
    v.strictObject({
      artifactLocation: v.strictObject({ uri }),
      region: v.optional(v.strictObject({ startLine: v.pipe(v.number(), v.integer(), v.minValue(1)) })),
    }),
  ),
  logicalLocations: v.pipe(
    v.array(v.strictObject({ fullyQualifiedName: v.string(), kind: v.literal('resource') })),
    v.length(1),
  ),
});

const Result = v.strictObject({
  ruleId: v.string(),
  ruleIndex: v.pipe(v.number(), v.integer(), v.minValue(0)),
  level,
  message: text,
  locations: v.pipe(v.array(Location), v.length(1)),
  partialFingerprints: v.strictObject({ 'signetJudged/v1': v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
  properties: v.strictObject({ outcome: v.picklist(['accepted', 'rejected', 'indeterminate']) }),
});

const Rule = v.strictObject({
  id: v.pipe(v.string(), v.minLength(1)),
  shortDescription: text,
  help: text,
  defaultConfiguration: v.strictObject({ level: v.literal('error') }),
});

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const Log = v.strictObject({
  $schema: v.pipe(v.string(), v.url()),
  version: v.literal('2.1.0'),
  runs: v.tuple([
    v.strictObject({
      tool: v.strictObject({
        driver: v.strictObject({
          name: v.literal('Signet'),
          version: v.string(),
          rules: v.pipe(
            v.array(Rule),
            v.check((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'a rule twice'),
          ),
        }),
      }),
      automationDetails: v.strictObject({ id: v.pipe(v.string(), v.regex(/^signet\/[a-z-]+\/$/)) }),
      columnKind: v.literal('utf16CodeUnits'),
      invocations: v.tuple([v.strictObject({ executionSuccessful: v.boolean() })]),
      results: v.array(Result),
      properties: v.strictObject({ outcome: v.string(), accepted: count, rejected: count, indeterminate: count }),
    }),
  ]),
});

type Run = v.InferOutput<typeof Log>['runs'][0];

/** The run of a SARIF log. @throws when it is none, or a result has not its rule */
export function readSarif(json: string): Run {
  const [run] = v.parse(Log, JSON.parse(json)).runs;
  for (const { ruleId, ruleIndex } of run.results) {
    if (run.tool.driver.rules[ruleIndex]?.id !== ruleId) throw new Error(`${ruleId} is not rule ${ruleIndex}`);
  }
  return run;
}
