import type { JsonObject, JsonValue } from '../../base/documents/json-value.ts';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { describeObject, objectError, type SourceObject } from '../../base/documents/read-objects.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { parseDnsName } from './dns-name.ts';

export interface AcmPolicyOptions {
  readonly name: string;
  readonly namespace: string;
  readonly remediation: 'enforce' | 'inform';
  /** Labels of the clusters that get it; none for every cluster of the namespace's cluster sets. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Bytes of a Policy as compact JSON. The hub keeps it once more for each cluster, with what it knows of it. */
export const MAX_POLICY_BYTES = 1024 * 1024;
/** Characters of `<namespace>.<name>`, which is the name of the Policy in the namespace of each cluster. */
const MAX_POLICY_NAME = 63;
const POLICY = 'policy.open-cluster-management.io';
const CLUSTER = 'cluster.open-cluster-management.io';

/**
 * A Policy that brings manifests to clusters, the Placement that chooses them, and the binding of both.
 *
 * @throws InputError for a manifest that a Policy cannot bring as it stands; ConfigurationError `LimitExceeded`
 */
export function toAcmPolicy(
  sources: readonly SourceObject[],
  { name, namespace, remediation, labels }: AcmPolicyOptions,
): readonly object[] {
  const named = [parseDnsName(namespace), parseDnsName(name)].join('.');
  if (named.length > MAX_POLICY_NAME) {
    const reason = `${named} has ${named.length} characters; clusters take at most ${MAX_POLICY_NAME}`;
    throw new InputError('ArgumentInvalid', `--namespace and --name: ${reason}`);
  }
  if (sources.length === 0) throw new InputError('ArgumentInvalid', 'there is no manifest in these files');
  for (const source of sources) checkManifest(source);
  const policy = {
    apiVersion: `${POLICY}/v1`,
    kind: 'Policy',
    metadata: { name, namespace },
    spec: {
      disabled: false,
      remediationAction: remediation,
      'policy-templates': [{ objectDefinition: toConfigurationPolicy(name, remediation, sources) }],
    },
  };
  const bytes = Buffer.byteLength(JSON.stringify(policy));
  if (bytes > MAX_POLICY_BYTES) {
    const reason = `the Policy has ${bytes} bytes; at most ${MAX_POLICY_BYTES} fit: make several`;
    throw new ConfigurationError('LimitExceeded', reason);
  }
  return [policy, ...toPlacement(name, namespace, labels)];
}

function toConfigurationPolicy(
  name: string,
  remediation: AcmPolicyOptions['remediation'],
  sources: readonly SourceObject[],
): object {
  return {
    apiVersion: `${POLICY}/v1`,
    kind: 'ConfigurationPolicy',
    metadata: { name },
    spec: {
      severity: 'high',
      remediationAction: remediation,
      'object-templates': sources.map(({ content }) =>
        isSignatures(content)
          ? // What it no longer names has to go; labels and annotations of others may stay.
            { complianceType: 'mustonlyhave', metadataComplianceType: 'musthave', objectDefinition: content }
          : { complianceType: 'musthave', objectDefinition: content },
      ),
    },
  };
}

function toPlacement(name: string, namespace: string, labels: AcmPolicyOptions['labels']): readonly object[] {
  const predicates = [{ requiredClusterSelector: { labelSelector: { matchLabels: labels } } }];
  const hasLabels = Object.keys(labels).length > 0;
  return [
    {
      apiVersion: `${CLUSTER}/v1beta1`,
      kind: 'Placement',
      metadata: { name, namespace },
      spec: hasLabels ? { predicates } : {},
    },
    {
      apiVersion: `${POLICY}/v1`,
      kind: 'PlacementBinding',
      metadata: { name, namespace },
      placementRef: { apiGroup: CLUSTER, kind: 'Placement', name },
      subjects: [{ apiGroup: POLICY, kind: 'Policy', name }],
    },
  ];
}

function checkManifest(source: SourceObject): void {
  const { content } = source;
  const what = describeObject(source);
  const { apiVersion, kind } = content;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw objectError(source, what, 'it has no apiVersion or no kind');
  }
  if (kind === 'Secret') throw objectError(source, what, 'a Policy is no place for a secret: bring it by another way');
  if (hasTemplate(content)) {
    throw objectError(source, what, 'it has "{{", which a Policy reads as a template: bring it by another way');
  }
}

function hasTemplate(value: JsonValue): boolean {
  const waiting: JsonValue[] = [value];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (typeof one === 'string' && one.includes('{{')) return true;
    if (Array.isArray(one)) waiting.push(...one);
    else if (isJsonObject(one)) waiting.push(...Object.keys(one), ...Object.values(one));
  }
  return false;
}

function isSignatures({ kind, metadata }: JsonObject): boolean {
  if (kind !== 'ConfigMap' || !isJsonObject(metadata)) return false;
  return isJsonObject(metadata['labels']) && Object.hasOwn(metadata['labels'], SIGNATURES_LABEL);
}
