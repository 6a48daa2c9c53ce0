import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';

/** An object that a Policy of Advanced Cluster Management would bring to clusters. */
export interface PolicyObject {
  readonly content: JsonObject;
  /** What holds it: `Policy policies/signatures`. */
  readonly within: string;
}

const GROUP = 'policy.open-cluster-management.io/';
/** Policies in one another; a Policy that brings Policies to hubs is the deepest that there is use for. */
const MAX_POLICY_DEPTH = 4;

/**
 * The objects that stand in a Policy, a ConfigurationPolicy or what a PolicyGenerator patches, at any depth; none of any
 * other object. What a policy takes away from clusters (`mustnothave`) is not brought to any, and templates in text
 * (`object-templates-raw`) are known to the clusters alone.
 */
export function listPolicyObjects(content: JsonObject): readonly PolicyObject[] {
  return listWithin(content, describe(content), 0);
}

function listWithin(content: JsonObject, within: string, depth: number): readonly PolicyObject[] {
  const { apiVersion, kind, spec } = content;
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(GROUP) || depth === MAX_POLICY_DEPTH) return [];
  return listHeld(kind, isJsonObject(spec) ? spec : {}, content).flatMap((held) => {
    const inner = listWithin(held, within, depth + 1);
    return inner.length > 0 || isPolicy(held) ? inner : [{ content: held, within }];
  });
}

function listHeld(kind: JsonValue | undefined, spec: JsonObject, content: JsonObject): readonly JsonObject[] {
  switch (typeof kind === 'string' ? kind : '') {
    case 'Policy':
      return listMembers(spec['policy-templates'], 'objectDefinition');
    case 'ConfigurationPolicy': {
      const templates = listObjects(spec['object-templates']);
      return listMembers(templates.filter(isBrought), 'objectDefinition');
    }
    case 'PolicyGenerator':
      return listObjects(content['policies'])
        .flatMap(({ manifests }) => listObjects(manifests))
        .flatMap(({ patches }) => listObjects(patches));
    default:
      return [];
  }
}

function isBrought({ complianceType }: JsonObject): boolean {
  return typeof complianceType !== 'string' || complianceType.toLowerCase() !== 'mustnothave';
}

function isPolicy({ apiVersion }: JsonObject): boolean {
  return typeof apiVersion === 'string' && apiVersion.startsWith(GROUP);
}

function listMembers(list: JsonValue | readonly JsonObject[] | undefined, member: string): readonly JsonObject[] {
  return listObjects(list).flatMap((one) => {
    const held = one[member];
    return isJsonObject(held) ? [held] : [];
  });
}

function listObjects(list: JsonValue | readonly JsonObject[] | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function describe({ kind, metadata }: JsonObject): string {
  const { namespace, name } = isJsonObject(metadata) ? metadata : {};
  const place = typeof namespace === 'string' ? `${namespace}/` : '';
  return `${typeof kind === 'string' ? kind : 'object'} ${place}${typeof name === 'string' ? name : ''}`.trimEnd();
}
