import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../base/documents/json-value.ts';
import { parseStrictJson } from '../../../base/documents/parse-strict-json.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { decodeReplacing } from '../../../crypto/json-reader.ts';
import { listEnclosingScopes } from '../../../trust/policy/image-policy.ts';
import { RELEASE_REPOSITORIES } from '../../../trust/policy/machine-config-lockouts.ts';
import type { TrustDocument } from '../../../trust/prepared/trust-document.ts';
import { compareMinors } from '../release-version.ts';
import { parseNodePolicy } from './machine-config-sources.ts';
import { toGeneratedName, toMachineConfigName } from './machine-config.ts';

/** The first minor version whose releases ship the ClusterImagePolicy `openshift`, active without a feature gate. */
const SHIPS_CLUSTER_IMAGE_POLICY = '4.21';

/** Whether clusters of a minor version write policy.json themselves, so that a MachineConfig would fight with them. */
export function ownsPolicy(minor: string | undefined): boolean {
  return minor !== undefined && compareMinors(minor, SHIPS_CLUSTER_IMAGE_POLICY) >= 0;
}

interface MergedPolicy {
  readonly policy: TrustDocument;
  /** Scopes of ours that take images out of a scope of the cluster. */
  readonly warnings: readonly string[];
}

/**
 * Adds the scopes of the cluster's own policy.json to ours, which replaces it: what the cluster requires stays required.
 * Where both have a scope, the requirements of both have to be met.
 *
 * @param cluster `/etc/containers/policy.json` of a node of that cluster
 * @throws InputError `ArgumentInvalid` for one that requires no Sigstore signature of release images
 */
export function mergeClusterPolicy(ours: TrustDocument, cluster: TrustDocument): MergedPolicy {
  const owned = readDocker(cluster);
  const [release = ''] = RELEASE_REPOSITORIES;
  if (!listEnclosingScopes(release).some((scope) => isSigstore(readOwn(owned.docker, scope)))) {
    const reason = `${cluster.name} requires no Sigstore signature of ${release}, as the policy of such a cluster does`;
    throw new InputError('ArgumentInvalid', `${reason}: give /etc/containers/policy.json of one of its nodes`);
  }
  const { content, transports, docker } = readDocker(ours);
  const added = Object.entries(owned.docker).map(([scope, one]) => [scope, join(readOwn(docker, scope), one)] as const);
  const merged = Object.fromEntries([...Object.entries(docker), ...added]);
  const warnings = Object.keys(docker).flatMap((scope) => {
    const around = listEnclosingScopes(scope).find((outer) => outer !== scope && Object.hasOwn(owned.docker, outer));
    if (Object.hasOwn(owned.docker, scope) || around === undefined) return [];
    return [`${scope} is within ${around} of the cluster’s policy, whose requirements do not count for it any more`];
  });
  const text = JSON.stringify({ ...content, transports: { ...transports, docker: merged } }, null, 2);
  return { policy: { name: ours.name, bytes: Buffer.from(`${text}\n`) }, warnings };
}

interface DockerScopes {
  readonly content: JsonObject;
  readonly transports: JsonObject;
  readonly docker: JsonObject;
}

/** @throws ConfigurationError for a policy.json that nodes would refuse */
function readDocker(document: TrustDocument): DockerScopes {
  parseNodePolicy(document);
  const content = toObject(parseStrictJson(decodeReplacing(document.bytes)));
  const transports = toObject(content['transports']);
  return { content, transports, docker: toObject(transports['docker']) };
}

function toObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function readOwn(object: JsonObject, member: string): JsonValue | undefined {
  return Object.hasOwn(object, member) ? object[member] : undefined;
}

function join(ours: JsonValue | undefined, owned: JsonValue): JsonValue {
  if (!Array.isArray(ours) || !Array.isArray(owned)) return owned;
  // Accepting anything adds nothing to what the cluster requires.
  const added = ours.filter((one) => !owned.some((other) => isDeepStrictEqual(one, other)));
  return [...owned, ...added.filter((one) => toObject(one)['type'] !== 'insecureAcceptAnything')];
}

function isSigstore(requirements: JsonValue | undefined): boolean {
  return Array.isArray(requirements) && requirements.some((one) => toObject(one)['type'] === 'sigstoreSigned');
}

/** @throws InputError `ArgumentInvalid` for a name that sorts before the cluster's own MachineConfig, whose file would count */
export function requireLast(pattern: string, pool: string): void {
  const [name, generated] = [toMachineConfigName(pattern, pool), toGeneratedName(pool)];
  if (name > generated) return;
  const reason = `${generated} sorts after ${name}, and its policy.json counts`;
  throw new InputError('ArgumentInvalid', `${reason}: use a name such as 99-{pool}-signet-policy`);
}
