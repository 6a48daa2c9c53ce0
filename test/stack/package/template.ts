import * as v from 'valibot';

const Resource = v.object({
  Type: v.string(),
  Condition: v.optional(v.string()),
  DependsOn: v.optional(v.union([v.string(), v.array(v.string())])),
  DeletionPolicy: v.optional(v.string()),
  UpdatePolicy: v.optional(v.unknown()),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
});

const Template = v.object({
  Resources: v.record(v.string(), Resource),
  Parameters: v.optional(v.record(v.string(), v.unknown()), {}),
  Conditions: v.optional(v.record(v.string(), v.unknown()), {}),
  Rules: v.optional(v.record(v.string(), v.unknown()), {}),
  Outputs: v.optional(v.record(v.string(), v.unknown()), {}),
});

export type Resource = v.InferOutput<typeof Resource>;
export type Template = v.InferOutput<typeof Template>;

export function parseTemplate(text: string): Template {
  return v.parse(Template, JSON.parse(text));
}

export function resourcesOf(
  { Resources: resources }: Template,
  type: string,
): readonly (readonly [string, Resource])[] {
  return Object.entries(resources).filter(([, resource]) => resource.Type === type);
}

/** One place that names a resource or a parameter. */
export interface Reference {
  readonly name: string;
  /** What is asked of it; undefined for a Ref. */
  readonly attribute?: string | undefined;
}

/** Attributes that resources return, of the types that are referred to by attribute. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGatewayV2::DomainName': ['RegionalDomainName', 'RegionalHostedZoneId'],
  'AWS::CloudFront::Distribution': ['DomainName', 'Id'],
  'AWS::CloudFront::Function': ['FunctionARN', 'FunctionMetadata.FunctionARN'],
  'AWS::CloudFront::OriginAccessControl': ['Id'],
  'AWS::Events::EventBus': ['Arn', 'Name'],
  'AWS::Events::Rule': ['Arn'],
  'AWS::IAM::Role': ['Arn', 'RoleId'],
  'AWS::Lambda::Function': ['Arn'],
  'AWS::Lambda::Version': ['Version', 'FunctionArn'],
  'AWS::Logs::LogGroup': ['Arn'],
  'AWS::S3::Bucket': ['Arn', 'DomainName', 'RegionalDomainName'],
  'AWS::WAFv2::IPSet': ['Arn'],
  'AWS::WAFv2::WebACL': ['Arn'],
  'AWS::SQS::Queue': ['Arn', 'QueueName', 'QueueUrl'],
};
const PSEUDO_PARAMETERS = [
  'AccountId',
  'NoValue',
  'NotificationARNs',
  'Partition',
  'Region',
  'StackId',
  'StackName',
  'URLSuffix',
];

/** Every Ref, Fn::GetAtt and Fn::Sub below a value, in whatever depth. */
export function findReferences(value: unknown): readonly Reference[] {
  if (Array.isArray(value)) return value.flatMap(findReferences);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [{ name: String(inner) }];
    if (key === 'Fn::GetAtt') return [toAttribute(Array.isArray(inner) ? inner.join('.') : String(inner))];
    if (key === 'Fn::Sub') return findSubstitutions(inner);
    return findReferences(inner);
  });
}

function findSubstitutions(value: unknown): readonly Reference[] {
  const [text, variables] = v.parse(
    v.strictTuple([v.string(), v.record(v.string(), v.unknown())]),
    Array.isArray(value) ? value : [value, {}],
  );
  const names = [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name = '']) => name.trim());
  const free = names.filter((name) => !Object.hasOwn(variables, name));
  const references = free.map((name) => (name.includes('.') ? toAttribute(name) : { name }));
  return [...references, ...findReferences(variables)];
}

function toAttribute(text: string): Reference {
  const dot = text.indexOf('.');
  return { name: text.slice(0, dot), attribute: text.slice(dot + 1) };
}

/** References that lead nowhere, as the packager does not notice. */
export function findUnresolved(template: Template): readonly string[] {
  const { Resources: resources, Parameters: parameters } = template;
  const named = Object.values(resources).flatMap(listDependencies);
  const references: readonly Reference[] = [
    ...findReferences([resources, template.Outputs]),
    ...named.map((name) => ({ name })),
  ];
  return references
    .filter((reference) => !isResolved(reference))
    .map(({ name, attribute }) => (attribute === undefined ? name : `${name}.${attribute}`));

  function isResolved({ name, attribute }: Reference): boolean {
    const resource = Object.hasOwn(resources, name) ? resources[name] : undefined;
    if (attribute !== undefined) return (ATTRIBUTES[resource?.Type ?? ''] ?? []).includes(attribute);
    const isPseudo = name.startsWith('AWS::') && PSEUDO_PARAMETERS.includes(name.slice('AWS::'.length));
    return resource !== undefined || isPseudo || Object.hasOwn(parameters, name);
  }
}

/** The names on a circle of resources that wait for each other, which CloudFormation refuses; empty when there is none. */
export function findCircle({ Resources: resources }: Template): readonly string[] {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    const resource = resources[name];
    if (done.has(name) || resource === undefined) return [];
    const needed = [
      ...findReferences([resource.Properties, resource.UpdatePolicy]).map((reference) => reference.name),
      ...listDependencies(resource),
    ];
    for (const next of needed) {
      const circle = visit(next, [...path, name]);
      if (circle.length > 0) return circle;
    }
    done.add(name);
    return [];
  };
  return (
    Object.keys(resources)
      .map((name) => visit(name, []))
      .find((circle) => circle.length > 0) ?? []
  );
}

function listDependencies({ DependsOn: named = [] }: Resource): readonly string[] {
  return typeof named === 'string' ? [named] : named;
}

/** `Fn::Sub` of a text whose variables are written `<Name>`. */
export function toSub(text: string): { readonly 'Fn::Sub': string } {
  return { 'Fn::Sub': text.replaceAll(/<([^>]+)>/g, (_, name: string) => `\${${name}}`) };
}
