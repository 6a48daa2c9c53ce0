import * as v from 'valibot';
import type { Template } from './template.ts';

const Parameter = v.object({ Default: v.union([v.string(), v.number()]) });
const Conditional = v.looseObject({ Condition: v.optional(v.string()) });
const If = v.strictObject({ 'Fn::If': v.strictTuple([v.string(), v.unknown(), v.unknown()]) });
const NoValue = v.strictObject({ Ref: v.literal('AWS::NoValue') });
const Expression = v.union([
  v.strictObject({ 'Fn::Equals': v.strictTuple([v.unknown(), v.unknown()]) }),
  v.strictObject({ 'Fn::Not': v.strictTuple([v.unknown()]) }),
  v.strictObject({ 'Fn::And': v.array(v.unknown()) }),
]);

/**
 * The template with its parameters at their defaults: conditions decided, `Fn::If` replaced by what it comes to, and
 * resources and outputs gone whose condition is false. What was referred to and is gone shows as unresolved.
 */
export function settleConditions(template: Template): Template {
  const isTrue = (name: string): boolean => {
    if (!Object.hasOwn(template.Conditions, name)) throw new Error(`there is no condition ${name}`);
    return evaluate(template.Conditions[name], template);
  };
  return {
    ...template,
    Resources: keepPresent(template.Resources, isTrue),
    Outputs: keepPresent(template.Outputs, isTrue),
  };
}

function keepPresent<T>(named: Readonly<Record<string, T>>, isTrue: (name: string) => boolean): Record<string, T> {
  const present = Object.entries(named).filter(([, one]) => {
    const condition = v.parse(Conditional, one).Condition;
    return condition === undefined || isTrue(condition);
  });
  return Object.fromEntries(present.map(([name, one]) => [name, settle(one, isTrue) as T]));
}

/** A value with every `Fn::If` below it decided; undefined for what comes to no value. */
function settle(value: unknown, isTrue: (name: string) => boolean): unknown {
  const choice = v.safeParse(If, value);
  if (choice.success) {
    const [name, yes, no] = choice.output['Fn::If'];
    return settle(isTrue(name) ? yes : no, isTrue);
  }
  if (v.is(NoValue, value)) return undefined;
  if (Array.isArray(value)) return value.map((one) => settle(one, isTrue)).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, settle(inner, isTrue)] as const);
  return Object.fromEntries(members.filter(([, inner]) => inner !== undefined));
}

function evaluate(condition: unknown, template: Template): boolean {
  const expression = v.parse(Expression, condition);
  if ('Fn::Equals' in expression) {
    const [one, other] = expression['Fn::Equals'].map((operand) => readOperand(operand, template));
    return one === other;
  }
  if ('Fn::Not' in expression) return !evaluate(expression['Fn::Not'][0], template);
  return expression['Fn::And'].every((part) => evaluate(part, template));
}

/** Numbers and their digits are equal to CloudFormation. */
function readOperand(operand: unknown, { Parameters: parameters }: Template): string {
  const reference = v.safeParse(v.strictObject({ Ref: v.string() }), operand);
  if (!reference.success) return v.parse(v.pipe(v.union([v.string(), v.number()]), v.transform(String)), operand);
  return String(v.parse(Parameter, parameters[reference.output.Ref]).Default);
}
