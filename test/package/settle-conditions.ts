import { z } from 'zod';
import type { Template } from './template.ts';

const Parameter = z.object({ Default: z.union([z.string(), z.number()]) });
const Conditional = z.looseObject({ Condition: z.string().optional() });
const If = z.strictObject({ 'Fn::If': z.tuple([z.string(), z.unknown(), z.unknown()]) });
const NoValue = z.strictObject({ Ref: z.literal('AWS::NoValue') });
const Expression = z.union([
  z.strictObject({ 'Fn::Equals': z.tuple([z.unknown(), z.unknown()]) }),
  z.strictObject({ 'Fn::Not': z.tuple([z.unknown()]) }),
  z.strictObject({ 'Fn::And': z.array(z.unknown()) }),
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
    const condition = Conditional.parse(one).Condition;
    return condition === undefined || isTrue(condition);
  });
  return Object.fromEntries(present.map(([name, one]) => [name, settle(one, isTrue) as T]));
}

/** A value with every `Fn::If` below it decided; undefined for what comes to no value. */
function settle(value: unknown, isTrue: (name: string) => boolean): unknown {
  const choice = If.safeParse(value);
  if (choice.success) {
    const [name, yes, no] = choice.data['Fn::If'];
    return settle(isTrue(name) ? yes : no, isTrue);
  }
  if (NoValue.safeParse(value).success) return undefined;
  if (Array.isArray(value)) return value.map((one) => settle(one, isTrue)).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, settle(inner, isTrue)] as const);
  return Object.fromEntries(members.filter(([, inner]) => inner !== undefined));
}

function evaluate(condition: unknown, template: Template): boolean {
  const expression = Expression.parse(condition);
  if ('Fn::Equals' in expression) {
    const [one, other] = expression['Fn::Equals'].map((operand) => readOperand(operand, template));
    return one === other;
  }
  if ('Fn::Not' in expression) return !evaluate(expression['Fn::Not'][0], template);
  return expression['Fn::And'].every((part) => evaluate(part, template));
}

/** Numbers and their digits are equal to CloudFormation. */
function readOperand(operand: unknown, { Parameters: parameters }: Template): string {
  const reference = z.strictObject({ Ref: z.string() }).safeParse(operand);
  if (!reference.success) return z.union([z.string(), z.number()]).transform(String).parse(operand);
  return String(Parameter.parse(parameters[reference.data.Ref]).Default);
}
