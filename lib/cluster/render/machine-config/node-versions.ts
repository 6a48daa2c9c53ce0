import { isJsonObject, type JsonObject } from '../../../base/documents/json-value.ts';
import { parseStrictJson } from '../../../base/documents/parse-strict-json.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { decodeReplacing } from '../../../crypto/json-reader.ts';
import { type JsonPath, PolicyError } from '../../../trust/policy/policy-members.ts';
import type { TrustDocument } from '../../../trust/prepared/trust-document.ts';
import { compareMinors, parseMinor, toMinor } from '../release-version.ts';

/** The library that nodes of a minor version read policy.json with, and where that is written. */
interface NodeReader {
  readonly minor: string;
  /** Of `containers/image`: the lowest one that a CRI-O of this version may have. */
  readonly library: string;
  readonly source: string;
}

const CRIO = (version: string): string => `github.com/cri-o/cri-o ${version} go.mod`;
const MCO = (version: string): string => `github.com/openshift/machine-config-operator ${version} go.mod`;

/** Where CRI-O's own file could not be read, the lower of what is known: a member is refused rather than believed in. */
const READERS: readonly NodeReader[] = [
  { minor: '4.6', library: '5.5.1', source: MCO('release-4.6') },
  { minor: '4.7', library: '5.5.1', source: MCO('release-4.7') },
  { minor: '4.8', library: '5.11.0', source: CRIO('v1.21.0') },
  { minor: '4.9', library: '5.15.2', source: CRIO('v1.22.0') },
  { minor: '4.10', library: '5.16.1', source: CRIO('v1.23.0') },
  { minor: '4.11', library: '5.17.0', source: CRIO('v1.24.0') },
  { minor: '4.12', library: '5.22.0', source: MCO('release-4.12') },
  { minor: '4.13', library: '5.23.1', source: 'the library between those of 4.12 and 4.14, the lower end' },
  { minor: '4.14', library: '5.25.0', source: CRIO('v1.27.1') },
  { minor: '4.15', library: '5.27.0', source: MCO('release-4.15') },
  { minor: '4.16', library: '5.29.0', source: CRIO('v1.29.1') },
  { minor: '4.17', library: '5.29.3', source: CRIO('v1.30.1') },
  { minor: '4.18', library: '5.32.2', source: `${CRIO('release-1.31')}; MCO has 5.29.4` },
  { minor: '4.19', library: '5.34.0', source: `${CRIO('release-1.32')}; MCO has 5.34.1` },
  { minor: '4.20', library: '5.35.0', source: MCO('release-4.20') },
  { minor: '4.21', library: '5.35.0', source: CRIO('v1.34.0') },
  { minor: '4.22', library: '5.35.0', source: MCO('release-4.22') },
  { minor: '4.23', library: '5.35.0', source: MCO('release-4.23') },
  { minor: '5.0', library: '5.35.0', source: MCO('release-5.0') },
];

/** A part of policy.json that older nodes do not know. */
interface PolicyMember {
  readonly name: string;
  /** The first version of `containers/image` that has it. */
  readonly library: string;
  readonly source: string;
  /** How to say the same to older nodes, where that is possible. */
  readonly instead?: string;
}

const TYPES = 'containers/image signature/policy_types.go';
const since = (library: string, names: readonly string[], instead?: string): readonly PolicyMember[] =>
  names.map((name) => ({
    name,
    library,
    source: `${TYPES} of ${library}`,
    ...(instead === undefined ? {} : { instead }),
  }));

const MEMBERS: readonly PolicyMember[] = [
  ...since('5.9.0', ['remapIdentity']),
  ...since('5.22.0', ['signedBy.keyPaths'], 'put the keys into one file, and name it with keyPath'),
  ...since('5.22.0', ['sigstoreSigned']),
  ...since('5.24.0', ['fulcio', 'rekorPublicKeyPath', 'rekorPublicKeyData'].map(ofSigstore)),
  ...since('5.32.2', ['keyPaths', 'keyDatas', 'rekorPublicKeyPaths', 'rekorPublicKeyDatas'].map(ofSigstore)),
  ...since('5.34.1', [ofSigstore('pki')]),
];

function ofSigstore(name: string): string {
  return `sigstoreSigned.${name}`;
}

/** Nodes before 4.6, which take Ignition 2.2, read what 4.6 reads at most. */
export const BEFORE_IGNITION_3 = '4.5';

/**
 * Why nodes of a minor version would refuse a policy.json that current ones read: a member that they do not know makes
 * the whole policy invalid.
 *
 * @param policy a policy.json that was parsed without an error
 */
export function findUnknownMembers(policy: TrustDocument, minor: string): readonly string[] {
  const library = READERS.findLast((reader) => compareMinors(reader.minor, minor) <= 0)?.library ?? '0.0.0';
  const content = parseStrictJson(decodeReplacing(policy.bytes));
  return listRequirements(content).flatMap(([path, requirement]) => {
    const faults = listMembers(path, requirement).flatMap(([at, name]) => {
      const member = MEMBERS.find((one) => one.name === name);
      return member === undefined || !isOlder(library, member.library) ? [] : [toFault(at, member, minor)];
    });
    // Of a requirement that is not known at all, its members say nothing more.
    return requirement['type'] === 'sigstoreSigned' && isOlder(library, '5.22.0') ? faults.slice(0, 1) : faults;
  });
}

function toFault(path: JsonPath, { name, library, instead }: PolicyMember, minor: string): string {
  const first = READERS.find((reader) => !isOlder(reader.library, library))?.minor;
  const from = first === undefined ? '' : ` (nodes of ${first} do)`;
  const nodes = minor === BEFORE_IGNITION_3 ? 'nodes before 4.6' : `nodes of ${minor}`;
  const what = `${nodes} do not know ${name}${from}: the whole policy is invalid there, and no image can be pulled`;
  return new PolicyError(path, instead === undefined ? what : `${what}; ${instead}`).message;
}

type Placed = readonly [path: JsonPath, requirement: JsonObject];

function listRequirements(content: unknown): readonly Placed[] {
  const { default: byDefault, transports } = isJsonObject(content) ? content : {};
  const lists: [JsonPath, unknown][] = [[['default'], byDefault]];
  for (const [transport, scopes] of Object.entries(isJsonObject(transports) ? transports : {})) {
    for (const [scope, list] of Object.entries(isJsonObject(scopes) ? scopes : {})) {
      lists.push([['transports', transport, scope], list]);
    }
  }
  return lists.flatMap(([path, list]) =>
    (Array.isArray(list) ? list : []).flatMap((one: unknown, index): Placed[] =>
      isJsonObject(one) ? [[[...path, index], one]] : [],
    ),
  );
}

/** The type of a requirement, its members and the type of its identity, under their names in the table. */
function listMembers(path: JsonPath, requirement: JsonObject): readonly (readonly [JsonPath, string])[] {
  const { type, signedIdentity } = requirement;
  if (typeof type !== 'string') return [];
  const identity = isJsonObject(signedIdentity) ? signedIdentity['type'] : undefined;
  return [
    [[...path, 'type'], type],
    ...Object.keys(requirement).map((member) => [[...path, member], `${type}.${member}`] as const),
    ...(typeof identity === 'string' ? [[[...path, 'signedIdentity', 'type'], identity] as const] : []),
  ];
}

function isOlder(library: string, than: string): boolean {
  const [left, right] = [library, than].map((version) => version.split('.').map(Number));
  for (const [index, part] of (left ?? []).entries()) {
    const difference = part - (right?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The minor version of a target such as 4.21 or 4.21.3. @throws InputError `ArgumentInvalid` */
export function parseTargetMinor(text: string): string {
  try {
    return toMinor(text) ?? parseMinor(text);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a version: expected one such as 4.21`, {
      cause,
    });
  }
}
