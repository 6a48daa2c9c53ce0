import { tryDecodeBase64 } from '../../base/documents/decode.ts';
import { isDockerPath } from '../../base/names/docker-reference.ts';
import type { ClusterImagePolicyVersion } from './cluster-image-policy.ts';
import { findScopeFault, requireCanonicalScopeAt } from './find-scope-fault.ts';
import { type JsonPath, type Members, PolicyError, readRequiredText, readText } from './policy-members.ts';
import type { KeySource } from './policy-requirement.ts';

/** Limits of the API (`openshift/api` config/v1, types_image_policy.go), in characters as written. */
const MAX_SCOPE_LENGTH = 512;
/** What coming versions of the API take; those of today take {@link MAX_PUBLISHED_DATA_LENGTH}. */
export const MAX_DATA_LENGTH = 32_768;
/** The longest key or certificates that API servers of OpenShift through 5.0 take. */
export const MAX_PUBLISHED_DATA_LENGTH = 8192;
const MIN_KEY_LENGTH = 68;
const MIN_CERTIFICATE_LENGTH = 72;
const MAX_ISSUER_LENGTH = 2048;
const MAX_EMAIL_LENGTH = 320;
const MAX_HOSTNAME_LENGTH = 253;

const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})+|localhost)(?::[0-9]+)?$`);
const WILDCARD = new RegExp(`^\\*(?:\\.${LABEL})+$`);
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const TAG_END = /:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const LOCAL_PORT = /^localhost:[0-9]+$/;

/** What a data field holds, which versions of the API check from when on. */
export interface DataRule {
  readonly label: 'PUBLIC KEY' | 'CERTIFICATE';
  /** v1alpha1 takes any bytes for keys and for Fulcio's certificates. */
  readonly markers: 'always' | 'v1';
  /** v1 wants room for a PEM block of some fields. */
  readonly hasMinimum: boolean;
}

/** A host, namespace, repository or image in full, or `*.` and a domain. @throws PolicyError */
export function readScope(value: unknown, path: JsonPath): string {
  const scope = readText(value, path);
  if (scope.length > MAX_SCOPE_LENGTH)
    throw new PolicyError(path, `a scope has at most ${MAX_SCOPE_LENGTH} characters`);
  requireCanonicalScopeAt(path, scope);
  const [name = ''] = scope.split('@');
  const [host = '', ...rest] = name.split('/');
  const isHost = scope.includes('*') ? WILDCARD.test(scope) : HOST.test(host);
  // A tag, if any, is behind the last part of the path; a host of one label is localhost or none.
  const isPath = rest.length === 0 || isDockerPath(rest.join('/').replace(TAG_END, ''));
  if (!isHost || !isPath) throw new PolicyError(path, 'expected a domain or localhost, with a path in lower case');
  const fault = findScopeFault('docker', scope);
  if (fault !== undefined) throw new PolicyError(path, `not a scope of docker: ${fault}`);
  return scope;
}

/** A host, namespace or repository without tag and digest. @throws PolicyError */
export function readIdentityPrefix(members: Members, name: string): string {
  const path = [...members.path, name];
  const text = readRequiredText(members, name);
  if (text.length > MAX_SCOPE_LENGTH) throw new PolicyError(path, `at most ${MAX_SCOPE_LENGTH} characters`);
  requireCanonicalScopeAt(path, text);
  const [host = '', ...rest] = text.split('/');
  if (!HOST.test(host) || (rest.length > 0 && !isDockerPath(rest.join('/')))) {
    throw new PolicyError(path, 'expected a domain or localhost, with a path in lower case, without tag and digest');
  }
  // The API takes any port behind a bare host for a tag, but localhost's.
  if (TAG_END.test(text) && !LOCAL_PORT.test(text))
    throw new PolicyError(path, 'the API refuses a bare host with a port');
  return text;
}

/** PEM in base64. @throws PolicyError */
export function readData(
  members: Members,
  name: string,
  { label, markers, hasMinimum }: DataRule,
  version: ClusterImagePolicyVersion,
): KeySource {
  const path = [...members.path, name];
  const text = readRequiredText(members, name);
  if (text.length > MAX_DATA_LENGTH) throw new PolicyError(path, `at most ${MAX_DATA_LENGTH} characters`);
  const minimum = label === 'CERTIFICATE' ? MIN_CERTIFICATE_LENGTH : MIN_KEY_LENGTH;
  if (hasMinimum && version === 'v1' && text.length < minimum) {
    throw new PolicyError(path, `at least ${minimum} characters`);
  }
  const bytes = tryDecodeBase64(text);
  if (bytes === undefined) throw new PolicyError(path, 'expected base64 with padding');
  const pem = bytes.toString('latin1');
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const isMarked = pem.startsWith(begin) && (pem.endsWith(end) || pem.endsWith(`${end}\n`));
  if ((markers === 'always' || version === 'v1') && !isMarked) {
    throw new PolicyError(path, `expected the base64 of PEM from ${begin} to ${end}`);
  }
  if (markers === 'always' && pem.split(begin).length !== pem.split(end).length) {
    throw new PolicyError(path, `the numbers of ${begin} and ${end} differ`);
  }
  return { kind: 'data', bytes };
}

/** @throws PolicyError */
export function readIssuer(members: Members, version: ClusterImagePolicyVersion): string {
  const text = readRequiredText(members, 'oidcIssuer');
  const path = [...members.path, 'oidcIssuer'];
  if (version === 'v1' && text.length > MAX_ISSUER_LENGTH) {
    throw new PolicyError(path, `at most ${MAX_ISSUER_LENGTH} characters`);
  }
  if (!text.includes('://') || !URL.canParse(text)) throw new PolicyError(path, 'expected a URL');
  return text;
}

/** @throws PolicyError */
export function readEmail(members: Members, name: string): string {
  const text = readRequiredText(members, name);
  const path = [...members.path, name];
  if (text.length > MAX_EMAIL_LENGTH) throw new PolicyError(path, `at most ${MAX_EMAIL_LENGTH} characters`);
  if (/\s/.test(text) || !text.slice(1, -1).includes('@')) throw new PolicyError(path, 'expected an email address');
  return text;
}

/** A DNS name in lower case, or `*.` and one. @throws PolicyError */
export function readHostname(members: Members, name: string): string {
  const text = readRequiredText(members, name);
  const path = [...members.path, name];
  const domain = text.startsWith('*.') ? text.slice('*.'.length) : text;
  if (text.length > MAX_HOSTNAME_LENGTH) throw new PolicyError(path, `at most ${MAX_HOSTNAME_LENGTH} characters`);
  if (!domain.split('.').every((label) => DNS_LABEL.test(label))) throw new PolicyError(path, 'expected a DNS name');
  return text;
}
