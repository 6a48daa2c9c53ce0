import * as v from 'valibot';

/** One value of a metric, with all of its dimensions. */
export interface Sample {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

const Metric = v.object({
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions: v.array(v.object({ Name: v.string(), Value: v.string() })),
});
const Single = v.object({
  ...Metric.entries,
  Statistic: v.optional(v.string()),
  ExtendedStatistic: v.optional(v.string()),
});
const Part = v.union([
  v.object({ Expression: v.literal('SUM(METRICS())'), ReturnData: v.literal(true) }),
  v.object({ ReturnData: v.literal(false), MetricStat: v.object({ Metric, Stat: v.string() }) }),
]);
const Alarm = v.object({
  ComparisonOperator: v.picklist(['GreaterThanThreshold', 'LessThanThreshold']),
  Threshold: v.number(),
  EvaluationPeriods: v.number(),
  TreatMissingData: v.picklist(['notBreaching', 'breaching']),
  Metrics: v.optional(v.array(Part)),
});

/**
 * Whether an alarm rings, as CloudWatch documents it: of each period the statistic of each metric, or the sum of those
 * that have one, is compared with the threshold, and every period that is evaluated has to cross it.
 *
 * @param properties of the alarm, resolved
 * @param periods the samples of each, the last one at the end
 */
export function isRinging(properties: unknown, periods: readonly (readonly Sample[])[]): boolean {
  const alarm = v.parse(Alarm, properties);
  const evaluated = periods.slice(-alarm.EvaluationPeriods);
  if (evaluated.length < alarm.EvaluationPeriods) throw new Error(`it looks at ${alarm.EvaluationPeriods} periods`);
  return evaluated.every((samples) => {
    const value = evaluatePeriod(properties, alarm.Metrics, samples);
    if (value === undefined) return alarm.TreatMissingData === 'breaching';
    return alarm.ComparisonOperator === 'GreaterThanThreshold' ? value > alarm.Threshold : value < alarm.Threshold;
  });
}

function evaluatePeriod(
  properties: unknown,
  parts: v.InferOutput<typeof Alarm>['Metrics'],
  samples: readonly Sample[],
): number | undefined {
  if (parts === undefined) {
    const single = v.parse(Single, properties);
    return toStatistic(single.Statistic ?? single.ExtendedStatistic ?? '', single, samples);
  }
  if (parts.filter((part) => part.ReturnData).length !== 1) throw new Error('one expression alone is compared');
  const values = parts.flatMap((part) =>
    part.ReturnData ? [] : [toStatistic(part.MetricStat.Stat, part.MetricStat.Metric, samples)],
  );
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

/** A metric is its namespace, its name and all of its dimensions: one more or less is another metric. */
function toStatistic(
  statistic: string,
  { Namespace: namespace, MetricName: name, Dimensions: dimensions }: v.InferOutput<typeof Metric>,
  samples: readonly Sample[],
): number | undefined {
  const isOf = (sample: Sample): boolean =>
    sample.namespace === namespace &&
    sample.metric === name &&
    Object.keys(sample.dimensions).length === dimensions.length &&
    dimensions.every(({ Name: key, Value: value }) => sample.dimensions[key] === value);
  const values = samples.filter(isOf).map(({ value }) => value);
  if (values.length === 0) return undefined;
  const [, percent] = /^p(\d+)$/.exec(statistic) ?? [];
  if (percent !== undefined) return toPercentile(values, Number(percent));
  switch (statistic) {
    case 'Sum':
      return values.reduce((sum, value) => sum + value, 0);
    case 'Maximum':
      return Math.max(...values);
    case 'Minimum':
      return Math.min(...values);
    default:
      throw new Error(`there is no statistic ${statistic}`);
  }
}

function toPercentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}
