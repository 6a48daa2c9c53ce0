import { InputError } from '../errors/input-error.ts';
import { type Digest, isDigest } from './digest.ts';

/**
 * A reference as containers/image compares it: Docker Hub's short names are written out, all else stays as written.
 * Unlike a `Repository`, letter case and port of the host count: a scope or identity that spells them otherwise is
 * another one on a node too.
 */
export interface DockerReference {
  /** `host/path`. */
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const IMAGE_ID = /^[0-9a-f]{64}$/;
const MAX_NAME_LENGTH = 255;
const MAX_SHOWN_LENGTH = 160;
const DEFAULT_HOST = 'docker.io';
const LEGACY_HOST = 'index.docker.io';

/** Normalises as `ParseNormalizedNamed` of containers/image does. @throws InputError `PullspecInvalid` */
export function parseDockerReference(text: string): DockerReference {
  if (IMAGE_ID.test(text)) throw invalid(text, '64 hex digits alone are an image ID');
  const { host, rest } = splitHost(text);
  const at = rest.indexOf('@');
  const named = at < 0 ? rest : rest.slice(0, at);
  const digest = at < 0 ? undefined : rest.slice(at + 1);
  const colon = named.indexOf(':');
  const path = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const name = `${host}/${path}`;
  if (!isDockerName(name)) throw invalid(text, `${JSON.stringify(shorten(name))} is not a repository`);
  if (name.length > MAX_NAME_LENGTH) throw invalid(text, `a name has at most ${MAX_NAME_LENGTH} characters`);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, 'the tag is not a tag');
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'the digest is not a digest');
  return { name, tag, digest };
}

/** `name[:tag][@digest]`, which parses to the same reference again. */
export function formatDockerReference({ name, tag, digest }: DockerReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** True when there is neither tag nor digest: such a reference names no image. */
export function isNameOnly({ tag, digest }: DockerReference): boolean {
  return tag === undefined && digest === undefined;
}

/** The reference with the tag `latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: DockerReference): DockerReference {
  return isNameOnly(reference) ? { ...reference, tag: 'latest' } : reference;
}

/** True for `host[:port]`, also where a single label is taken for a path in front of a reference. */
export function isDockerHost(text: string): boolean {
  return HOST.test(text);
}

/** True for components between slashes, without host. */
export function isDockerPath(text: string): boolean {
  return text.split('/').every((component) => PATH_COMPONENT.test(component));
}

function isDockerName(name: string): boolean {
  const slash = name.indexOf('/');
  const first = name.slice(0, slash);
  // A first part with `_` and a dot is no host, but a name all the same.
  return (isDockerHost(first) || isDockerPath(first)) && isDockerPath(name.slice(slash + 1));
}

function splitHost(text: string): { host: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = !isHost || first === LEGACY_HOST ? DEFAULT_HOST : first;
  const rest = isHost ? text.slice(slash + 1) : text;
  return { host, rest: host === DEFAULT_HOST && !rest.includes('/') ? `library/${rest}` : rest };
}

function invalid(text: string, fault: string): InputError {
  return new InputError('PullspecInvalid', `${JSON.stringify(shorten(text))} is not an image reference: ${fault}`);
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}
